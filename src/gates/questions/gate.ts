import type { WorkQueue } from '../../core/background/work-queue.ts';
import type { GateDefinition } from '../../core/gate.ts';
import { AnswerHashes } from './answer-hashes.ts';
import { EnrolAnswers } from './enrol.ts';
import { rehearsedAnswers } from './rehearsal.ts';
import { questionsSettings } from './settings.ts';
import { VerifyAnswers } from './verify.ts';

export interface QuestionsNeeds {
  /** Whose turn it is to be hashed: each answer takes 46 MiB and a core. */
  readonly hashing: WorkQueue;
}

/**
 * Answers to questions. Weak: others can find answers out, so it never stands alone and comes after a gate that proves
 * possession (SP 800-63B-4 3.1.1.2, ASVS 6.4.2).
 */
export const questionsGate: GateDefinition<typeof questionsSettings, QuestionsNeeds> = {
  id: 'questions',
  factor: 'knowledge',
  settings: questionsSettings,
  asksMore(settings, before) {
    // At worst all that was taken away since is what somebody had answered.
    const gone = before.questions.filter(({ id }) => !settings.questions.some((one) => one.id === id)).length;
    return before['registration-requires'] - gone < settings['reset-requires'];
  },
  create(settings, needs) {
    const hashes = new AnswerHashes(needs.hashing);
    return {
      id: 'questions',
      enrol: new EnrolAnswers(settings, hashes),
      verify: new VerifyAnswers(settings, hashes),
      rehearsal: (language) => rehearsedAnswers({ settings, hashes }, language),
    };
  },
};

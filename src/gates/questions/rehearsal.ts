import { randomBytes } from 'node:crypto';
import type { Rehearsal } from '../../core/gate.ts';
import { inLanguage } from '../../core/localised-text.ts';
import type { AnswerHashes } from './answer-hashes.ts';
import type { KeptAnswers } from './kept-answers.ts';
import type { QuestionsSettings } from './settings.ts';

/**
 * Answers of nobody. A dry run never compares anything with what a person really answered: it counts no failure, so that
 * it would be where to try answers as often as one likes.
 */
export async function rehearsedAnswers(
  { settings, hashes }: { readonly settings: QuestionsSettings; readonly hashes: AnswerHashes },
  language: string,
): Promise<Rehearsal> {
  const count = Math.max(settings['registration-requires'], settings['reset-asks']);
  const asked = settings.questions.filter(({ retired }) => !retired).slice(0, count);
  const given = asked.map(({ id, text }, at) => ({ id, text, answer: `test ${at + 1}` }));
  const answers = given.map(async ({ id, answer }) => ({ question: id, hash: await hashes.hash(answer) }));
  const enrolment: KeptAnswers = { set: randomBytes(16).toString('hex'), answers: await Promise.all(answers) };
  return {
    enrolment,
    answers: given.map(({ text, answer }) => ({ question: inLanguage(text, language), answer })),
  };
}

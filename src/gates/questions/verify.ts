import { z } from 'zod';
import type { GateContext, Page, Step, Subject, Verdict } from '../../core/gate.ts';
import type { Json } from '../../core/json.ts';
import { inLanguage } from '../../core/localised-text.ts';
import type { AnswerHashes } from './answer-hashes.ts';
import { answerForm, fieldName } from './fields.ts';
import { type KeptAnswers, keptAnswers, shuffledBy } from './kept-answers.ts';
import { tidyAnswer } from './normal-answer.ts';
import type { Question, QuestionsSettings } from './settings.ts';

const memorySchema = z.strictObject({ asked: z.array(z.string()) });

/** Asks some of the registered questions, always the same ones until the person registers anew. */
export class VerifyAnswers implements Step {
  readonly form: z.ZodObject;
  readonly #settings: QuestionsSettings;
  readonly #hashes: AnswerHashes;

  constructor(settings: QuestionsSettings, hashes: AnswerHashes) {
    this.#settings = settings;
    this.#hashes = hashes;
    this.form = answerForm(settings['reset-asks']);
  }

  async open(context: GateContext): Promise<Json> {
    return { asked: this.#choose(context.subject).map((one) => one.id) };
  }

  async show(context: GateContext): Promise<Page> {
    const questions = this.#asked(context.memory).map((question, at) => ({
      field: fieldName(at),
      text: question === undefined ? '' : inLanguage(question.text, context.language),
    }));
    return { view: 'verify', data: { questions, required: this.#settings['reset-requires'] } };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const { memory, subject } = context;
    const count = this.#settings['reset-requires'];
    const asked = memorySchema.parse(memory).asked.map((id, at) => ({ id, typed: input[fieldName(at)] ?? '' }));
    if (asked.filter(({ typed }) => tidyAnswer(typed) !== '').length < count) {
      return { kind: 'more', memory, problems: [{ message: { key: 'gates.questions.too-few', values: { count } } }] };
    }
    const kept = subject.kind === 'account' ? keptAnswers(subject.enrolment).answers : [];
    // All are compared, whether or not one was wrong and whether or not there is anything to compare with.
    const right = await Promise.all(
      asked.map(({ id, typed }) => this.#hashes.matches(typed, kept.find((one) => one.question === id)?.hash)),
    );
    if (right.filter(Boolean).length >= count) return { kind: 'passed' };
    return { kind: 'wrong', memory, problem: { message: { key: 'gates.questions.wrong' } } };
  }

  /**
   * As many as the settings ask, for everybody. Registered ones first; where too few of them are left in the
   * configuration, others that cannot be answered right fill the page, so that it looks like any other.
   */
  #choose(subject: Subject): readonly Question[] {
    const { questions } = this.#settings;
    const kept = keptBy(subject);
    const seed = kept?.set ?? (subject.kind === 'decoy' ? subject.seed : '');
    const ordered = shuffledBy(questions, seed, (one) => one.id);
    const isRegistered = (one: Question): boolean => kept?.answers.some(({ question }) => question === one.id) ?? false;
    const registered = ordered.filter(isRegistered);
    const others = ordered.filter((one) => !isRegistered(one) && !one.retired);
    return [...registered, ...others].slice(0, this.#settings['reset-asks']);
  }

  #asked(memory: Json): readonly (Question | undefined)[] {
    const { asked } = memorySchema.parse(memory);
    return asked.map((id) => this.#settings.questions.find((one) => one.id === id));
  }
}

/** What decides which questions are asked. A decoy of somebody who registered is asked theirs, as before. */
function keptBy(subject: Subject): KeptAnswers | undefined {
  if (subject.kind === 'account') return keptAnswers(subject.enrolment);
  return subject.like === undefined ? undefined : keptAnswers(subject.like);
}

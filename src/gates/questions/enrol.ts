import { randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import { Misconfigured } from '../../core/errors.ts';
import { accountOf, type GateContext, type Page, type Step, type Verdict } from '../../core/gate.ts';
import type { Json } from '../../core/json.ts';
import { inLanguage } from '../../core/localised-text.ts';
import type { AnswerHashes } from './answer-hashes.ts';
import { answerProblems, type GivenAnswer } from './answer-rules.ts';
import { answerForm, fieldName } from './fields.ts';
import type { KeptAnswers } from './kept-answers.ts';
import { tidyAnswer } from './normal-answer.ts';
import type { Question, QuestionsSettings } from './settings.ts';

const memorySchema = z.strictObject({ shown: z.array(z.string()) });

/** Registers answers: some questions chosen at random, of which enough must be answered. */
export class EnrolAnswers implements Step {
  readonly form: z.ZodObject;
  readonly #settings: QuestionsSettings;
  readonly #hashes: AnswerHashes;

  constructor(settings: QuestionsSettings, hashes: AnswerHashes) {
    this.#settings = settings;
    this.#hashes = hashes;
    this.form = answerForm(settings['registration-shows']);
  }

  async open(context: GateContext): Promise<Json> {
    accountOf(context);
    const offered = this.#settings.questions.filter((one) => !one.retired).map((one) => one.id);
    return { shown: shuffled(offered).slice(0, this.#settings['registration-shows']) };
  }

  async show(context: GateContext): Promise<Page> {
    const settings = this.#settings;
    const explanation = inLanguage(settings['answer-pattern-explanation'] ?? {}, context.language);
    return {
      view: 'enrol',
      data: {
        questions: this.#shown(context.memory).map((one, at) => ({
          field: fieldName(at),
          text: inLanguage(one.text, context.language),
        })),
        required: settings['registration-requires'],
        minLength: settings['min-answer-length'],
        maxLength: settings['max-answer-length'],
        duplicates: settings['allow-duplicate-answers'],
        explanation,
      },
    };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const { memory, language } = context;
    const account = accountOf(context);
    const given = this.#shown(memory)
      .map((question, at) => ({ field: fieldName(at), question, answer: input[fieldName(at)] ?? '' }))
      .filter(({ answer }) => tidyAnswer(answer) !== '');
    const problems = answerProblems(given, { settings: this.#settings, account, language });
    if (problems.length > 0) return { kind: 'more', memory, problems };
    const count = this.#settings['registration-requires'];
    if (given.length < count) {
      return { kind: 'more', memory, problems: [{ message: { key: 'gates.questions.too-few', values: { count } } }] };
    }
    return { kind: 'passed', enrolment: await this.#keep(given) };
  }

  /** The questions of this flow, in order. One that the configuration lost meanwhile cannot be answered. */
  #shown(memory: Json): readonly Question[] {
    return memorySchema.parse(memory).shown.map((id) => {
      const question = this.#settings.questions.find((one) => one.id === id);
      if (question === undefined) throw new Misconfigured(`question ${id} was removed while somebody registers it`);
      return question;
    });
  }

  async #keep(given: readonly GivenAnswer[]): Promise<KeptAnswers> {
    const answers = given.map(async ({ question, answer }) => ({
      question: question.id,
      hash: await this.#hashes.hash(answer),
    }));
    return { set: randomBytes(16).toString('hex'), answers: await Promise.all(answers) };
  }
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(randomInt(rest.length), 1));
}

import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';
import { patternProblem } from './answer-pattern.ts';

const question = z.strictObject({
  /** Kept in enrolments: never give an id to another question. */
  id: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be made of a to z, 0 to 9 and dashes'),
  text: localisedText,
  /** True: no longer offered at registration, still asked of those who registered it. */
  retired: z.boolean().default(false),
});

const pattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const problem = patternProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** The counts in MIM's order: n questions >= p shown >= q answered, q >= r asked >= s right. */
const counts = ['registration-shows', 'registration-requires', 'reset-asks', 'reset-requires'] as const;

/** What the configuration may say about the gate. */
export const questionsSettings = z
  .strictObject({
    questions: z.array(question).min(1).max(100),
    /** How many of the questions a person is shown at registration, chosen at random. */
    'registration-shows': z.int().min(1).max(20).default(5),
    /** How many of those must be answered. */
    'registration-requires': z.int().min(1).max(20).default(3),
    /** How many of the answered ones are asked at reset. */
    'reset-asks': z.int().min(1).max(20).default(3),
    /** How many of those must be right. */
    'reset-requires': z.int().min(1).max(20).default(3),
    'allow-duplicate-answers': z.boolean().default(false),
    /** A regular expression that a whole answer must match at registration. */
    'answer-pattern': pattern.optional(),
    /** Says to people, in their language, what that expression wants. */
    'answer-pattern-explanation': localisedText.optional(),
    /** Characters, spaces in the middle included. */
    'min-answer-length': z.int().min(1).max(20).default(3),
    'max-answer-length': z.int().min(10).max(200).default(60),
  })
  .superRefine((settings, context) => {
    const offered = settings.questions.filter((one) => !one.retired).length;
    let before = { name: 'the number of questions that are not retired', value: offered };
    for (const name of counts) {
      const value = settings[name];
      if (value > before.value) {
        const message = `is ${value} and must not be more than ${before.name}, which is ${before.value}`;
        context.addIssue({ code: 'custom', path: [name], message });
      }
      before = { name, value };
    }
    const ids = settings.questions.map((one) => one.id);
    for (const [at, id] of ids.entries()) {
      if (ids.indexOf(id) === at) continue;
      context.addIssue({ code: 'custom', path: ['questions', at, 'id'], message: `${id} is there twice` });
    }
    if ((settings['answer-pattern'] === undefined) !== (settings['answer-pattern-explanation'] === undefined)) {
      const message = 'answer-pattern and its explanation are only of use together';
      context.addIssue({ code: 'custom', path: ['answer-pattern-explanation'], message });
    }
  });

export type QuestionsSettings = z.output<typeof questionsSettings>;
export type Question = QuestionsSettings['questions'][number];

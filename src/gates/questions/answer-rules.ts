import type { Identity } from '../../core/account.ts';
import { inLanguage } from '../../core/localised-text.ts';
import type { Message, Problem } from '../../core/message.ts';
import { wholeMatch } from './answer-pattern.ts';
import { answerLength, normalAnswer, tidyAnswer } from './normal-answer.ts';
import type { Question, QuestionsSettings } from './settings.ts';

export interface GivenAnswer {
  /** The form's field. */
  readonly field: string;
  readonly question: Question;
  readonly answer: string;
}

/**
 * Everything that is wrong with the answers that somebody wants to register: one problem a field at most.
 * @param given those that are not empty
 */
export function answerProblems(
  given: readonly GivenAnswer[],
  about: { settings: QuestionsSettings; account: Identity; language: string },
): readonly Problem[] {
  const own = ownWords(about.account);
  const seen = new Set<string>();
  return given.flatMap((one) => {
    const normal = normalAnswer(one.answer);
    const twice = seen.has(normal) && !about.settings['allow-duplicate-answers'];
    seen.add(normal);
    const message = twice ? { key: 'gates.questions.answer-twice' } : answerProblem(one, own, about);
    return message === undefined ? [] : [{ field: one.field, message }];
  });
}

function answerProblem(
  given: GivenAnswer,
  own: ReadonlySet<string>,
  about: { settings: QuestionsSettings; language: string },
): Message | undefined {
  const { settings } = about;
  const text = tidyAnswer(given.answer);
  const normal = normalAnswer(given.answer);
  const length = answerLength(text);
  const min = settings['min-answer-length'];
  const max = settings['max-answer-length'];
  if (length < min) return { key: 'gates.questions.answer-too-short', values: { min } };
  if (length > max) return { key: 'gates.questions.answer-too-long', values: { max } };
  if (isMonotonous(normal)) return { key: 'gates.questions.answer-too-simple' };
  if (repeatsQuestion(normal, given.question)) return { key: 'gates.questions.answer-is-question' };
  if (own.has(normal)) return { key: 'gates.questions.answer-is-name' };
  return patternMessage(text, about);
}

function patternMessage(text: string, about: { settings: QuestionsSettings; language: string }): Message | undefined {
  const pattern = about.settings['answer-pattern'];
  if (pattern === undefined || wholeMatch(pattern).test(text)) return undefined;
  const explanation = inLanguage(about.settings['answer-pattern-explanation'] ?? {}, about.language);
  return { key: 'gates.questions.answer-pattern', values: { explanation } };
}

/** One character over and over, or digits in a row: what people type to be done with it. */
function isMonotonous(answer: string): boolean {
  return /^(.)\1*$/u.test(answer) || '01234567890'.includes(answer) || '09876543210'.includes(answer);
}

function repeatsQuestion(answer: string, question: Question): boolean {
  const bare = (text: string): string => normalAnswer(text).replace(/[^\p{L}\p{N}]/gu, '');
  return Object.values(question.text).some((text) => bare(text) === bare(answer));
}

/** What anybody who knows the person's name could type. */
function ownWords(account: Identity): ReadonlySet<string> {
  const { name, samName, principalName, displayName, givenName, surname, mail } = account;
  const whole = [name, samName, principalName, displayName, givenName, surname, mail];
  const parts = [displayName, givenName, surname, principalName, mail].flatMap(
    (text) => text?.split(/[\s,.@_-]+/u) ?? [],
  );
  return new Set([...whole, ...parts].flatMap((text) => (text ? [normalAnswer(text)] : [])));
}

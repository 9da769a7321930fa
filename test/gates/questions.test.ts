import { beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { WorkQueue } from '../../src/core/background/work-queue.ts';
import type { Gate, GateContext, Page, Subject } from '../../src/core/gate.ts';
import type { Json } from '../../src/core/json.ts';
import { AnswerHashes } from '../../src/gates/questions/answer-hashes.ts';
import { patternProblem, wholeMatch } from '../../src/gates/questions/answer-pattern.ts';
import { questionsGate } from '../../src/gates/questions/gate.ts';
import { normalAnswer } from '../../src/gates/questions/normal-answer.ts';
import { questionsSettings } from '../../src/gates/questions/settings.ts';
import { type GateWorld, gateContract, type Input, Walk } from '../contracts/gate-contract.ts';
import { ana, context } from './people.ts';

const texts = ['First school?', 'First teacher?', 'First pet?', 'First street?', 'First job?', 'First song?'];
const list = texts.map((text, at) => ({ id: `first-${at}`, text: { en: text, de: `Auf Deutsch: ${text}` } }));
type Settings = Partial<z.input<typeof questionsSettings>>;

function makeGate(settings: Settings = {}): Gate {
  return questionsGate.create(questionsSettings.parse({ questions: list, ...settings }), {
    hashing: new WorkQueue({ atOnce: 2 }),
  });
}

type Asked = readonly { readonly field: string; readonly text: string }[];

function asked(page: Page): Asked {
  return page.data.questions as Asked;
}

/** Somebody's answer to a question: no two alike, and none guessable from the question. */
function answerTo(text: string): string {
  return `Canary ${texts.findIndex((one) => text.endsWith(one)) + 10}`;
}

function answers(page: Page, make: (text: string) => string = answerTo): Input {
  return Object.fromEntries(asked(page).map(({ field, text }) => [field, make(text)]));
}

async function register(gate: Gate): Promise<Json> {
  const walk = new Walk(gate.enrol, context());
  await walk.open();
  const verdict = await walk.answer(answers(await walk.page()));
  if (verdict.kind !== 'passed') throw new Error(`registration ended with ${JSON.stringify(verdict)}`);
  return verdict.enrolment ?? null;
}

async function makeWorld(): Promise<GateWorld> {
  const gate = makeGate({ 'registration-shows': 3 });
  return {
    gate,
    account: ana,
    flowReference: 'flow-1',
    told: 'wrong',
    enrolled: () => register(gate),
    right: async (page) => answers(page),
    wrong: async (page, nth) => answers(page, (text) => `${answerTo(text)} not ${nth}`),
    settled: async () => {},
    secrets: () => ['canary', '$argon2'],
    close: async () => {},
  };
}

gateContract(questionsGate, makeWorld);

describe('registering answers', () => {
  let walk: Walk;
  let page: Page;
  beforeEach(async () => {
    walk = new Walk(
      makeGate({
        'registration-shows': 3,
        'answer-pattern': '[^;]+',
        'answer-pattern-explanation': { en: 'No semicolons.' },
      }).enrol,
      context(),
    );
    await walk.open();
    page = await walk.page();
  });

  /** What is said when the first answer is this one and the others are right. */
  async function said(first: string): Promise<unknown> {
    const verdict = await walk.answer({ ...answers(page), q1: first });
    return verdict.kind === 'more' ? verdict.problems : verdict.kind;
  }

  test('shows some of the questions and what is wanted, the same at each look', async () => {
    expect(page.view).toBe('enrol');
    expect(page.data).toMatchObject({
      required: 3,
      minLength: 3,
      maxLength: 60,
      duplicates: false,
      explanation: 'No semicolons.',
    });
    expect(asked(page).map((one) => one.field)).toEqual(['q1', 'q2', 'q3']);
    expect(new Set(asked(page).map((one) => one.text)).size).toBe(3);
    expect(await walk.page()).toEqual(page);
  });

  test('shows every question to somebody', async () => {
    const gate = makeGate({ 'registration-shows': 3 });
    const seen = new Set<string>();
    for (let at = 0; at < 60; at += 1) {
      for (const id of ((await gate.enrol.open(context())) as { shown: string[] }).shown) seen.add(id);
    }
    expect(seen.size).toBe(list.length);
  });

  test('keeps argon2id hashes and no answer', async () => {
    const verdict = await walk.answer(answers(page));
    const kept = JSON.stringify(verdict);
    expect(verdict.kind).toBe('passed');
    expect(kept.match(/\$argon2id\$v=19\$m=47104,t=1,p=1\$/g)).toHaveLength(3);
    expect(kept.toLowerCase()).not.toContain('canary');
  });

  test.each([
    ['ab', 'answer-too-short'],
    [' a  ', 'answer-too-short'],
    ['x'.repeat(61), 'answer-too-long'],
    ['aaaa', 'answer-too-simple'],
    ['1234', 'answer-too-simple'],
    ['9876', 'answer-too-simple'],
    ['Beispiel', 'answer-is-name'],
    ['maría', 'answer-is-name'],
    ['ANA.BEISPIEL', 'answer-is-name'],
    ['ana.beispiel@example.com', 'answer-is-name'],
    ['EXAMPLE\\ana.beispiel', 'answer-is-name'],
    ['one; two', 'answer-pattern'],
  ])('%s is not taken: %s', async (answer, name) => {
    expect(await said(answer)).toMatchObject([{ field: 'q1', message: { key: `gates.questions.${name}` } }]);
  });

  test('the question is no answer to itself, in no language and no spelling', async () => {
    const text = asked(page)[0]?.text ?? '';
    for (const answer of [text, text.toUpperCase(), text.replace('?', ''), `Auf Deutsch: ${text}`]) {
      expect(await said(answer)).toMatchObject([
        { field: 'q1', message: { key: 'gates.questions.answer-is-question' } },
      ]);
    }
  });

  test('the same answer twice is not taken, however it is spelled, unless that is allowed', async () => {
    const twice = { ...answers(page), q1: 'Grüße an Omi', q2: '  GRÜSSE  an omi ' };
    expect(await walk.answer(twice)).toMatchObject({
      kind: 'more',
      problems: [{ field: 'q2', message: { key: 'gates.questions.answer-twice' } }],
    });
    const lax = new Walk(makeGate({ 'registration-shows': 3, 'allow-duplicate-answers': true }).enrol, context());
    await lax.open();
    expect((await lax.answer({ ...answers(await lax.page()), q1: 'same one', q2: 'same one' })).kind).toBe('passed');
  });

  test('too few answers are sent back, enough of them will do', async () => {
    const gate = makeGate({
      'registration-shows': 3,
      'registration-requires': 2,
      'reset-asks': 2,
      'reset-requires': 2,
    });
    const some = new Walk(gate.enrol, context());
    await some.open();
    const good = answers(await some.page());
    expect(await some.answer({ ...good, q1: '', q3: '  ' })).toMatchObject({
      kind: 'more',
      problems: [{ message: { key: 'gates.questions.too-few', values: { count: 2 } } }],
    });
    expect(await some.answer({ ...good, q2: '' })).toMatchObject({ kind: 'passed' });
  });

  test('a retired question is offered to nobody', async () => {
    const [first, ...rest] = list;
    const gate = makeGate({ questions: [{ ...(first as (typeof list)[0]), retired: true }, ...rest] });
    for (let at = 0; at < 10; at += 1) {
      expect(((await gate.enrol.open(context())) as { shown: string[] }).shown).not.toContain('first-0');
    }
  });
});

describe('answering at reset', () => {
  async function arrived(gate: Gate, enrolment: Json, changes: Partial<GateContext> = {}): Promise<Walk> {
    const walk = new Walk(gate.verify, context({ subject: { kind: 'account', account: ana, enrolment }, ...changes }));
    await walk.open();
    return walk;
  }

  test('a new flow asks the same questions, whoever looks for easier ones', async () => {
    const gate = makeGate({ 'registration-shows': 6, 'reset-asks': 2, 'reset-requires': 2 });
    const enrolment = await register(gate);
    const first = await (await arrived(gate, enrolment)).page();
    for (let at = 0; at < 5; at += 1) {
      expect(await (await arrived(gate, enrolment, { flowReference: `flow-${at}` })).page()).toEqual(first);
    }
  });

  test('another registration may ask others', async () => {
    const gate = makeGate({ 'registration-shows': 6, 'reset-asks': 2, 'reset-requires': 2 });
    const seen = new Set<string>();
    for (let at = 0; at < 8; at += 1) {
      const page = await (await arrived(gate, await register(gate))).page();
      seen.add(JSON.stringify(asked(page).map((one) => one.text)));
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test('answers count however they are spelled', async () => {
    const gate = makeGate();
    const walk = await arrived(gate, await register(gate));
    const spelled = answers(await walk.page(), (text) => `  ${answerTo(text).toUpperCase().replace(' ', ' \u00a0 ')} `);
    expect(await walk.answer(spelled)).toEqual({ kind: 'passed' });
  });

  test('the answers of other questions do not count', async () => {
    const gate = makeGate();
    const walk = await arrived(gate, await register(gate));
    const { q1 = '', q2 = '', q3 = '' } = answers(await walk.page());
    expect((await walk.answer({ q1: q2, q2: q3, q3: q1 })).kind).toBe('wrong');
  });

  test('some may be wrong where that is allowed, and nobody learns which', async () => {
    const gate = makeGate({ 'reset-requires': 2 });
    const walk = await arrived(gate, await register(gate));
    const right = answers(await walk.page());
    const verdicts = [
      await walk.answer({ ...right, q1: 'not this', q2: 'nor that' }),
      await walk.answer({ ...right, q2: 'not this', q3: 'nor that' }),
    ];
    expect(verdicts[0]).toEqual(verdicts[1]);
    expect(verdicts[0]).toMatchObject({ kind: 'wrong', problem: { message: { key: 'gates.questions.wrong' } } });
    expect(await walk.answer({ ...right, q2: 'not this' })).toEqual({ kind: 'passed' });
    expect(await walk.answer({ ...right, q2: '' })).toEqual({ kind: 'passed' });
  });

  test('too few answers cannot be right and are no try, for a person and for a decoy', async () => {
    const gate = makeGate();
    const enrolment = await register(gate);
    const decoy: Subject = { kind: 'decoy', seed: 'ef'.repeat(32) };
    for (const walk of [await arrived(gate, enrolment), await arrived(gate, enrolment, { subject: decoy })]) {
      const verdict = await walk.answer({ ...answers(await walk.page()), q3: ' ' });
      expect(verdict).toMatchObject({ kind: 'more', problems: [{ message: { key: 'gates.questions.too-few' } }] });
    }
  });

  test('questions are asked in the language of the page', async () => {
    const gate = makeGate();
    const page = await (await arrived(gate, await register(gate), { language: 'de-CH' })).page();
    for (const { text } of asked(page)) expect(text).toMatch(/^Auf Deutsch/);
  });

  test('questions that the configuration lost leave a page like any other, and never pass by being lost', async () => {
    const gate = makeGate({ 'registration-shows': 3 });
    const enrolment = (await register(gate)) as { set: string; answers: { question: string; hash: string }[] };
    const gone = enrolment.answers[0]?.question;
    const smaller = makeGate({ questions: list.filter((one) => one.id !== gone), 'registration-shows': 3 });
    const walk = await arrived(smaller, enrolment);
    expect(asked(await walk.page())).toHaveLength(3);
    expect((await walk.answer(answers(await walk.page()))).kind).toBe('wrong');
  });

  test('a retired question is still asked of those who registered it', async () => {
    const gate = makeGate({ 'registration-shows': 3 });
    const enrolment = (await register(gate)) as { set: string; answers: { question: string; hash: string }[] };
    const old = enrolment.answers[0]?.question;
    const questions = list.map((one) => ({ ...one, retired: one.id === old }));
    const walk = await arrived(makeGate({ questions, 'registration-shows': 3 }), enrolment);
    expect(await walk.answer(answers(await walk.page()))).toEqual({ kind: 'passed' });
  });
});

describe('hashing answers', () => {
  test('no hash at all is never right, not even with what the stand-in was made of', async () => {
    const hashes = new AnswerHashes(new WorkQueue({ atOnce: 2 }));
    for (const guess of ['nobody', '', 'anything']) expect(await hashes.matches(guess, undefined)).toBe(false);
  });

  test('more than may run at once wait for their turn, and all come to their end', async () => {
    const hashes = new AnswerHashes(new WorkQueue({ atOnce: 1 }));
    const made = await Promise.all(['one', 'two', 'three', 'four'].map((text) => hashes.hash(text)));
    expect(
      await Promise.all(made.map((hash, at) => hashes.matches(['one', 'two', 'three', 'x'][at] ?? '', hash))),
    ).toEqual([true, true, true, false]);
  });

  test('when too many wait the next is told to come again', async () => {
    const hashes = new AnswerHashes(new WorkQueue({ atOnce: 1, waiting: 3 }));
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => hashes.matches('x', undefined)));
    expect(results.filter((one) => one.status === 'rejected')).toHaveLength(2);
    expect(await hashes.matches('x', undefined)).toBe(false);
  });
});

describe('one spelling for an answer', () => {
  test.each([
    ['Grüße', 'GRÜSSE'],
    ['İstanbul', 'istanbul'],
    ['ISPARTA', 'ısparta'],
    ['Ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ'],
    ['ﬁsh', 'FISH'],
    ['ｆｕｌｌ', 'full'],
    ['e\u0301clair', 'éclair'],
    ['می\u200cخواهم', 'میخواهم'],
    ['١٢٣ شارع', '123 شارع'],
    ['  two   words ', 'Two Words'],
  ])('%s and %s are the same', (one, other) => {
    expect(normalAnswer(one)).toBe(normalAnswer(other));
  });

  test('and other answers stay other answers', () => {
    const all = ['anna', 'ana', 'añа', 'hanna', 'an na'].map(normalAnswer);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('the settings', () => {
  function problems(settings: Settings): readonly string[] {
    const result = questionsSettings.safeParse({ questions: list, ...settings });
    return result.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  }

  test('have a default for all but the questions', () => {
    expect(problems({})).toEqual([]);
    expect(questionsSettings.safeParse({}).success).toBe(false);
  });

  test.each([
    [
      { 'registration-shows': 7 },
      'registration-shows: is 7 and must not be more than the number of questions that are not retired, which is 6',
    ],
    [
      { 'registration-requires': 6 },
      'registration-requires: is 6 and must not be more than registration-shows, which is 5',
    ],
    [{ 'reset-asks': 4 }, 'reset-asks: is 4 and must not be more than registration-requires, which is 3'],
    [{ 'reset-asks': 2 }, 'reset-requires: is 3 and must not be more than reset-asks, which is 2'],
    [{ questions: [...list, { id: 'first-0', text: { en: 'Again?' } }] }, 'questions.6.id: first-0 is there twice'],
    [
      { 'answer-pattern': '\\w+' },
      'answer-pattern-explanation: answer-pattern and its explanation are only of use together',
    ],
  ])('%j is refused with a reason', (settings, reason) => {
    expect(problems(settings as Settings)).toEqual([reason]);
  });

  test.each([
    '(a+)+',
    '(a|aa)+',
    '(\\w*\\s?)*',
    '((ab)*c)*',
    '(a)\\1',
    '(?<x>a)\\k<x>',
    '(a?){30}',
    'a*a*a*a*',
    '(',
    'a?'.repeat(20),
    'x'.repeat(201),
  ])('the pattern %s is refused', (pattern) => {
    expect(patternProblem(pattern)).toBeDefined();
  });

  test.each(['\\p{L}+', '[^;]{3,40}', '(?:\\d{2}-){2}\\d{4}', '(?:red|green|blue)', '.*\\S.*', '[A-Z)(]+'])(
    'the pattern %s is taken',
    (pattern) => {
      expect(patternProblem(pattern)).toBeUndefined();
    },
  );

  test('a pattern must match the whole answer', () => {
    expect(wholeMatch('red|green').test('green tea')).toBe(false);
    expect(wholeMatch('red|green').test('green')).toBe(true);
  });
});

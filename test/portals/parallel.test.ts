import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Answer, Visitor } from './visitor.ts';
import { answerTo, type Person, PortalWorld, threshold } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms'] });
});
afterAll(() => world.close());
afterEach(() => void vi.restoreAllMocks());

const many = 50;
const newPassword = (n: number): string => `Correct-Horse-${n}-Battery`;

/** As many browsers of one person, each in a flow of its own, all at the code. */
function flows(person: Person, count: number): Promise<readonly Visitor[]> {
  return Promise.all(Array.from({ length: count }, () => world.start(person.samName)));
}

/** The same form so many times at once, whatever the fields. */
function storm(visitor: Visitor, forms: readonly { path: string; body: string }[]): Promise<readonly Answer[]> {
  return Promise.all(forms.map((form) => visitor.tab().ask({ method: 'post', ...form })));
}

const count = (events: readonly string[], event: string): number => events.filter((one) => one === event).length;

describe('fifty at the same time', () => {
  test('starts are fifty flows, and each sends one text', async () => {
    const person = await world.registered();
    const visitors = await flows(person, many);
    expect(new Set(visitors.map((visitor) => visitor.cookies.get('latchkey'))).size).toBe(many);
    expect(await world.reached(person)).toBe(many);
    expect(count(await world.audited(person), 'flow.started')).toBe(many);
  });

  test('5.8: posts of a right code pass the gate once', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.code(person.mobile) }, 'act=next');
    const answers = await storm(visitor, Array(many).fill(form));
    for (const answer of answers) expect(answer.status).toBe(303);
    const events = await world.audited(person);
    expect(count(events, 'gate.passed')).toBe(1);
    expect(count(events, 'gate.wrong')).toBe(0);
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/choose');
  });

  test('5.8: a code of one flow is worth nothing in the others', async () => {
    const person = await world.registered();
    const visitors = await flows(person, 3);
    await world.latchkey.challenges.idle();
    const codes = world.phones.phone(person.mobile).texts.map(({ text }) => /\d{6}/.exec(text)?.[0] ?? '');
    const passed: string[] = [];
    for (const visitor of visitors) {
      await visitor.submit({ code: codes.at(-1) ?? '' }, 'act=next');
      passed.push(visitor.path);
    }
    expect(passed.filter((path) => path === '/reset/choose')).toHaveLength(1);
  });

  test('5.3: wrong codes in one flow are counted up to the threshold and no further', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.wrongCode(person.mobile) }, 'act=next');
    await storm(visitor, Array(many).fill(form));
    await storm(visitor, Array(many).fill(form));
    await storm(visitor, Array(many).fill(form));
    const events = await world.audited(person);
    expect(count(events, 'gate.wrong')).toBe(threshold);
    expect(count(events, 'account.barred')).toBe(1);
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toMatchObject({ bars: 1 });
  });

  test('5.2, 5.3: wrong codes in as many flows are judged as often as the threshold says, and then none is', async () => {
    const person = await world.registered();
    const visitors = await flows(person, many);
    await world.latchkey.challenges.idle();
    const right = world.phones.phone(person.mobile).texts.map(({ text }) => /\d{6}/.exec(text)?.[0] ?? '');
    const wrong = ['000000', '111111', '222222'].find((code) => !right.includes(code)) ?? '';
    const last = visitors.at(-1);
    const code = right.at(-1) ?? '';
    await Promise.all(visitors.slice(0, -1).map((visitor) => visitor.submit({ code: wrong }, 'act=next')));
    const events = await world.audited(person);
    expect(count(events, 'gate.wrong')).toBe(threshold);
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toMatchObject({ bars: 1 });
    for (const try_ of new Set([code, ...right])) await last?.submit({ code: try_ }, 'act=next').catch(() => undefined);
    expect(last?.path).toBe('/reset/refused');
    expect(count(await world.audited(person), 'gate.passed')).toBe(0);
  });

  test('5.3: guesses with the right code among them never judge more than the threshold', async () => {
    const person = await world.registered();
    const visitors = await flows(person, many);
    await world.latchkey.challenges.idle();
    const texts = world.phones.phone(person.mobile).texts.map(({ text }) => /\d{6}/.exec(text)?.[0] ?? '');
    // Every visitor tries one and the same code: it is right in one of the flows at most.
    const guess = texts[many - 1] ?? '';
    await Promise.all(visitors.map((visitor) => visitor.submit({ code: guess }, 'act=next')));
    const events = await world.audited(person);
    expect(count(events, 'gate.wrong') + count(events, 'gate.passed')).toBeLessThanOrEqual(threshold + 1);
  });

  test('5.28: requests for another code send no more than the flow may', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    for (let round = 0; round < 5; round += 1) {
      world.clock.pass(31);
      await visitor.open('/reset/otp-sms');
      const body = new URLSearchParams({ _csrf: visitor.token, act: 'again' }).toString();
      await storm(visitor, Array(10).fill({ path: '/reset/otp-sms', body }));
    }
    expect(await world.reached(person)).toBe(3);
  });

  test('5.8: right answers to the questions pass the gate once', async () => {
    const asking = await PortalWorld.open({ chain: ['questions'] });
    try {
      const person = await asking.registered();
      const visitor = await asking.start(person.samName);
      const answers: Record<string, string> = {};
      for (const label of visitor.page('main label').toArray()) {
        const $ = visitor.page;
        answers[$(label).attr('for') ?? ''] = answerTo($(label).text());
      }
      await storm(visitor, Array(12).fill(visitor.form(answers)));
      expect(count(await asking.audited(person), 'gate.passed')).toBe(1);
      expect((await visitor.open('/reset/questions')).path).toBe('/reset/choose');
    } finally {
      await asking.close();
    }
  });

  test('posts of one wrong answer, as by a hurried finger, are one try', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.wrongCode(person.mobile) }, 'act=next');
    const { failures } = world.latchkey.stores;
    const counted = failures.count.bind(failures);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const counting = vi.spyOn(failures, 'count').mockImplementation(async (...asked) => {
      await held;
      return counted(...asked);
    });
    const first = visitor.tab().ask({ method: 'post', ...form });
    await vi.waitFor(() => expect(counting).toHaveBeenCalled());
    const rest = await storm(visitor, Array(many).fill(form));
    for (const answer of rest) expect(answer.headers.location).toBe('/reset/otp-sms');
    go();
    await first;
    await visitor.open('/reset/otp-sms');
    expect(visitor.text).toContain('You can try 2 more times.');
    expect(count(await world.audited(person), 'gate.wrong')).toBe(1);
  });

  test('5.7: passwords are one write: exactly one of them signs in', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const reset = vi.spyOn(world.latchkey.directory, 'resetPassword');
    const forms = Array.from({ length: many }, (_, n) =>
      visitor.form({ password: newPassword(n), repeat: newPassword(n) }),
    );
    const answers = await storm(visitor, forms);
    for (const answer of answers) expect(answer.status).toBe(303);
    expect(reset).toHaveBeenCalledTimes(1);
    const events = await world.audited(person);
    expect(count(events, 'write.intended')).toBe(1);
    expect(count(events, 'write.done')).toBe(1);
    const written = reset.mock.calls[0]?.[1] ?? '';
    expect(await world.bind(person, written)).toBe('bound');
    expect(await world.bind(person, person.password)).toBe('52e');
    expect((await visitor.open('/reset/done')).heading).toBe('Your password has been changed');
  });

  test('5.7: unlocks are one write', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.toChoice(person);
    const unlock = vi.spyOn(world.latchkey.directory, 'unlock');
    await storm(visitor, Array(many).fill(visitor.form({ action: 'unlock' })));
    expect(unlock).toHaveBeenCalledTimes(1);
    expect(world.standing(person).locked).toBe(false);
  });

  test('5.7: passwords in as many flows of one person are one write each at most, and the others end', async () => {
    const person = await world.registered();
    const visitors: Visitor[] = [];
    for (let n = 0; n < 4; n += 1) visitors.push(await world.toPassword(person));
    await visitors[0]?.submit({ password: newPassword(1), repeat: newPassword(1) });
    for (const visitor of visitors.slice(1)) {
      await visitor.submit({ password: newPassword(2), repeat: newPassword(2) });
      expect(visitor.path).toBe('/reset/ended');
    }
    expect(await world.bind(person, newPassword(1))).toBe('bound');
  });
});

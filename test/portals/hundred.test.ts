import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryContent } from '../../src/directories/demo/entry.ts';
import { lacksPostgresql, type PostgresqlService, startPostgresql } from '../services/postgresql.ts';
import { unsettled } from './unsettled.ts';
import type { Answer, Visitor } from './visitor.ts';
import { type AnotherNode, type Person, PortalWorld, threshold } from './world.ts';

const hundred = 100;
const newPassword = (n: number): string => `Correct-Horse-${n}-Battery`;

const isLacking = lacksPostgresql('test/portals/hundred.test.ts');

describe.each([
  [1, 'SQLite'],
  [2, 'SQLite'],
  [2, 'PostgreSQL'],
] as const)('a hundred at once on %i node(s) with %s', (nodes, kind) => {
  describe.skipIf(kind === 'PostgreSQL' && isLacking)('of one browser', () => hundredAtOnce(nodes, kind));
});

function hundredAtOnce(nodes: 1 | 2, kind: 'SQLite' | 'PostgreSQL'): void {
  let server: PostgresqlService | undefined;
  let world: PortalWorld;
  let other: AnotherNode | undefined;
  /** Every text that any node sent, with its number. The phones themselves forget old ones. */
  const sent: (readonly [to: string, text: string])[] = [];

  beforeAll(async () => {
    server = kind === 'SQLite' ? undefined : await startPostgresql();
    const store = await server?.createDatabase();
    world = await PortalWorld.open({ chain: ['otp-sms'], settings: store === undefined ? {} : { store } });
    if (nodes === 2) other = await world.anotherNode();
    for (const { phones } of latchkeys()) {
      if (phones === undefined) throw new Error('there are no virtual phones');
      const send = phones.text.bind(phones);
      Object.assign(phones, {
        text: (to: string, text: string) => {
          sent.push([to, text]);
          return send(to, text);
        },
      });
    }
  });
  afterAll(async () => {
    await other?.close();
    await world?.close();
    await server?.stop();
  });

  const latchkeys = () => [world.latchkey, ...(other === undefined ? [] : [other.latchkey])];

  /** A browser that a proxy sends to one node after the other. */
  const visitorAt = (at: number): Visitor => (at % 2 === 1 && other !== undefined ? other : world).visitor();

  /** The same page in a hundred tabs, each posting its form. */
  const storm = (visitor: Visitor, forms: readonly { path: string; body: string }[]): Promise<readonly Answer[]> =>
    Promise.all(forms.map((form, at) => visitor.tab(visitorAt(at)).ask({ method: 'post', ...form })));

  const same = <Form>(form: Form): readonly Form[] => Array.from({ length: hundred }, () => form);

  /** Texts that reached a person over any node. */
  async function texts(person: Person): Promise<readonly string[]> {
    for (const { challenges } of latchkeys()) await challenges.idle();
    return sent.flatMap(([to, text]) => (to === person.mobile ? [text] : []));
  }

  async function mails(person: Person): Promise<number> {
    for (const { outbox } of latchkeys()) await outbox.idle();
    return latchkeys().flatMap(({ mailbox }) => mailbox?.mails(person.mail) ?? []).length;
  }

  async function events(person: Person): Promise<(event: string) => number> {
    const all = await world.audited(person);
    return (event) => all.filter((one) => one === event).length;
  }

  test('5.7: new passwords are one modify at the directory, one notice, and one of them signs in', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const modifies = modifiesOf(person);
    const forms = Array.from({ length: hundred }, (_, n) =>
      visitor.form({ password: newPassword(n), repeat: newPassword(n) }),
    );
    const answers = await storm(visitor, forms);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
    expect(modifies()).toBe(1);
    const count = await events(person);
    expect([count('write.intended'), count('write.done')]).toEqual([1, 1]);
    const signsIn: number[] = [];
    for (const n of forms.keys()) {
      // Or the wrong ones among them would lock the account before the right one is tried.
      world.demo.administration.set(person.entry, { badPwdCount: '0' });
      if ((await world.bind(person, newPassword(n))) === 'bound') signsIn.push(n);
    }
    expect(signsIn).toHaveLength(1);
    expect(await world.bind(person, person.password)).not.toBe('bound');
    expect(await mails(person)).toBe(1);
    expect((await visitor.open('/reset/done')).heading).toBe('Your password has been changed');
  });

  test('5.7: unlocks are one modify at the directory', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.toChoice(person);
    const modifies = modifiesOf(person);
    await storm(visitor, same(visitor.form({ action: 'unlock' })));
    expect(modifies()).toBe(1);
    expect((await events(person))('write.done')).toBe(1);
    expect(world.standing(person).locked).toBe(false);
  });

  test('5.8: one right code passes one gate once, and never again', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.code(person.mobile) }, 'act=next');
    await storm(visitor, same(form));
    await storm(visitor, same(form));
    const count = await events(person);
    expect([count('gate.passed'), count('gate.wrong')]).toEqual([1, 0]);
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/choose');
  });

  test('5.2, 5.3: wrong codes in a hundred flows are judged exactly as often as the threshold says', async () => {
    const person = await world.registered();
    const visitors = await Promise.all(
      Array.from({ length: hundred }, (_, at) => world.start(person.samName, visitorAt(at))),
    );
    const codes = (await texts(person)).map((text) => /\d{6}/.exec(text)?.[0] ?? '');
    // Each start sent one text, and no more.
    expect(codes).toHaveLength(hundred);
    const wrong = ['000000', '111111', '222222'].find((code) => !codes.includes(code)) ?? '';
    const [last, ...guessing] = visitors;
    await Promise.all(guessing.map((visitor) => visitor.submit({ code: wrong }, 'act=next')));
    const count = await events(person);
    expect([count('gate.wrong'), count('account.barred')]).toEqual([threshold, expect.any(Number)]);
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toMatchObject({ bars: 1 });
    expect(await mails(person)).toBe(1);
    for (const code of new Set(codes)) {
      if (last?.path === '/reset/otp-sms') await last.submit({ code }, 'act=next');
    }
    expect(last?.path).toBe('/reset/refused');
    expect((await events(person))('gate.passed')).toBe(0);
  });

  test('5.3: wrong codes with the right one among them, in one flow, are never judged more often than that', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const right = visitor.form({ code: await world.code(person.mobile) }, 'act=next');
    const wrong = visitor.form({ code: await world.wrongCode(person.mobile) }, 'act=next');
    for (let round = 0; round < 2; round += 1) {
      await storm(visitor, [...same(wrong).slice(0, 50), right, ...same(wrong).slice(51)]);
    }
    const count = await events(person);
    expect(count('gate.wrong')).toBeLessThanOrEqual(threshold);
    expect(count('gate.wrong') === threshold ? count('gate.passed') : 0).toBe(0);
  });

  test('5.28: requests for another code send one text a pause, and three in all', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const soFar: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      world.clock.pass(31);
      await visitor.open('/reset/otp-sms');
      const body = new URLSearchParams({ _csrf: visitor.token, act: 'again' }).toString();
      await storm(visitor, same({ path: '/reset/otp-sms', body }));
      soFar.push((await texts(person)).length);
    }
    expect(soFar).toEqual([2, 3, 3]);
  });

  /** As `storm`, none going on before all have their session. */
  const atOnce = (visitor: Visitor, form: { path: string; body: string }): Promise<readonly Answer[]> =>
    unsettled(latchkeys(), hundred, () => storm(visitor, same(form)));

  /** Session cookies that the answers set. */
  const sessions = (answers: readonly Answer[]): number =>
    new Set(answers.flatMap(({ headers }) => headers['set-cookie'] ?? []).map((line) => line.split(';')[0])).size;

  test('sign-ins to register are one visit with one text, and one right code passes its gate once', async () => {
    const person = await world.registered();
    const visitor = await world.visitor().open('/registration');
    const form = visitor.form({ login: person.samName, password: person.password });
    const answers = await atOnce(visitor, form);
    expect(new Set(answers.map(({ headers }) => headers.location))).toEqual(new Set(['/registration/confirm-otp-sms']));
    expect([sessions(answers), (await events(person))('flow.started')]).toEqual([1, 1]);
    expect(world.standing(person)).toMatchObject({ locked: false, badPasswords: 0 });
    const [text = '', ...more] = await texts(person);
    expect(more).toEqual([]);
    await visitor.open('/registration/confirm-otp-sms');
    await atOnce(visitor, visitor.form({ code: /\d{6}/.exec(text)?.[0] ?? '' }, 'act=next'));
    const count = await events(person);
    expect([count('gate.passed'), count('gate.wrong')]).toEqual([1, 0]);
  });

  test('a number that is registered is one text, one enrolment and one notice', async () => {
    const person = world.person();
    const visitor = await world.signIn(person.samName, person.password);
    await atOnce(visitor, visitor.form({ number: person.mobile }));
    const [text = '', ...more] = await texts(person);
    expect(more).toEqual([]);
    await visitor.open('/registration/otp-sms');
    const answers = await atOnce(visitor, visitor.form({ code: /\d{6}/.exec(text)?.[0] ?? '' }, 'act=next'));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]));
    const count = await events(person);
    expect([count('gate.passed'), count('enrolment.keeping'), count('enrolment.kept')]).toEqual([1, 1, 1]);
    expect(await mails(person)).toBe(1);
    expect((await visitor.open('/registration/done')).heading).toBe("You're registered");
  });

  test('and the audit of it all is one whole chain', async () => {
    expect(await world.latchkey.stores.audit.verify()).toBeUndefined();
  });
}

/** Counts the modifies of somebody's entry, as the directory itself carries them out. */
function modifiesOf({ entry }: Person): () => number {
  const replace = entry.replaceContent.bind(entry);
  let count = 0;
  Object.assign(entry, {
    replaceContent: (content: EntryContent) => {
      count += 1;
      replace(content);
    },
  });
  return () => count;
}

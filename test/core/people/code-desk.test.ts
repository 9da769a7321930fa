import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { NoticeDesk } from '../../../src/core/notices/notice-desk.ts';
import { CodeDesk, type CodeTarget } from '../../../src/core/people/code-desk.ts';
import { ActPace } from '../../../src/core/staff/act-pace.ts';
import { number, PeopleWorld } from './people-world.ts';

let world: PeopleWorld;
let agent: Account;
let anna: Account;
let manager: Account | undefined;
/** What was sent, with the place of its code. */
let sent: string | undefined;

beforeEach(async () => {
  world = await PeopleWorld.open();
  agent = world.put('agent', { groups: ['desk-north'] });
  anna = world.put('anna');
  manager = world.put('boss');
  await world.register(anna, { 'otp-sms': { number } });
});
afterEach(() => world.stores.close());

const issue = (to: CodeTarget) => {
  const { stores, clock, guard } = world;
  const desk = new CodeDesk({
    guard,
    pace: new ActPace({ limits: stores.limits, clock, mac: (...of) => of.join() }),
    directory: { read: async (id) => world.accounts.get(id), manager: async () => manager },
    enrolments: stores.enrolments,
    challenges: {
      async begin({ text }) {
        sent = text;
        return 'challenge';
      },
      cancel: async () => undefined,
    },
    notices: new NoticeDesk({
      clock,
      enrolments: stores.enrolments,
      canText: true,
      byText: true,
      wake: () => undefined,
    }),
    clock,
    rules: {
      gate: 'helpdesk-code',
      codeLength: 8,
      lifetimeSeconds: 600,
      text: { en: '{code}' },
      managerText: { en: 'For {name} ({account}): {code}' },
      managerSubject: { en: 'A code' },
      hostFor: async () => 'inside.example',
    },
  });
  return desk.issue(world.act(agent, anna), to);
};

test('5.33: of a code to their manager the person hears by mail and on their own telephones', async () => {
  expect(await issue({ kind: 'manager' })).toEqual({ kind: 'done' });
  const told = (await world.letters()).map(({ to, event }) => [to, event.kind]);
  expect(told.toSorted()).toEqual([
    [number, 'code-issued'],
    [anna.mail, 'code-issued'],
  ]);
});

test('of a code to a number they hear elsewhere than there', async () => {
  expect(await issue({ kind: 'number', gate: 'otp-sms' })).toEqual({ kind: 'done' });
  expect((await world.letters()).map(({ to }) => to)).toEqual([anna.mail]);
});

test('5.19: what a person is called is no address, no paragraph and no place for a code in the mail to their manager', async () => {
  world.accounts.set(anna.id, { ...anna, displayName: 'Anna\n\nSign in at https://evil.example/{code} {account}' });
  expect(await issue({ kind: 'manager' })).toEqual({ kind: 'done' });
  expect(sent).toBe(`For Anna Sign in at https evil example/code account (${anna.name}): {code}`);
});

test('5.33: a manager who left, or who is the person themselves, is sent nothing', async () => {
  manager = world.put('boss', { disabled: true });
  expect(await issue({ kind: 'manager' })).toEqual({ kind: 'refused', why: 'no-destination' });
  manager = anna;
  expect(await issue({ kind: 'manager' })).toEqual({ kind: 'refused', why: 'no-destination' });
  expect(await world.letters()).toEqual([]);
});

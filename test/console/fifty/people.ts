import { expect } from 'vitest';
import { threshold } from '../../portals/world.ts';
import { many, posted } from '../storm.ts';
import type { ConsoleWorld } from '../world.ts';
import { counted, formOn, mails, reason, type Table, told } from './scene.ts';

/** Acts on people. */
export const peopleTable: Table = {
  'POST /people/:id/clear-bars': [
    [
      'clears them once, and tells it once',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
        await world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/clear-bars`, { reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toBeUndefined();
            expect(await mails(world, person)).toBe(1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/end-visits': [
    [
      'ends them once, and tells it once',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await world.portals.start(person.samName);
        const before = await mails(world, person);
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/end-visits`, { reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await world.latchkey.stores.flows.openOf(person.id, world.clock.now())).toBe(0);
            expect(await mails(world, person)).toBe(before + 1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/ask-to-register': [
    [
      'is one mail',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await visitor.open(`/people/${person.id}`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/ask-to-register`, { reason }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await mails(world, person), await told(world, person, 'registration.asked')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /people/:id/remove/:gate': [
    [
      'takes it away once, and tells it once',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north', 'phone');
        await visitor.open(`/people/${person.id}/remove/otp-sms`);
        return {
          visitor,
          form: visitor.form({ reason }),
          async so() {
            expect((await world.latchkey.stores.enrolments.registered(person.id)).map(({ gate }) => gate)).toEqual([
              'phone',
            ]);
            expect(await mails(world, person)).toBe(1);
          },
        };
      },
    ],
  ],
  'POST /people/:id/code': [
    [
      'is one code in one text',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'inNorth');
        await visitor.open(`/people/${person.id}/code`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/code`, { reason, to: 'otp-sms' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await world.portals.reached(person), await told(world, person, 'code.issuing')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /people/:id/sessions': [
    [
      'ends them once, and tells it once',
      async ({ world, visitor }) => {
        const { person } = await world.signedIn('auditor');
        return {
          visitor,
          form: await formOn(visitor, `/people/${person.id}/sessions`, { reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            const open = await world.latchkey.stores.sessions.openOf(person.id, world.clock.now());
            expect(open).toEqual({ sessions: 0, signIns: 0 });
            expect([await mails(world, person), await told(world, person, 'console.session-ending')]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
  'POST /people/:id/caller': [
    [
      'begins one check, with one text',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await visitor.open(`/people/${person.id}/caller`);
        return {
          visitor,
          form: posted(visitor, `/people/${person.id}/caller`, { act: 'start', reason, gate: 'otp-sms' }),
          async so(answers) {
            expect([counted(answers, 303), counted(answers, 422)]).toEqual([1, many - 1]);
            expect([await world.portals.reached(person), await told(world, person, 'caller.checking')]).toEqual([1, 1]);
          },
        };
      },
    ],
    [
      'verifies once with the right code',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        const code = await world.portals.code(person.mobile);
        return {
          visitor,
          form: visitor.form({ code }, 'act=check'),
          async so() {
            expect([await told(world, person, 'gate.passed'), await told(world, person, 'caller.verified')]).toEqual([
              1, 1,
            ]);
            expect(await told(world, person, 'gate.wrong')).toBe(0);
            expect((await visitor.open(`/people/${person.id}/caller`)).text).toContain('Verified');
          },
        };
      },
    ],
    [
      'counts a wrong code up to the threshold and no further',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        const code = await world.portals.wrongCode(person.mobile);
        return {
          visitor,
          form: visitor.form({ code }, 'act=check'),
          async so() {
            expect(await told(world, person, 'gate.wrong')).toBeLessThanOrEqual(threshold);
            expect(await told(world, person, 'caller.not-verified')).toBeLessThanOrEqual(1);
          },
        };
      },
    ],
    [
      'gives up once',
      async ({ world, visitor }) => {
        const person = await registeredIn(world, 'north');
        await visitor.open(`/people/${person.id}/caller`);
        await visitor.submit({ gate: 'otp-sms', reason }, 'act=start');
        return {
          visitor,
          form: visitor.form({}, 'act=stop'),
          async so() {
            expect([
              await told(world, person, 'flow.cancelled'),
              await told(world, person, 'caller.not-verified'),
            ]).toEqual([1, 1]);
          },
        };
      },
    ],
  ],
};

async function registeredIn(world: ConsoleWorld, unit: 'north' | 'inNorth', ...gates: readonly string[]) {
  const person = world.personIn(unit);
  await world.portals.register(person, ['otp-sms', ...gates]);
  return person;
}

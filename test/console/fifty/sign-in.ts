import { expect } from 'vitest';
import { type Person, threshold } from '../../portals/world.ts';
import { wholeDatabase } from '../drive-world.ts';
import { many, posted, type Storm } from '../storm.ts';
import { ConsoleWorld } from '../world.ts';
import { counted, formOn, type Table, told } from './scene.ts';

/** The way in and out, and what is of one browser. */
export const signInTable: Table = {
  'POST /confirm': [
    [
      'begins one proof, with one text',
      async ({ world, staff, visitor }) => {
        const before = [await told(world, staff, 'flow.started'), await world.portals.reached(staff)];
        return {
          visitor,
          form: await formOn(visitor, '/confirm'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect([await told(world, staff, 'flow.started'), await world.portals.reached(staff)]).toEqual(
              before.map((count) => count + 1),
            );
            await world.passFactor(staff, await visitor.open('/console/otp-sms'));
            expect(visitor.path).toBe('/');
          },
        };
      },
    ],
  ],
  'POST /sign-out': [
    [
      'leaves nobody signed in',
      async ({ world, staff, visitor }) => ({
        visitor,
        form: posted(visitor, '/sign-out'),
        async so(answers) {
          for (const { headers } of answers) expect(headers.location).toBe('/console');
          expect(await told(world, staff, 'console.signed-out')).toBe(1);
          expect((await visitor.open('/')).path).toBe('/console');
        },
      }),
    ],
  ],
  'POST /sessions': [
    [
      'ends the others, once, and leaves the one that asks',
      async ({ world, staff, visitor }) => {
        world.clock.pass(31);
        const other = await world.signIn(staff);
        return {
          visitor,
          form: await formOn(visitor, '/sessions', {}, 'act=end-others'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await told(world, staff, 'console.session-ending')).toBe(1);
            expect((await visitor.open('/sessions')).text).toContain('1 session is over.');
            expect([(await other.open('/')).path, (await visitor.open('/')).path]).toEqual(['/console', '/']);
            expect(await world.latchkey.stores.sessions.of(staff.id, world.clock.now())).toHaveLength(1);
          },
        };
      },
    ],
    [
      'ends one, once',
      async ({ world, staff, visitor }) => {
        world.clock.pass(31);
        const other = await world.signIn(staff);
        return {
          visitor,
          form: await formOn(visitor, '/sessions', {}, 'act=end'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await told(world, staff, 'console.session-ending')).toBe(1);
            expect([(await other.open('/')).path, (await visitor.open('/')).path]).toEqual(['/console', '/']);
          },
        };
      },
    ],
  ],
  'POST /language': [
    [
      'is a choice of this browser and of nothing else',
      async ({ world, visitor }) => {
        await visitor.open('/');
        const before = wholeDatabase(world);
        return {
          visitor,
          form: posted(visitor, '/language', { language: 'en', back: '/' }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(wholeDatabase(world)).toEqual(before);
          },
        };
      },
    ],
  ],
  'POST /console/': [
    [
      'with the right password sends no more texts than the limit of sign-ins lets, and signs nobody in',
      async () => signIns((person) => person.password),
    ],
    ['with a wrong password never locks the account', async () => signIns(() => 'Wrong-Horse-1')],
  ],
  'POST /console/:page': [
    [
      'takes the right code once, and signs in once',
      async ({ world }) => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        const form = own.form({ code: await world.portals.code(person.mobile) }, 'act=next');
        return {
          visitor: own,
          form,
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect([await told(world, person, 'gate.passed'), await told(world, person, 'console.signed-in')]).toEqual([
              1, 1,
            ]);
            expect((await own.open('/')).path).toBe('/');
            // Whichever answer the browser took: one session, which one press of the button ends.
            const given = answers.flatMap(({ headers }) => headers['set-cookie'] ?? []);
            expect(new Set(given.map((line) => line.split(';')[0])).size).toBe(1);
            await own.post('/sign-out', {});
            expect((await own.open('/')).path).toBe('/console');
          },
        };
      },
    ],
    [
      'counts a wrong code up to the threshold and no further',
      async ({ world }) => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        const form = own.form({ code: await world.portals.wrongCode(person.mobile) }, 'act=next');
        return {
          visitor: own,
          form,
          async so() {
            expect(await told(world, person, 'gate.wrong')).toBeLessThanOrEqual(threshold);
            expect((await own.open('/')).path).not.toBe('/');
          },
        };
      },
    ],
    [
      'sends no more texts than one flow may',
      async ({ world }) => {
        const person = await world.staff('administrator');
        const own = await world.password(person);
        await world.latchkey.challenges.idle();
        const before = await world.portals.reached(person);
        world.clock.pass(31);
        await own.open('/console/otp-sms');
        return {
          visitor: own,
          form: own.form({}, 'act=again'),
          async so() {
            expect(await world.portals.reached(person)).toBe(before + 1);
          },
        };
      },
    ],
  ],
};

/** A sign-in with the limits that hold by default. */
async function signIns(passwordOf: (person: Person) => string): Promise<Storm> {
  const at = await ConsoleWorld.open({ settings: { limits: {} } });
  const person = await at.staff('administrator');
  const own = await at.visitor().open('/console');
  return {
    visitor: own,
    at,
    form: posted(own, '/console', { login: person.samName, password: passwordOf(person) }),
    async so(answers) {
      try {
        expect(await at.portals.reached(person)).toBeLessThanOrEqual(5);
        expect(counted(answers, 429)).toBeGreaterThanOrEqual(many - 5);
        expect(at.portals.standing(person)).toMatchObject({ locked: false });
        expect(at.audited('console.signed-in')).toEqual([]);
        expect((await own.open('/')).path).toBe('/console');
      } finally {
        await at.close();
      }
    },
  };
}

import { expect } from 'vitest';
import { plain } from '../../portals/visitor.ts';
import { beginDry, beginLive, dryCode, testAccount, testLogins } from '../drive-world.ts';
import { many, posted, type Storm } from '../storm.ts';
import { ConsoleWorld } from '../world.ts';
import { counted, formOn, mails, reason, type Scene, type Table, told } from './scene.ts';

/** Test drives, and one provider alone. */
export const driveTable: Table = {
  'POST /drive': [
    [
      'is one dry run',
      async ({ world, driven, visitor }) => {
        const before = drivesOf(world);
        await visitor.open('/drive');
        return {
          visitor,
          form: visitor.form({ who: driven.id, zone: 'extranet', policy: '', registered: 'all' }),
          async so(answers) {
            expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
            expect(drivesOf(world)).toBe(before + 1);
            await visitor.open(String(answers[0]?.headers.location));
            expect([visitor.path, visitor.status]).toEqual([expect.stringMatching(/otp-sms$/), 200]);
          },
        };
      },
    ],
  ],
  'POST /drive/phone/:drive': [['ends the call once', callInADryRun]],
  'POST /drive/end/:drive': [
    [
      'ends a live drive once',
      async ({ world, driven, visitor }) => {
        await beginLive(visitor, driven.id);
        const before = await told(world, driven, 'flow.cancelled');
        return {
          visitor,
          form: posted(visitor, visitor.page('form[action^="/drive/end/"]').attr('action') ?? ''),
          async so(answers) {
            expect(counted(answers, 303) + counted(answers, 404)).toBe(many);
            expect(await told(world, driven, 'flow.cancelled')).toBe(before + 1);
          },
        };
      },
    ],
  ],
  'POST /drive/live/:who': [
    [
      'is one visit with one text',
      async ({ world, driven, visitor }) => {
        const before = [await told(world, driven, 'flow.started'), await world.portals.reached(driven)];
        await visitor.open(`/drive/live/${driven.id}`);
        return {
          visitor,
          form: visitor.form({ zone: 'extranet', reason, confirmed: 'yes' }),
          async so(answers) {
            expect([await told(world, driven, 'flow.started'), await world.portals.reached(driven)]).toEqual(
              before.map((count) => count + 1),
            );
            await visitor.open(String(answers[0]?.headers.location));
            await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
            expect(visitor.path).toMatch(/choose$/);
          },
        };
      },
    ],
  ],
  'POST /drive/providers': [
    [
      'is one text',
      async ({ world, staff, visitor }) => {
        const before = await world.portals.reached(staff);
        return {
          visitor,
          form: await formOn(visitor, '/drive/providers', {}, 'channel=sms'),
          async so(answers) {
            expect(await world.portals.reached(staff)).toBe(before + 1);
            expect(new Set(answers.map(({ headers }) => headers.location)).size).toBe(1);
            const code = await world.portals.code(staff.mobile);
            await visitor.open(String(answers[0]?.headers.location));
            await visitor.submit({ code });
            expect(visitor.text).toContain('Right');
          },
        };
      },
    ],
  ],
  'POST /drive/providers/:trial': [
    [
      'is right once, and stays right',
      async (scene) => {
        const { path, code } = await textedTrial(scene);
        const { visitor } = scene;
        return {
          visitor,
          form: visitor.form({ code }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect((await visitor.open(path)).text).toContain('Right');
          },
        };
      },
    ],
    [
      'judges a wrong code a few times and then no more',
      async (scene) => {
        const { path, code } = await textedTrial(scene);
        const { visitor } = scene;
        return {
          visitor,
          form: visitor.form({ code: code === '000000' ? '111111' : '000000' }),
          async so() {
            await visitor.open(path);
            await visitor.post(path, { code });
            expect((await visitor.open(path)).text).toContain('Wrong');
          },
        };
      },
    ],
  ],
  'POST /drive/walk/:drive/:page': [
    [
      'passes the gate of a dry run once',
      async ({ driven, visitor }) => {
        await beginDry(visitor, driven.id, { registered: 'all' });
        return {
          visitor,
          form: visitor.form({ code: dryCode(visitor) }, 'act=next'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            await visitor.open('/drive');
            await visitor.open(String(answers[0]?.headers.location));
            expect(visitor.path).toMatch(/choose$/);
            expect(plain(visitor.page('.told').text()).split('Passed “Code').length).toBe(2);
          },
        };
      },
    ],
    [
      'passes the gate of a live drive once',
      async ({ world, driven, visitor }) => {
        await beginLive(visitor, driven.id);
        const before = await told(world, driven, 'gate.passed');
        return {
          visitor,
          form: visitor.form({ code: await world.portals.code(driven.mobile) }, 'act=next'),
          async so() {
            expect(await told(world, driven, 'gate.passed')).toBe(before + 1);
          },
        };
      },
    ],
    [
      'unlocks once',
      async ({ world, driven, visitor }) => {
        world.portals.lock(driven);
        await beginLive(visitor, driven.id);
        await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
        const before = await told(world, driven, 'write.intended');
        return {
          visitor,
          form: visitor.form({ action: 'unlock' }),
          async so() {
            expect(await told(world, driven, 'write.intended')).toBe(before + 1);
            expect(world.portals.standing(driven).locked).toBe(false);
          },
        };
      },
    ],
    [
      'sets one password, and tells it once',
      async ({ world, driven, visitor }) => {
        await beginLive(visitor, driven.id);
        await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
        await visitor.submit({ action: 'reset' });
        const before = [await told(world, driven, 'write.intended'), await mails(world, driven)];
        const password = `Quiet-Harbour-${before[0]}-x`;
        return {
          visitor,
          form: visitor.form({ password, repeat: password }),
          async so() {
            expect([await told(world, driven, 'write.intended'), await mails(world, driven)]).toEqual(
              before.map((one) => one + 1),
            );
            expect(await world.portals.bind(driven, password)).toBe('bound');
          },
        };
      },
    ],
  ],
};

/** One provider's text to whoever has signed in, with the page that asks for its code. */
async function textedTrial({
  world,
  staff,
  visitor,
}: Scene): Promise<{ readonly path: string; readonly code: string }> {
  await visitor.open('/drive/providers');
  await visitor.submit({}, 'channel=sms');
  const code = await world.portals.code(staff.mobile);
  await visitor.open(visitor.path);
  return { path: visitor.path, code };
}

async function callInADryRun(): Promise<Storm> {
  const at = await ConsoleWorld.open({ chain: ['phone'], console: { 'test-accounts': [testLogins.north] } });
  const person = await testAccount(at, 'North');
  const { visitor: own } = await at.signedIn('administrator');
  await beginDry(own, person.id, { registered: 'all' });
  return {
    visitor: own,
    at,
    form: own.form({}, 'end=confirm'),
    async so(answers) {
      try {
        expect(counted(answers, 303)).toBe(many);
        await own.open(String(answers[0]?.headers.location));
        await own.submit({}, 'act=next');
        expect(own.path).toMatch(/choose$/);
      } finally {
        await at.close();
      }
    },
  };
}

/** How many drives were begun. */
function drivesOf(world: ConsoleWorld): number {
  return world.audited('console.act').filter(({ detail }) => detail.what === '/drive').length;
}

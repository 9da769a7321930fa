import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld } from './world.ts';

const timeout = 60_000;
/** A name that would like to be a page of its own. */
const trap = 'all https://evil.example/ <b>evil.example</b>';
const list = (name: string): Json => [{ name, members: 'everyone', chain: ['otp-sms'] }];

let world: ConsoleWorld;
let ana: Person;
let admin: Visitor;
afterEach(() => world.close());

/** Ana is signed in; Ben and Cem are administrators as well, Cem reads Arabic; Dan only reads the audit. */
async function open(notices: Readonly<Record<string, unknown>> = {}) {
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store', notices } });
  ({ person: ana, visitor: admin } = await world.signedIn('administrator'));
  const [ben, cem] = [await world.staff('administrator'), await world.staff('administrator')];
  const dan = await world.staff('auditor');
  world.portals.demo.administration.set(cem.entry, { preferredLanguage: 'ar' });
  return { ben, cem, dan };
}

/** Lets what waits be told and sent. */
async function told(): Promise<void> {
  const { announcer, outbox } = world.latchkey;
  announcer.wake();
  await announcer.idle();
  await outbox.idle();
}

const mails = ({ mail }: Person): readonly string[] =>
  (world.latchkey.mailbox?.mails(mail) ?? [])
    .map(({ text }) => plain(text))
    .filter((text) => text.includes('/policies/'));
const alarms = () =>
  world.portals.log.filter((line) => line.includes('the policies were changed')).map((line) => JSON.parse(line));

async function draft(name: string): Promise<void> {
  await admin.open('/policies');
  await admin.submit();
  await admin.open('/policies/draft/policy/new');
  await admin.submit({ 'place-otp-sms': '1', name, groups: 'Helpdesk North' });
  await admin.open('/policies/draft/review');
}

function saveByCommand(basedOn: number, name: string) {
  const who = { by: 'operator', byName: 'root', note: 'canary-note' };
  return world.latchkey.stores.policies.save({ basedOn, ...who, policies: list(name), at: world.clock.now() });
}

describe('policies that are saved in the console', () => {
  test('are told by mail to the other administrators, once, in their language, with a link to the console and no secret', {
    timeout,
  }, async () => {
    const { ben, cem, dan } = await open();
    await draft(trap);
    const form = admin.form({ note: 'canary-note' });
    const storm = Array.from({ length: 50 }, () => admin.ask({ method: 'post', ...form }));
    for (const { status } of await Promise.all(storm)) expect(status).toBe(303);
    await told();
    await told();
    expect([ana, ben, cem, dan].map((person) => mails(person).length)).toEqual([0, 1, 1, 0]);
    const [english = ''] = mails(ben);
    const name = ana.entry.text('displayName');
    expect(english).toContain(` ${name} saved version 2 of the policies of Contoso`);
    expect(english).toMatch(/is new, in place 2\./);
    expect(english).toMatch(/The gates of .+ are, in this order: Code by text message/);
    expect(english.match(/https?:\/\/[^\s]+/g)).toEqual([`${world.origin}/policies/versions/2`]);
    expect(english).not.toMatch(/\S\.example/);
    const [arabic = ''] = mails(cem);
    expect(arabic).toMatch(/حفظ .* الإصدار/);
    expect(arabic).toContain(`${world.origin}/policies/versions/2`);
    for (const text of [english, arabic]) {
      expect(text).not.toMatch(/canary-note|undefined|\[object|\{\{|__Host|token/);
      for (const { password, mobile } of [ana, ben, cem]) {
        expect(text).not.toContain(password);
        expect(text).not.toContain(mobile);
      }
    }
    await admin.open(new URL(`${world.origin}/policies/versions/2`).pathname);
    expect(admin.status).toBe(200);
    const audited = world.audited('notice.sent').filter(({ detail }) => detail.event === 'policies-changed');
    expect(audited).toHaveLength(2);
    expect(alarms()).toMatchObject([{ level: 40, alarm: true, version: 2, by: ana.id }]);
  });

  test('are saved while the directory hears nothing, and told when it does again', { timeout }, async () => {
    const { ben } = await open();
    const { announcer } = world.latchkey;
    await world.portals.proxy.stop();
    await saveByCommand(1, 'while it is away');
    await told();
    expect(mails(ben)).toEqual([]);
    expect(world.portals.log.join()).toContain('nobody could be told of new policies; it is tried again');
    await world.portals.proxy.start();
    world.clock.pass(120);
    await expect
      .poll(
        async () => {
          announcer.wake();
          await announcer.idle();
          world.clock.pass(61);
          await world.latchkey.outbox.idle();
          return mails(ben).length;
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe(1);
  });

  test('are told to nobody where that is switched off by name, and the log has its alarm', { timeout }, async () => {
    const { ben } = await open({ 'policy-changes': false });
    await saveByCommand(1, 'quiet');
    await told();
    expect(mails(ben)).toEqual([]);
    expect(alarms()).toMatchObject([{ alarm: true, version: 2, by: 'operator' }]);
    expect((await world.latchkey.stores.outbox.standing()).waiting).toBe(0);
  });
});

describe('policies that a command saves', () => {
  test('are told to every administrator, and have the same alarm in the log of a server', { timeout }, async () => {
    const { ben } = await open();
    await saveByCommand(1, 'by hand');
    await told();
    expect([mails(ana).length, mails(ben).length]).toEqual([1, 1]);
    expect(mails(ben)[0]).toContain('whoever runs Latchkey (');
    expect(alarms()).toMatchObject([{ level: 40, alarm: true, version: 2, by: 'operator', changes: 1 }]);
    await world.portals.restart();
    await told();
    expect(alarms()).toHaveLength(1);
    expect((await world.latchkey.stores.outbox.standing()).waiting).toBe(0);
  });
});

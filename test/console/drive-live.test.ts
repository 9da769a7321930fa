import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { beginDry, beginLive, openDriveWorld, testAccount } from './drive-world.ts';
import type { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let driven: Person;
let staff: Person;
let visitor: Visitor;

beforeAll(async () => {
  world = await openDriveWorld({ chain: ['otp-sms'] });
  driven = await testAccount(world, 'North');
});
beforeEach(async () => {
  world.clock.pass(3600);
  ({ person: staff, visitor } = await world.signedIn('administrator'));
});
afterAll(() => world.close());

const told = (): string => {
  const $ = visitor.page;
  return $('.told').text().replaceAll(/[⁦-⁩]/g, '').replaceAll(/\s+/g, ' ');
};

describe('a live drive', () => {
  test('of a test account unlocks it by the real gates, and says what was audited', async () => {
    world.portals.lock(driven);
    await beginLive(visitor, driven.id);
    expect(visitor.path).toMatch(/^\/drive\/walk\/[\w-]+\/otp-sms$/);
    expect(visitor.page('.drive .phone').length).toBe(0);
    await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
    expect(told()).toContain('A message or a call went out for “Code by text message”. By “texts”.');
    expect(told()).toContain(`To the number ••${driven.mobile.slice(-2)}.`);
    expect(visitor.answer.text).not.toContain(driven.mobile);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toMatch(/done$/);
    expect(world.portals.standing(driven).locked).toBe(false);
    for (const said of [
      'Policy “everyone”: matches',
      'Began to get back',
      'Passed “Code',
      'The account was unlocked.',
    ]) {
      expect(told()).toContain(said);
    }
    const events = await world.portals.audited(driven);
    expect(events.indexOf('console.act')).toBeLessThan(events.indexOf('flow.started'));
    expect(events).toEqual(expect.arrayContaining(['gate.passed', 'write.intended', 'write.done']));
  });

  test('is in the audit with its reason, by whom, and with the reference of the flow', async () => {
    await beginLive(visitor, driven.id, { reason: 'Trying\n the new chain', zone: 'intranet' });
    const rows = await world.latchkey.stores.audit.about(driven.id, 20);
    const started = rows.find(({ event }) => event === 'flow.started');
    expect(started?.detail).toMatchObject({ zone: 'intranet', decoy: false });
    const acts = rows.filter(({ event }) => event === 'console.act').slice(0, 2);
    const act = { by: staff.id, drive: 'live', reason: 'Trying the new chain', zone: 'intranet' };
    expect(acts.map(({ detail }) => detail)).toEqual([
      { ...act, what: '/drive/live/:who', flow: started?.flow },
      { ...act, what: '/drive/live/:who' },
    ]);
  });

  test('is from the same zone as a dry run unless another is chosen, and both pages have it chosen', async () => {
    const chosen = [];
    for (const path of ['/drive', `/drive/live/${driven.id}`]) {
      await visitor.open(path);
      chosen.push(visitor.page('main input[name="zone"][checked]').attr('value'));
    }
    expect(chosen).toEqual(['extranet', 'extranet']);
  });

  test('of a test account sets the password that is typed, and tells its owner', async () => {
    const letters = async (): Promise<number> => {
      await world.latchkey.outbox.idle();
      return world.latchkey.mailbox?.mails(driven.mail).length ?? 0;
    };
    const before = await letters();
    await beginLive(visitor, driven.id);
    await visitor.submit({ code: await world.portals.code(driven.mobile) }, 'act=next');
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: 'Quiet-Harbour-77-x', repeat: 'Quiet-Harbour-77-x' });
    expect(visitor.path).toMatch(/done$/);
    expect(visitor.heading).toBe('Your password has been changed');
    expect(await world.portals.bind(driven, 'Quiet-Harbour-77-x')).toBe('bound');
    expect(visitor.answer.text).not.toContain('Quiet-Harbour-77-x');
    expect(await world.portals.raw()).not.toContain('Quiet-Harbour-77-x');
    expect(world.portals.log.join('')).not.toContain('Quiet-Harbour-77-x');
    expect(await letters()).toBe(before + 1);
  });

  test('of oneself unlocks, and says that a password is set at the portal', async () => {
    await beginLive(visitor, staff.id);
    world.portals.lock(staff);
    await visitor.submit({ code: await world.portals.code(staff.mobile) }, 'act=next');
    expect(visitor.text).toContain('A new password of your own you set at the portal.');
    await visitor.submit({ action: 'unlock' });
    expect(world.portals.standing(staff).locked).toBe(false);
  });

  test('that is ended cancels its flow', async () => {
    await beginLive(visitor, driven.id);
    const end = visitor.page('form[action^="/drive/end/"]').attr('action') ?? '';
    await visitor.post(end, {});
    expect((await world.portals.audited(driven)).at(-1)).toBe('flow.cancelled');
  });

  test('stays with the browser over another proof of who it is', async () => {
    await beginDry(visitor, driven.id);
    const walk = visitor.path;
    world.clock.pass(6 * 60);
    await visitor.open(`/drive/live/${driven.id}`);
    expect(visitor.path).toBe('/confirm');
    await visitor.submit();
    await world.passFactor(staff, visitor);
    await visitor.open(walk);
    expect([visitor.path, visitor.status]).toEqual([walk, 200]);
  });
});

describe('one provider', () => {
  test("texts one's own registered number, and judges the code", async () => {
    await visitor.open('/drive/providers');
    expect(visitor.text).toContain(`Texts your number ••${staff.mobile.slice(-2)}.`);
    expect(visitor.text).toContain('You have registered no number for calls.');
    await visitor.submit({}, 'channel=sms');
    const code = await world.portals.code(staff.mobile);
    await visitor.open(visitor.path);
    expect(visitor.text).toMatch(/Handed over Took [\d,]+ ms\./);
    expect(visitor.answer.text).not.toContain(code);
    await visitor.submit({ code: code === '000000' ? '111111' : '000000' });
    expect(visitor.text).toContain('Wrong');
    await visitor.submit({ code });
    expect(visitor.text).toContain('Right');
    const rows = await world.portals.audited(staff);
    expect(rows).toContain('challenge.sent');
    expect(rows).not.toContain('flow.started-reset');
  });

  test('calls, and the digits of the page confirm it', async () => {
    await world.portals.register(staff, ['phone']);
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=voice');
    expect(visitor.page('.match').text()).toMatch(/\d\d/);
    await world.latchkey.challenges.idle();
    await visitor.open(visitor.path);
    // The page asks how it stands where nothing is written down and nobody stays signed in for it.
    const waits = visitor.page('[data-job]');
    expect([waits.attr('data-job'), waits.attr('data-job-goes-on')]).toEqual([`${visitor.path}/state`, 'waiting']);
    expect(visitor.page('[data-reload]')).toHaveLength(0);
    const state = async (path: string) => (await visitor.ask({ method: 'get', path })).text;
    const rows = world.audited().length;
    expect(await state(`${visitor.path}/state`)).toBe('{"state":"waiting"}');
    await world.portals.confirmCall(staff.phone);
    expect(await state(`${visitor.path}/state`)).toBe('{"state":"over"}');
    expect(await state('/drive/providers/nobody-s/state')).toBe('{"state":"changed"}');
    expect(world.audited()).toHaveLength(rows);
    await visitor.open(visitor.path);
    expect(visitor.text).toContain('Right');
  });

  test('reaches nobody else, whatever is posted, and another sees none of it', async () => {
    await visitor.open('/drive/providers');
    const before = await world.portals.reached(driven);
    const bodies = [
      { provider: 'texts', channel: 'sms', to: driven.mobile },
      { provider: 'texts', channel: 'sms', who: driven.id },
      { provider: 'mail', channel: 'email' },
    ];
    for (const body of bodies) expect((await visitor.post('/drive/providers', body)).status).toBe(400);
    for (const body of [
      { provider: 'nobody', channel: 'sms' },
      { provider: 'texts', channel: 'voice' },
      { provider: 'calls', channel: 'voice' },
    ]) {
      await visitor.open('/drive/providers');
      expect((await visitor.post('/drive/providers', body)).status).toBe(404);
    }
    expect(await world.portals.reached(driven)).toBe(before);
    // Made-up names would be counted there day by day.
    expect(world.audited('console.act').map(({ detail }) => detail.provider)).not.toContain('nobody');
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=sms');
    const { visitor: other } = await world.signedIn('helpdesk');
    await other.open('/');
    expect((await other.ask({ method: 'get', path: visitor.path })).status).toBe(404);
    expect((await other.post(visitor.path, { code: await world.portals.code(staff.mobile) })).status).toBe(404);
  });

  test('sends a code that passes no gate of a real visit', async () => {
    const reset = await world.portals.start(staff.samName);
    const real = await world.portals.code(staff.mobile);
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=sms');
    const tried = await world.portals.code(staff.mobile);
    if (tried !== real) {
      await reset.submit({ code: tried }, 'act=next');
      expect(reset.path).toBe('/reset/otp-sms');
    }
    await reset.submit({ code: real }, 'act=next');
    expect(reset.path).toBe('/reset/choose');
  });
});

test('a live drive has the settings of gates that the policy has, and the sign-in to the console those of the configuration', async () => {
  const gates = { 'otp-sms': { 'code-length': 8 } };
  const own = await openDriveWorld({ chain: ['otp-sms'], policy: { gates } });
  try {
    const account = await testAccount(own, 'North');
    const signedIn = await own.signedIn('administrator');
    visitor = signedIn.visitor;
    const lastText = async (to: Person): Promise<string> => {
      await own.latchkey.challenges.idle();
      return own.portals.phones.phone(to.mobile).texts.at(-1)?.text ?? '';
    };
    expect(await lastText(signedIn.person)).toMatch(/\b\d{6}\b/);
    await beginLive(visitor, account.id);
    expect(told()).toContain('The policy has a setting of its own for “Code by text message”: Digits of a code: 8.');
    await visitor.submit({ code: /\b\d{8}\b/.exec(await lastText(account))?.[0] ?? '' }, 'act=next');
    expect(visitor.path).toMatch(/choose$/);
  } finally {
    await own.close();
  }
});

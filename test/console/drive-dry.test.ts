import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { beginDry, dryCode, openDriveWorld, passDry, testAccount, wholeDatabase } from './drive-world.ts';
import type { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let driven: Person;
let staff: Person;
let visitor: Visitor;

beforeAll(async () => {
  world = await openDriveWorld();
  driven = await testAccount(world, 'North');
});
beforeEach(async () => {
  ({ person: staff, visitor } = await world.signedIn('administrator'));
});
afterAll(() => world.close());

/** What stands beside the page, one sentence each. */
const told = (): readonly string[] => {
  const $ = visitor.page;
  return $('.told li')
    .toArray()
    .map((one) => $(one).text().replaceAll(/[⁦-⁩]/g, '').replaceAll(/\s+/g, ' ').trim());
};
const says = (text: string): boolean => told().some((one) => one.includes(text));

describe('a dry run', () => {
  test('walks every gate to the new password, and says at each step what happens', async () => {
    const before = world.portals.standing(driven);
    await beginDry(visitor, driven.id);
    expect(visitor.path).toMatch(/^\/drive\/walk\/[\w-]+\/phone$/);
    expect(says('Policy “everyone”: matches: it is for everybody')).toBe(true);
    expect(says('“Phone call” opened its page. Took')).toBe(true);
    expect(says(`In earnest “calls” would be asked first, for the number ••${driven.phone.slice(-2)}.`)).toBe(true);
    expect(visitor.text).toContain('••42');

    await passDry(visitor);
    expect(visitor.path).toMatch(/otp-sms$/);
    expect(says('says: passed.')).toBe(true);
    expect(dryCode(visitor)).toMatch(/^\d{6}$/);
    const arrived = told().filter((one) => one.includes('Arrived at the made-up phone'));
    expect(arrived.at(-1)).toContain(dryCode(visitor));
    await passDry(visitor);
    await passDry(visitor);
    expect(visitor.path).toMatch(/choose$/);
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: 'Quiet-Harbour-77-x', repeat: 'Quiet-Harbour-77-x' });
    expect(visitor.path).toMatch(/done$/);
    expect(visitor.heading).toBe('Dry run: nothing was written');
    expect(visitor.page('main blockquote').text()).toContain('new password');
    expect(visitor.text).toContain('As it would go in earnest.');
    expect(says('Would be written: the new password')).toBe(true);
    expect(says('The person would be told that the password was reset.')).toBe(true);
    expect(told().at(-1)).toMatch(/In this dry run nothing was written\.$/);
    expect(says('A new password was set.')).toBe(false);
    expect(told().every((one) => /^\d+ ms /.test(one.replaceAll(',', '')))).toBe(true);
    expect(world.portals.standing(driven)).toEqual(before);
    expect(await world.portals.bind(driven, driven.password)).toBe('bound');
  });

  test('leaves nothing in the database and nothing at the phone, whatever is answered in it', async () => {
    world.portals.lock(driven);
    await visitor.open('/drive');
    const before = wholeDatabase(world);
    expect(before.enrolments?.length).toBeGreaterThan(0);
    const reached = await world.portals.reached(driven);
    await beginDry(visitor, driven.id);
    await passDry(visitor);
    for (let tries = 0; tries < 3; tries += 1) {
      const wrong = dryCode(visitor) === '000000' ? '111111' : '000000';
      await visitor.submit({ code: wrong }, 'act=next');
    }
    expect(visitor.path).toMatch(/refused$/);
    expect(says('The person would be told that the account is barred here.')).toBe(true);
    await beginDry(visitor, driven.id);
    for (let gates = 0; gates < 3; gates += 1) await passDry(visitor);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toMatch(/done$/);
    expect(says('Would be written: the account is unlocked')).toBe(true);
    expect(visitor.heading).toBe('Dry run: nothing was written');
    expect(wholeDatabase(world)).toEqual(before);
    expect(await world.portals.reached(driven)).toBe(reached);
    expect(world.portals.standing(driven).locked).toBe(true);
    const events = await world.portals.audited(driven);
    expect(events.filter((event) => !event.startsWith('console.'))).toEqual([]);
  });

  test('is audited: that it began, for whom, and each page that was looked at', async () => {
    const before = world.audited().length;
    await beginDry(visitor, driven.id);
    // A page of the portals, on which the console's session idles all the same.
    expect(visitor.page('[data-idle="900"]')).toHaveLength(1);
    const rows = world.audited().slice(before);
    expect(rows).toContainEqual({
      event: 'console.act',
      detail: { by: staff.id, what: '/drive', drive: 'dry', zone: 'extranet' },
    });
    expect(rows.at(-1)).toEqual({
      event: 'console.viewed',
      detail: { by: staff.id, what: '/drive/walk/:drive/:page', drive: 'dry' },
    });
  });

  test('of oneself, as if everything were registered, goes by any policy that is chosen', async () => {
    await beginDry(visitor, staff.id, { policy: 'everyone', registered: 'all', zone: 'intranet' });
    expect(says('Walked by your choice: “everyone”')).toBe(true);
    for (let gates = 0; gates < 3; gates += 1) await passDry(visitor);
    expect(visitor.path).toMatch(/choose$/);
  });

  test('of somebody who cannot pass is a decoy, and says why', async () => {
    const { entry } = driven;
    world.portals.demo.administration.set(entry, { userAccountControl: '514' });
    await beginDry(visitor, driven.id);
    world.portals.demo.administration.set(entry, { userAccountControl: '512' });
    expect(visitor.text).toContain('This account cannot pass');
    expect(visitor.page('.drive .phone').length).toBe(0);
  });

  test('may be refused at the made-up phone', async () => {
    await beginDry(visitor, driven.id);
    await visitor.submit({}, 'end=not-me');
    await visitor.submit({}, 'act=next');
    expect(visitor.path).toMatch(/refused$/);
    expect(visitor.page('main a.button').attr('href')).toBe('/drive');
  });

  test('ends for good, and the next one ends the one before', async () => {
    await beginDry(visitor, driven.id);
    const first = visitor.path;
    await beginDry(visitor, driven.id);
    expect((await visitor.ask({ method: 'get', path: first })).status).toBe(404);
    const second = visitor.path;
    const end = visitor.page('form[action^="/drive/end/"]').attr('action') ?? '';
    expect((await visitor.post(end, {})).headers.location).toBe('/drive');
    expect((await visitor.ask({ method: 'get', path: second })).status).toBe(404);
  });
});

test('a dry run goes by the providers that its policy chose, as a flow in earnest would', async () => {
  const providers = {
    texts: { kind: 'virtual-sms' },
    'own-texts': { kind: 'virtual-sms' },
    calls: { kind: 'virtual-voice' },
    mail: { kind: 'virtual-email' },
  };
  const own = await openDriveWorld({
    settings: { providers },
    chain: ['otp-sms'],
    policy: { channels: { sms: ['own-texts'] } },
  });
  try {
    const account = await testAccount(own, 'North');
    ({ visitor } = await own.signedIn('administrator'));
    await beginDry(visitor, account.id);
    expect(visitor.path).toMatch(/otp-sms$/);
    expect(says('In earnest “own-texts” would be asked first')).toBe(true);
    await passDry(visitor);
    expect(visitor.path).toMatch(/choose$/);
  } finally {
    await own.close();
  }
});

test('a dry run has the settings of gates that its policy has, made-up answers too, and says so', async () => {
  const asked = ['w', 'x', 'y', 'z'].map((id) => ({ id, text: { en: `What is ${id}?` } }));
  const counts = { 'registration-shows': 4, 'registration-requires': 4, 'reset-asks': 4, 'reset-requires': 4 };
  const gates = {
    'otp-sms': { 'code-length': 8, text: { en: 'At the docks: {code}' } },
    questions: { ...counts, questions: asked },
  };
  const own = await openDriveWorld({ chain: ['otp-sms', 'questions'], policy: { gates } });
  try {
    const account = await testAccount(own, 'North');
    ({ visitor } = await own.signedIn('administrator'));
    await beginDry(visitor, account.id, { policy: 'everyone', registered: 'all', zone: 'intranet' });
    expect(says('The policy has a setting of its own for “Code by text message”: Digits of a code: 8.')).toBe(true);
    expect(says('The policy has a setting of its own for “Code by text message”: What is said or written.')).toBe(true);
    expect(told().join()).not.toContain('Questions asked');
    expect(dryCode(visitor)).toHaveLength(8);
    await passDry(visitor);
    expect(visitor.page('main input[name^="q"]').length).toBe(4);
    expect(says('“Questions and answers”: Right answers needed at a reset: 4.')).toBe(true);
    expect(visitor.text).toContain('What is z?');
    await passDry(visitor);
    expect(visitor.path).toMatch(/choose$/);
  } finally {
    await own.close();
  }
});

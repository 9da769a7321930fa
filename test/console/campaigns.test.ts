import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { usualForm } from '../../src/console/campaign-form.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

/** A name that would like to be a page of its own. */
const organisation = { name: '<img src=x onerror=alert(1)> & Co', 'time-zone': 'UTC' };
const day = 24 * 60 * 60;
const wish = { ...usualForm, 'from-hour': '0', 'to-hour': '24', reason: 'The spring of the new portal' };

let world: ConsoleWorld;
let administrator: Visitor;
let auditor: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open({ chain: ['otp-sms'], settings: { organisation } });
  administrator = (await world.signedIn('administrator')).visitor;
  auditor = (await world.signedIn('auditor')).visitor;
});
afterAll(() => world.close());
afterEach(async () => {
  await world.latchkey.background.campaigns.idle();
  for (const { id } of await store().running()) await store().end(id, 'stopped', world.clock.now());
});

const store = () => world.latchkey.stores.campaigns;

async function written(): Promise<void> {
  world.latchkey.background.campaigns.wake();
  await world.latchkey.background.campaigns.idle();
  await world.latchkey.outbox.idle();
}

/** Starts one by the form and opens its page. */
async function started(changes: Partial<Record<keyof typeof wish, string>> = {}): Promise<string> {
  await administrator.open('/campaigns/new');
  const answer = await administrator.post('/campaigns/new', { ...wish, ...changes });
  expect(answer.status).toBe(303);
  await administrator.open(String(answer.headers.location));
  expect(administrator.path).toMatch(/^\/campaigns\/[\w-]{12}$/);
  const campaign = administrator.path.split('/').at(-1) ?? '';
  expect(world.audited('console.viewed').at(-1)?.detail).toMatchObject({ campaign });
  return campaign;
}

const mails = (mail: string): readonly string[] => (world.latchkey.mailbox?.mails(mail) ?? []).map(({ text }) => text);

describe('a campaign', () => {
  test('is started, watched and stopped; who is not registered gets its mail and the registered do not', async () => {
    const asked = world.personIn('north');
    const registered = await world.portals.registered();
    const id = await started({ units: 'people/north' });
    expect(administrator.text).toContain('It has not begun yet');
    await written();
    expect(mails(asked.mail)).toHaveLength(1);
    expect(mails(registered.mail)).toEqual([]);
    await administrator.open(`/campaigns/${id}`);
    expect(administrator.page('progress').attr('max')).toBe('1');
    expect(administrator.text).toContain('Invite the unregistered');
    expect(administrator.text).toContain('People/North');
    await auditor.open(`/campaigns/${id}`);
    expect(auditor.status).toBe(200);
    expect(auditor.page('main form')).toHaveLength(0);
    await administrator.submit({});
    expect(administrator.text).toContain('Stopped');
    world.clock.pass(8 * day);
    await written();
    expect(mails(asked.mail)).toHaveLength(1);
    administrator = (await world.signedIn('administrator')).visitor;
    auditor = (await world.signedIn('auditor')).visitor;
  });

  test('is written down with its reason before it begins', async () => {
    const before = world.audited('console.act').length;
    const id = await started();
    await administrator.submit({});
    expect(
      world
        .audited('console.act')
        .slice(before)
        .map(({ detail }) => detail),
    ).toMatchObject([
      { what: '/campaigns/new', kind: 'invite', size: 200, reason: 'The spring of the new portal' },
      { what: '/campaigns/:campaign/stop', campaign: id },
    ]);
  });

  test('has an organisation whose name does nothing on its pages and in its mails', async () => {
    const asked = world.personIn('south');
    await started({ units: 'People/South' });
    expect(administrator.answer.text).not.toContain('<img src=x');
    await written();
    const [text = ''] = mails(asked.mail);
    expect(text.match(/https?:\/\/[^\s]+/g)).toEqual([`${world.portals.origin}/registration`]);
  });

  test.each([
    ['no reason', { reason: ' ' }, 'Say why'],
    ['more letters than anybody can answer for', { size: '5001' }, 'Enter a number from 1 to 5000'],
    ['no number', { 'remind-days': 'seven' }, 'Enter a number from 1 to 90'],
    ['a negative number', { reminders: '-1' }, 'Enter a number from 0 to 10'],
    ['hours that end before they begin', { 'from-hour': '17', 'to-hour': '9' }, 'Must be later than the first hour'],
    ['a group that is not there', { groups: 'Ghosts\r\n' }, 'The directory has no security group “Ghosts”'],
    ['a unit that is not there', { units: 'People/Nowhere' }, 'The directory has no unit “People/Nowhere”'],
    [
      'more lines than anybody reads',
      { units: Array.from({ length: 51 }, (_, at) => `u${at}`).join('\n') },
      'At most 50 lines',
    ],
  ])('with %s is refused with the reason, and nothing that was typed is lost', async (_name, changes, said) => {
    await administrator.open('/campaigns/new');
    const answer = await administrator.post('/campaigns/new', { ...wish, size: '123', ...changes });
    expect(answer.status).toBe(422);
    expect(answer.text.replaceAll(/[\u2066-\u2069]/g, '')).toContain(said);
    expect(answer.text).toContain(`value="${(changes as { size?: string }).size ?? '123'}"`);
    expect(await store().running()).toEqual([]);
  });

  test('runs once of a kind', async () => {
    await started();
    await administrator.open('/campaigns/new');
    const answer = await administrator.post('/campaigns/new', wish);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('A campaign of this kind runs already');
    expect(await store().running()).toHaveLength(1);
  });

  test('that is stopped and begun anew, as often as one likes, writes to nobody again before the days are over', async () => {
    const asked = world.personIn('inNorth');
    for (let times = 0; times < 3; times += 1) {
      await started({ units: 'People/North/Harbour' });
      await written();
      expect(mails(asked.mail)).toHaveLength(1);
      await administrator.submit({});
      expect(administrator.text).toContain('Stopped');
    }
    world.clock.pass(7 * day);
    administrator = (await world.signedIn('administrator')).visitor;
    auditor = (await world.signedIn('auditor')).visitor;
    await started({ units: 'People/North/Harbour' });
    await written();
    expect(mails(asked.mail)).toHaveLength(2);
  });

  test('asks for the second factor again before it is started', async () => {
    await administrator.open('/campaigns/new');
    world.clock.pass(6 * 60);
    const answer = await administrator.post('/campaigns/new', wish);
    expect([answer.status, answer.headers.location]).toEqual([303, '/confirm']);
    expect(await store().running()).toEqual([]);
    administrator = (await world.signedIn('administrator')).visitor;
  });

  test('is neither started nor stopped without the token, with fields of its own making, or by guessing', async () => {
    const id = await started();
    expect((await administrator.post(`/campaigns/${id}/stop`, { _csrf: 'forged' })).status).toBe(403);
    expect((await administrator.post(`/campaigns/${id}/stop`, { more: '1' })).status).toBe(400);
    expect((await administrator.post('/campaigns/AAAAAAAAAAAA/stop', {})).status).toBe(404);
    expect((await auditor.post(`/campaigns/${id}/stop`, {})).status).toBe(403);
    expect(await store().running()).toHaveLength(1);
    expect((await administrator.post('/campaigns/new', { ...wish, _csrf: 'forged' })).status).toBe(403);
    expect((await administrator.post('/campaigns/new', { ...wish, to: 'eve@evil.example' })).status).toBe(400);
    expect((await administrator.post('/campaigns/new', { ...wish, kind: 'spam' })).status).toBe(400);
    expect((await administrator.ask({ method: 'get', path: '/campaigns/AAAAAAAAAAAA' })).status).toBe(404);
  });
});

describe('who wants no letters', () => {
  test('gets none, is in the list, and is written to again when somebody says so', async () => {
    const person = world.portals.person();
    await administrator.open('/campaigns');
    const answer = await administrator.post('/campaigns/opt-out', {
      login: person.samName,
      reason: 'Asked on the phone',
    });
    expect(answer.headers.location).toBe('/campaigns');
    await administrator.open('/campaigns');
    expect(administrator.text).toContain('No campaign writes to this account any more');
    expect(administrator.page('tbody').last().text()).toContain(person.samName);
    expect((await world.portals.audited(person)).at(-1)).toBe('console.act');
    await started();
    await written();
    expect(mails(person.mail)).toEqual([]);
    await administrator.open('/campaigns');
    await administrator.submit({}, `account=${person.id}`);
    expect(administrator.text).toContain('write to this account again');
    world.clock.pass(day);
    await written();
    expect(mails(person.mail)).toHaveLength(1);
    administrator = (await world.signedIn('administrator')).visitor;
    auditor = (await world.signedIn('auditor')).visitor;
  });

  test.each([
    [{ login: '', reason: 'x' }, 'Enter the user name'],
    [{ login: 'a/b', reason: 'x' }, 'Enter the user name in one of the three ways'],
    [{ login: 'nobody.here', reason: 'x' }, 'There is nobody of that name'],
    [{ login: 'anna.berg', reason: ' ' }, 'Say why'],
  ])('%j is refused with a sentence', async (typed, said) => {
    await administrator.open('/campaigns');
    const answer = await administrator.post('/campaigns/opt-out', typed);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(said);
    expect(await store().optOuts(9)).toEqual([]);
  });

  test('is told when there are more than are shown, and comes to the top when entered once more', async () => {
    const [first, ...more] = [
      world.portals.person(),
      ...Array.from({ length: 200 }, (_, at) => ({ id: `other-${at}` })),
    ];
    const by = { by: 'somebody', at: world.clock.now() };
    const names = (): readonly string[] => {
      const $ = administrator.page;
      return $('h2 ~ table tbody th')
        .toArray()
        .map((one) => plain($(one).text()));
    };
    await store().optOut({ ...by, account: first.id, name: first.samName });
    world.clock.pass(1);
    for (const { id } of more.slice(1)) await store().optOut({ by: 'x', at: world.clock.now(), account: id, name: id });
    await administrator.open('/campaigns');
    expect([names().length, administrator.text.includes('Shown are the latest')]).toEqual([200, false]);
    await store().optOut({ by: 'x', at: world.clock.now(), account: 'other-0', name: 'other-0' });
    await administrator.open('/campaigns');
    expect([names().length, names().includes(first.samName)]).toEqual([200, false]);
    expect(administrator.text).toContain('Shown are the latest 200');
    world.clock.pass(1);
    await administrator.submit({ login: first.samName, reason: 'To be written to again' });
    expect(names()[0]).toMatch(new RegExp(`\\\\${first.samName}$`));
    for (const { account } of await store().optOuts(300)) await store().optIn(account);
  });

  test('is nothing that a forged or made-up request changes', async () => {
    await administrator.open('/campaigns');
    const typed = { login: 'anna.berg', reason: 'x' };
    expect((await administrator.post('/campaigns/opt-out', { ...typed, _csrf: 'x' })).status).toBe(403);
    expect((await auditor.post('/campaigns/opt-out', typed)).status).toBe(403);
    expect((await administrator.post('/campaigns/opt-in', { account: 'made-up' })).status).toBe(404);
    expect(await store().optOuts(9)).toEqual([]);
  });
});

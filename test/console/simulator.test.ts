import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let administrator: Visitor;
let admin: Person;
let auditor: Visitor;
let north: Person;
let south: Person;

beforeAll(async () => {
  world = await ConsoleWorld.open({ chain: ['otp-sms'], intranet: true });
  ({ visitor: administrator, person: admin } = await world.signedIn('administrator'));
  auditor = (await world.signedIn('auditor')).visitor;
  north = world.personIn('inNorth');
  south = world.personIn('south');
  await world.portals.register(south);
});
afterAll(() => world.close());

const jobs = () => world.latchkey.background.jobs;
const idOf = (visitor: Visitor): string => visitor.path.split('/').at(-1) ?? '';

/** Starts one and waits for it. The id of its job. */
async function simulated(): Promise<string> {
  await administrator.open('/simulator');
  await administrator.submit({});
  expect(administrator.path).toMatch(/^\/jobs\/[\w-]{24}$/);
  await jobs().idle();
  return idOf(administrator);
}

/** A job that goes on until it is cancelled. */
async function endless(by = 'eve'): Promise<string> {
  const job = await jobs().start('simulation', { id: by, name: 'Eve' }, async (report, signal) => {
    report({ done: 12_345 });
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Error('cancelled');
  });
  return job?.id ?? '';
}

describe('the simulation of the list in force', () => {
  test('runs in the background, and tells by policy, by unit and by name who could not pass', async () => {
    const id = await simulated();
    await administrator.open(`/jobs/${id}`);
    await administrator.open(administrator.page('.sheet a.button').attr('href') ?? '');
    expect(administrator.path).toBe(`/simulator/${id}`);
    expect(administrator.heading).toBe('The policies in force');
    const cells = (heading: string) => {
      const $ = administrator.page;
      const row = $('tbody tr').filter((_, one) => $(one).find('th').text().trim() === heading);
      return row
        .first()
        .find('td.number')
        .toArray()
        .map((cell) => $(cell).text());
    };
    expect(cells('People/North/Harbour')).toEqual(['1', '1', '0', '1']);
    expect(cells('People/South')).toEqual(['1', '1', '1', '0']);
    const named = administrator.page('#people ~ table').text();
    expect(named).toContain(north.samName);
    expect(named).not.toContain(south.samName);
    expect(named).toContain('Code by text message');
  });

  test('is read by an auditor, who can start, stop and draft nothing', async () => {
    const id = await simulated();
    await auditor.open(`/simulator/${id}`);
    expect(auditor.status).toBe(200);
    await auditor.open('/simulator');
    expect(auditor.page('main form')).toHaveLength(0);
    expect(auditor.page(`a[href="/simulator/${id}"]`)).toHaveLength(1);
  });

  test('is written down with who started and who saw it', async () => {
    const before = world.audited().length;
    const id = await simulated();
    await auditor.open(`/simulator/${id}`);
    const rows = world.audited().slice(before);
    expect(rows).toContainEqual({
      event: 'console.act',
      detail: { what: '/simulator', list: 'present', by: expect.any(String) },
    });
    expect(rows.at(-1)).toMatchObject({ event: 'console.viewed', detail: { what: '/simulator/:job', job: id } });
  });

  test('leaves as CSV in which no name is a formula', async () => {
    const evil = world.portals.person({ displayName: '=HYPERLINK("https://evil.example","x")' });
    const id = await simulated();
    const file = await administrator.ask({ method: 'get', path: `/simulator/${id}/people.csv` });
    const [taken] = world.audited('console.viewed').slice(-1);
    expect(taken?.detail).toMatchObject({ what: '/simulator/:job/people.csv', job: id, format: 'csv' });
    expect(file.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(file.headers['content-disposition']).toContain('attachment');
    const line = file.text.split('\r\n').find((one) => one.includes(evil.samName)) ?? '';
    expect(line).toContain(`"'=HYPERLINK(`);
    expect(line.endsWith(',"unregistered","otp-sms"')).toBe(true);
    const units = await administrator.ask({ method: 'get', path: `/simulator/${id}/units.csv` });
    expect(units.text).toContain('"People/North/Harbour",1,1,0,1\r\n');
  });

  test('of a list that is none, without a token, or of a draft that is not there starts nothing', async () => {
    await administrator.open('/simulator');
    const before = (await jobs().recent()).length;
    expect((await administrator.post('/simulator', { list: 'other' })).status).toBe(400);
    expect((await administrator.post('/simulator', { list: 'present', more: 'x' })).status).toBe(400);
    expect((await administrator.post('/simulator', { list: 'present', _csrf: 'x' })).status).toBe(403);
    expect((await administrator.post('/simulator', { list: 'draft' })).headers.location).toBe('/simulator');
    await administrator.open('/simulator');
    expect(administrator.text).toContain('There is no draft of yours');
    expect(await jobs().recent()).toHaveLength(before);
  });
});

describe('a job', () => {
  test('shows its progress, live or by loading again, and is stopped', async () => {
    const id = await endless();
    await administrator.open(`/jobs/${id}`);
    const $ = administrator.page;
    expect($('progress')).toHaveLength(1);
    expect($('head noscript').html()).toContain('http-equiv="refresh"');
    const state = await administrator.ask({ method: 'get', path: $('[data-job]').attr('data-job') ?? '' });
    expect(JSON.parse(state.text)).toMatchObject({
      state: 'running',
      text: expect.stringContaining('Looked at so far'),
    });
    await administrator.submit({}, undefined);
    await jobs().idle();
    await administrator.open(`/jobs/${id}`);
    expect(administrator.text).toContain('Stopped');
    expect(administrator.page('progress, head noscript')).toHaveLength(0);
    expect(await jobs().read(id)).toMatchObject({ state: 'cancelled' });
    expect(world.audited('console.act').at(-1)?.detail).toMatchObject({ what: '/jobs/:job/cancel', job: id });
  });

  test('is not stopped without the token', async () => {
    const id = await endless();
    await administrator.open(`/jobs/${id}`);
    expect((await administrator.post(`/jobs/${id}/cancel`, { _csrf: 'forged' })).status).toBe(403);
    expect(await jobs().read(id)).toMatchObject({ state: 'running', ending: false });
    await jobs().cancel(id);
    await jobs().idle();
  });

  test('that looks by itself keeps nobody signed in and fills no audit', async () => {
    const id = await endless();
    const before = world.audited().length;
    await administrator.ask({ method: 'get', path: `/jobs/${id}/state` });
    expect(world.audited()).toHaveLength(before);
    await jobs().cancel(id);
    await jobs().idle();
  });

  test('of another kind, and one that nobody started, is no simulation', async () => {
    const other = await jobs().start('audit-check', { id: 'eve', name: 'Eve' }, async () => ({ rows: 1 }));
    await jobs().idle();
    for (const path of [
      `/simulator/${other?.id}`,
      '/simulator/x',
      '/jobs/x',
      '/jobs/x/state',
      '/simulator/x/units.csv',
    ]) {
      expect([path, (await administrator.ask({ method: 'get', path })).status]).toEqual([path, 404]);
    }
  });

  test('one that runs has no result yet: its page leads to its progress', async () => {
    const id = await endless();
    expect((await administrator.ask({ method: 'get', path: `/simulator/${id}` })).headers.location).toBe(`/jobs/${id}`);
    expect((await administrator.ask({ method: 'get', path: `/simulator/${id}/people.csv` })).status).toBe(404);
    await jobs().cancel(id);
    await jobs().idle();
  });

  test('attack: whoever asks again and again has one of their own running, and is shown it', async () => {
    const own = await endless(admin.id);
    for (let press = 0; press < 3; press += 1) {
      await administrator.open('/simulator');
      await administrator.submit({});
      expect(administrator.path).toBe(`/jobs/${own}`);
      expect(administrator.text).toContain('You have one of this kind running already');
    }
    expect((await jobs().recent()).filter(({ state }) => state === 'running')).toHaveLength(1);
    await jobs().cancel(own);
    await jobs().idle();
  });

  test('more than a few at once are refused with a sentence', async () => {
    const ids = await Promise.all([endless('eve'), endless('ben'), endless('ana')]);
    await administrator.open('/simulator');
    await administrator.submit({});
    expect(administrator.path).toBe('/simulator');
    expect(administrator.text).toContain('As much runs already as may at once');
    for (const id of ids) await jobs().cancel(id);
    await jobs().idle();
  });
});

describe('one login', () => {
  test('tells in each zone which policy matches and why, and what could be done', async () => {
    await administrator.open('/one-login');
    await administrator.submit({ login: south.samName });
    expect(administrator.status).toBe(200);
    const zones = administrator
      .page('section')
      .toArray()
      .map((one) => administrator.page(one).text());
    expect(zones).toHaveLength(2);
    for (const zone of zones) {
      expect(zone).toMatch(/Could pass/);
      expect(zone).toContain('matches: it is for everybody');
      expect(zone).toContain('set a new password');
    }
    expect(administrator.page(`h2 a[href="/people/${south.id}"]`)).toHaveLength(1);
    await administrator.submit({ login: north.samName });
    expect(administrator.text).toContain('Missing: Code by text message');
    expect(world.audited('console.viewed').at(-1)?.detail).toMatchObject({ what: '/one-login' });
    expect((await world.portals.audited(north)).at(-1)).toBe('console.viewed');
  });

  test('a helpdesk sees the people of its units; the others look like nobody, to it alone', async () => {
    const { visitor } = await world.signedIn('helpdesk');
    await visitor.open('/one-login');
    await visitor.submit({ login: north.samName });
    expect(visitor.page('section')).toHaveLength(2);
    const answers: string[] = [];
    for (const login of [south.samName, 'nobody.at.all']) {
      await visitor.open('/one-login');
      await visitor.submit({ login });
      expect(visitor.status).toBe(422);
      expect(visitor.page('section')).toHaveLength(0);
      answers.push(visitor.text);
    }
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('There is nobody of that name, or not among the people you look after');
    expect((await world.portals.audited(south)).at(-1)).toBe('console.refused');
    // A row for both: without it the one would be told apart by taking longer.
    const refused = world.audited('console.refused').slice(-2);
    expect(refused.map(({ detail }) => detail.what)).toEqual(['/one-login', '/one-login']);
  });

  test('a login that is none is a sentence at the field, and markup stays text', async () => {
    await administrator.open('/one-login');
    await administrator.submit({ login: '' });
    expect(administrator.problems).toBe('Enter the user name');
    const answer = await administrator.post('/one-login', { login: '"><img src=x onerror=alert(1)>' });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('<img src=x');
    expect((await administrator.post('/one-login', { login: 'x', list: 'present', id: '1' })).status).toBe(400);
  });

  test('a draft is nobody else’s to try: asked for without one, no other list answers', async () => {
    const { visitor } = await world.signedIn('helpdesk');
    await visitor.open('/one-login');
    const answer = await visitor.post('/one-login', { login: north.samName, list: 'draft' });
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('There is no draft of yours')]);
    expect(answer.text).toContain(`value="${north.samName}"`);
    expect(answer.text).not.toContain('matches: it is for everybody');
  });
});

describe('a draft', () => {
  let stored: ConsoleWorld;
  beforeAll(async () => {
    stored = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  });
  afterAll(() => stored.close());

  test('of mine is tried on everybody and on one, and holds for nobody; another administrator sees no draft', async () => {
    const { person, visitor } = await stored.signedIn('administrator');
    const other = (await stored.signedIn('administrator')).visitor;
    const { policies } = stored.latchkey.stores;
    const list = [{ name: 'questions too', members: 'everyone', chain: ['otp-sms', 'questions'] }];
    await policies.keepDraft(person.id, { revision: 0, basedOn: 1, policies: list }, stored.clock.now());
    await visitor.open('/simulator');
    const started = await visitor.post('/simulator', { list: 'draft' });
    expect(started.headers.location).toMatch(/^\/jobs\//);
    await stored.latchkey.background.jobs.idle();
    await visitor.open(String(started.headers.location).replace('/jobs/', '/simulator/'));
    expect(visitor.heading).toBe('What the draft would do');
    expect(visitor.page('main a[href="/policies/draft/review"]')).toHaveLength(1);
    const row = visitor
      .page('#people ~ table tbody tr')
      .filter((_, one) => visitor.page(one).text().includes(person.samName));
    expect(row.text()).toContain('Missing: ');
    expect(visitor.page('#policies ~ table').first().text()).toContain('questions too');
    await visitor.open('/one-login');
    const one = await visitor.post('/one-login', { login: person.samName, list: 'draft' });
    expect(one.text).toContain('Tried with your draft');
    expect(one.text).toContain('questions too');
    expect((await policies.latest())?.policies).not.toEqual(list);
    await other.open('/simulator');
    expect(other.page('input[name="list"]')).toHaveLength(1);
    expect((await other.post('/simulator', { list: 'draft' })).headers.location).toBe('/simulator');
  });

  test('that names what the directory does not have is tried on nobody, and says so', async () => {
    const { person, visitor } = await stored.signedIn('administrator');
    const { policies } = stored.latchkey.stores;
    const members = { groups: ['Phantoms'], units: ['People/Atlantis'] };
    const list = [{ name: 'ghosts', members, chain: ['otp-sms'] }];
    await policies.keepDraft(person.id, { revision: 0, basedOn: 1, policies: list }, stored.clock.now());
    const before = (await stored.latchkey.background.jobs.recent()).length;
    await visitor.open('/simulator');
    await visitor.submit({ list: 'draft' });
    const said = [
      '“ghosts” names the group Phantoms, which the directory does not have.',
      '“ghosts” names the unit People/Atlantis, which the directory does not have.',
    ];
    expect(visitor.status).toBe(422);
    for (const sentence of said) expect(visitor.text).toContain(sentence);
    expect(await stored.latchkey.background.jobs.recent()).toHaveLength(before);
    await visitor.open('/one-login');
    await visitor.submit({ login: person.samName, list: 'draft' });
    expect(visitor.status).toBe(422);
    for (const sentence of said) expect(visitor.text).toContain(sentence);
    expect(visitor.page('[name="list"][checked]').attr('value')).toBe('draft');
  });

  test('that cannot be read is not offered', async () => {
    const { person, visitor } = await stored.signedIn('administrator');
    const { policies } = stored.latchkey.stores;
    await policies.keepDraft(person.id, { revision: 0, basedOn: 1, policies: [{ name: 'x' }] }, stored.clock.now());
    await visitor.open('/simulator');
    expect(visitor.status).toBe(200);
    expect(visitor.page('input[name="list"]')).toHaveLength(1);
  });
});

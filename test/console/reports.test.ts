import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DailyCount } from '../../src/core/reports/report-counts.ts';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

const day = '2026-03-01';
let world: ConsoleWorld;
let administrator: Visitor;
let auditor: Visitor;
let north: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  administrator = (await world.signedIn('administrator')).visitor;
  auditor = (await world.signedIn('auditor')).visitor;
  north = (await world.signedIn('helpdesk')).visitor;
  await fill();
});
afterAll(() => world.close());

async function fill(): Promise<void> {
  const { reports, duties, audit } = world.latchkey.stores;
  const now = world.clock.now();
  const one = (changes: Partial<DailyCount>): DailyCount => {
    const bare = { day, portal: 'reset', gate: '', provider: '', why: '', decoy: false };
    return { ...bare, event: 'write.done', count: 1, ...changes };
  };
  await duties.hold('count', 'test', { now, until: new Date(now.getTime() + 1_000) });
  const to = (await audit.head()).sequence;
  await reports.add(
    [
      one({ why: 'unlock', count: 41 }),
      one({ event: 'gate.opened', gate: 'otp-sms', why: 'verify', count: 8 }),
      one({ event: 'gate.passed', gate: 'otp-sms', why: 'verify', count: 6 }),
      one({ event: 'gate.opened', gate: 'caller-otp-sms', why: 'verify', count: 4 }),
      one({ event: 'gate.opened', gate: '=evil', why: 'verify', count: 2 }),
      one({ event: 'challenge.sent', provider: '<script>alert(1)</script>', why: 'sms', count: 5 }),
      one({ event: 'flow.started', why: 'unregistered', decoy: true, count: 31 }),
      one({ event: 'flow.refused', why: "=cmd|' /C calc'!A0", count: 3 }),
    ],
    { by: 'test', from: 0, to, now },
  );
  const snapshot = (unit: string, people: number) => ({ day, unit, people, registered: 60, ready: 50 });
  await reports.keepCoverage(day, [
    snapshot('People/North', 111),
    snapshot('People/North/Harbour', 222),
    snapshot('People/Northern', 444),
    snapshot('People/South', 888),
    snapshot('=1+1"><img src=x onerror=alert(1)>', 1_776),
  ]);
}

/** The cells of a plot's table, each row with its name first. */
function table(visitor: Visitor, plot: string): readonly (readonly string[])[] {
  const $ = visitor.page;
  return $(`#${plot} tr`)
    .toArray()
    .map((row) =>
      $(row)
        .find('th, td')
        .toArray()
        .map((cell) => $(cell).text()),
    );
}

describe('the overview', () => {
  test('shows what was counted, as tables that need no script', async () => {
    for (const visitor of [administrator, auditor]) {
      await visitor.open('/reports');
      expect(visitor.status).toBe(200);
      expect(table(visitor, 'actions')).toContainEqual(['Mar 1, 2026', '0', '41']);
      expect(table(visitor, 'gates').map(([name]) => name)).toContain('Check of a caller by text');
      expect(table(visitor, 'gates')).toContainEqual([
        'Code by text message',
        '6',
        '2',
        '0',
        '0',
        '8',
        '75%',
        '0',
        '0',
      ]);
      expect(table(visitor, 'refusals')[1]).toEqual(['Not registered', '31']);
      expect(visitor.page('details[open][data-plot]').length).toBeGreaterThan(3);
    }
  });

  test('shows the days and the gate that were asked for, and nothing where there is nothing', async () => {
    await administrator.open('/reports?from=2026-02-01&to=2026-02-03&gate=otp-sms');
    expect(administrator.page('#from').attr('value')).toBe('2026-02-01');
    expect(administrator.text).toContain('Nothing in this time.');
    expect(administrator.page('table')).toHaveLength(0);
    await administrator.open('/reports?from=2026-03-01&to=2026-03-01&gate=otp-sms');
    expect(table(administrator, 'gates').map(([name]) => name)).toEqual(['Gate', 'Code by text message']);
  });

  test('says of what belongs to no gate that it is of all, where a gate was chosen', async () => {
    const told = () =>
      ['actions', 'refusals', 'gates', 'registrations', 'bars', 'providers'].filter((id) =>
        administrator.page(`#${id} .hint`).text().includes('This is of all gates.'),
      );
    await administrator.open('/reports?gate=otp-sms');
    expect(told()).toEqual(['actions', 'refusals']);
    await administrator.open('/reports');
    expect(told()).toEqual([]);
  });

  test.each([
    'from=275760-09-13',
    'from=-1',
    'to=99999999999999999999',
    'from=2026-03-01&from=2026-03-02',
    'from[$gt]=1',
    `gate=${'x'.repeat(10_000)}`,
    'gate=%00',
    'gate=%E2%80%AE',
    'from=2000-01-01',
    'from=2026-03-02&to=2026-03-01',
  ])('takes no absurd filter, says so, and stays a page: %s', async (query) => {
    await administrator.open(`/reports?${query}`);
    if (query.startsWith('from[')) expect(administrator.status).toBe(200);
    else expect([administrator.status, administrator.problems]).not.toEqual([400, '']);
    expect(administrator.heading).toBe('Reports');
    expect(administrator.page('table tr').length).toBeLessThan(200);
  });

  test('writes what others chose as text and never as markup', async () => {
    await administrator.open('/reports?gate=%22%3E%3Cscript%3Ealert(1)%3C/script%3E');
    await administrator.open('/reports');
    const { text } = administrator.answer;
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; · sms');
    expect(text).not.toMatch(/<script(?![^>]* src="\/assets\/)|<img|onerror=[^&]*>|\sstyle=/);
  });
});

describe('a file of a report', () => {
  const file = async (visitor: Visitor, query: string) =>
    visitor.ask({ method: 'get', path: `/reports/file?from=${day}&to=2026-03-02&${query}` });

  test('has what the table has, in UTF-8 with its mark, and is in the audit', async () => {
    const answer = await file(auditor, 'plot=actions');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toBe(
      'attachment; filename=latchkey-actions-2026-03-01-2026-03-02.csv',
    );
    expect(answer.text).toBe('\ufeff"Day","New passwords","Unlocks"\r\n"2026-03-01",0,41\r\n"2026-03-02",0,0\r\n');
    expect(world.audited('audit.exported').at(-1)?.detail).toMatchObject({ plot: 'actions', format: 'csv', from: day });
  });

  test('holds no formula, whatever somebody called a thing', async () => {
    expect((await file(administrator, 'plot=gates')).text).toContain('"\'=evil",0,2,');
    const refusals = (await file(administrator, 'plot=refusals')).text;
    expect(refusals).toContain('"reset: =cmd|\' /C calc\'!A0",3');
    const coverage = await administrator.ask({ method: 'get', path: '/coverage/file?plot=units' });
    expect(coverage.text).toContain('"\'=1+1""><img src=x onerror=alert(1)>",60,');
  });

  test('is not there for what is no report, nor for a filter that cannot be taken', async () => {
    for (const query of ['plot=', 'plot=units', 'plot=__proto__', 'plot=actions&plot=gates', 'plot=../../etc/passwd']) {
      expect((await file(administrator, query)).status, query).toBe(404);
    }
    const answer = await administrator.ask({ method: 'get', path: '/reports/file?plot=actions&from=275760-09-13' });
    expect(answer.status).toBe(404);
  });
});

describe('the helpdesk', () => {
  test('sees no numbers of the whole organisation, as page or as file', async () => {
    for (const path of ['/reports', '/reports/file?plot=actions', '/reports?gate=otp-sms']) {
      const before = world.audited('audit.exported').length;
      const answer = await north.ask({ method: 'get', path });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.text).not.toMatch(/\b41\b/);
      expect(world.audited('audit.exported')).toHaveLength(before);
    }
    expect((await north.open('/')).page('nav a[href="/reports"], nav a[href="/audit"]')).toHaveLength(0);
  });

  test('sees the registration of its own units and the ones below, and of no other', async () => {
    await north.open('/coverage');
    expect(table(north, 'units').map(([name]) => name)).toEqual(['Unit', 'People/North', 'People/North/Harbour']);
    expect(table(north, 'coverage')[1]?.slice(0, 4)).toEqual(['Mar 1, 2026', '333', '120', '100']);
    expect(north.page('option').toArray()).toHaveLength(3);
    await north.open('/coverage?unit=people/north/harbour');
    expect(table(north, 'coverage')[1]?.[1]).toBe('222');
  });

  test.each([
    'People/South',
    'People',
    '%',
    'People/Northern',
    'People/Nowhere',
    'People/North/../South',
    "x') or 1=1 --",
  ])('learns nothing of another unit by asking for it: %s', async (unit) => {
    for (const path of ['/coverage', '/coverage/file']) {
      const query = new URLSearchParams({ unit, plot: 'units' });
      const answer = await north.ask({ method: 'get', path: `${path}?${query}` });
      // Without the tokens of its forms, which are made of digits too.
      const text = answer.text.replace(/name="_csrf" value="[^"]*"/g, '');
      expect(text).not.toMatch(/888|444|1776|1,776|999/);
      expect(answer.text).not.toMatch(/"value-of-south"|People\/South<\/bdi>/);
    }
    await north.open(`/coverage?${new URLSearchParams({ unit })}`);
    expect(north.page('table')).toHaveLength(0);
  });

  test('of two units sees both, and somebody who is also an auditor sees all', async () => {
    const { visitor } = await world.signedIn('helpdesk', 'helpdesk-south');
    await visitor.open('/coverage');
    expect(table(visitor, 'coverage')[1]?.[1]).toBe('1,221');
    const both = (await world.signedIn('helpdesk', 'auditor')).visitor;
    await both.open('/coverage');
    expect(table(both, 'coverage')[1]?.[1]).toBe('3,441');
  });
});

test('the library that draws comes from here, and its page names nothing from elsewhere', async () => {
  const answer = await administrator.ask({ method: 'get', path: '/assets/chart.js' });
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  expect(answer.text).toContain('Chart.js v4');
  expect(answer.headers['content-security-policy']).toContain("script-src 'self'");
  await administrator.open('/reports');
  const sources = administrator
    .page('script')
    .toArray()
    .map((one) => administrator.page(one).attr('src'));
  expect(sources).toEqual(['/assets/latchkey.js', '/assets/chart.js', '/assets/reports.js', '/assets/idle.js']);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyCount } from '../../src/core/reports/policy-counts.ts';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

const day = '2026-03-01';
const span = `from=${day}&to=2026-03-02`;
/** A policy that is in force no more, called as badly as it could be. */
const formula = '=cmd|"/C calc"!A0';
const markup = '"><img src=x onerror=alert(1)>';
const long = 'x'.repeat(200);
let world: ConsoleWorld;
let administrator: Visitor;
let auditor: Visitor;
let north: Visitor;
/** The one policy of the world. */
let inForce: string;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  administrator = (await world.signedIn('administrator')).visitor;
  auditor = (await world.signedIn('auditor')).visitor;
  north = (await world.signedIn('helpdesk')).visitor;
  inForce = (await administrator.open('/reports')).page('#policy optgroup option').text();
  await fill();
});
afterAll(() => world.close());

async function fill(): Promise<void> {
  const { reports, duties, audit } = world.latchkey.stores;
  const now = world.clock.now();
  const until = new Date(now.getTime() + 1_000);
  const moved = { by: 'test', from: 0, to: (await audit.head()).sequence, now };
  const one = (changes: Partial<PolicyCount>): PolicyCount => {
    const bare = { day, portal: 'reset', gate: '', provider: '', why: '', decoy: false, policy: inForce };
    return { ...bare, event: 'write.done', count: 1, ...changes };
  };
  const own = [
    one({ why: 'unlock', count: 41 }),
    one({ event: 'gate.opened', gate: 'otp-sms', why: 'verify', count: 8 }),
    one({ event: 'gate.passed', gate: 'otp-sms', why: 'verify', count: 6 }),
    one({ event: 'challenge.sent', provider: 'texts', why: 'sms', count: 5 }),
    one({ event: 'flow.started', why: 'unregistered', decoy: true, count: 31 }),
    one({ policy: formula, why: 'reset', count: 7 }),
    one({ policy: markup, why: 'reset', count: 8 }),
    one({ policy: long, why: 'reset', count: 9 }),
  ];
  const nobody = one({ event: 'flow.started', why: 'unknown', decoy: true, count: 77 });
  const ofAll = [...own, nobody].map(({ policy: _, ...count }) => count);
  await duties.hold('count', 'test', { now, until });
  await duties.hold('count-policies', 'test', { now, until });
  await reports.add(ofAll, moved);
  await reports.addByPolicy(own, moved);
  const snapshot = (unit: string, people: number) => ({ day, unit, people, registered: 60, ready: 50 });
  await reports.keepCoverage(
    day,
    [snapshot('People/North', 111), snapshot('People/South', 888)],
    [
      { ...snapshot('People/North', 101), policy: inForce },
      { ...snapshot('People/South', 333), policy: formula },
    ],
  );
}

const query = (policy: string, more = '') => `${span}&${new URLSearchParams({ policy })}${more}`;

function rows(visitor: Visitor, plot: string): readonly string[] {
  const $ = visitor.page;
  return $(`#${plot} tbody tr`)
    .toArray()
    .map((row) => $(row).text());
}

function choices(visitor: Visitor): Readonly<Record<string, readonly string[]>> {
  const $ = visitor.page;
  const groups = $('#policy optgroup').toArray();
  const texts = groups.map((group) =>
    $(group)
      .find('option')
      .toArray()
      .map((option) => $(option).text()),
  );
  return Object.fromEntries(groups.map((group, at) => [$(group).attr('label'), texts[at] ?? []]));
}

describe('reports of one policy', () => {
  test('are offered to who oversees all: those in force, and those that are gone and have numbers', async () => {
    for (const visitor of [administrator, auditor]) {
      for (const path of ['/reports', '/coverage']) {
        await visitor.open(path);
        expect(choices(visitor)['In force']).toEqual([inForce]);
        expect(choices(visitor)['No longer in force']?.toSorted()).toEqual([markup, formula, long].toSorted());
        expect(visitor.page('#policy option[selected]')).toHaveLength(0);
      }
    }
  });

  test('have the numbers of its visits alone, and all policies have everybody’s', async () => {
    await administrator.open(`/reports?${query(inForce)}`);
    expect(administrator.page('#policy option[selected]').text()).toBe(inForce);
    expect(rows(administrator, 'actions')).toEqual(['Mar 1, 2026041', 'Mar 2, 202600']);
    expect(rows(administrator, 'gates')).toEqual(['Code by text message62008' + '75%00']);
    expect(rows(administrator, 'refusals')).toEqual(['Not registered31']);
    expect(rows(administrator, 'providers')).toEqual(['texts · sms50']);
    expect(administrator.text).toContain(`Only of visits that began under`);
    expect(administrator.text).not.toContain('of the whole organisation');
    await administrator.open(`/reports?${span}`);
    expect(rows(administrator, 'actions')).toEqual(['Mar 1, 20262441', 'Mar 2, 202600']);
    expect(rows(administrator, 'refusals')).toEqual(['No such user name77', 'Not registered31']);
  });

  test('stay with the policy that was chosen, in its links, the file and the audit', async () => {
    await administrator.open(`/reports?${query(formula)}`);
    const link = administrator.page('#actions .file a').attr('href') ?? '';
    expect(new URLSearchParams(link.split('?')[1]).get('policy')).toBe(formula);
    const { text, headers } = await administrator.ask({ method: 'get', path: link });
    expect(headers['content-disposition']).toBe('attachment; filename=latchkey-actions-2026-03-01-2026-03-02.csv');
    expect(text).toBe(
      '\ufeff"Day","New passwords","Unlocks","Policy"\r\n' +
        `"2026-03-01",7,0,"'=cmd|""/C calc""!A0"\r\n"2026-03-02",0,0,"'=cmd|""/C calc""!A0"\r\n`,
    );
    expect(world.audited('audit.exported').at(-1)?.detail).toMatchObject({ plot: 'actions', policy: formula });
    const views = world.audited('console.viewed').map(({ detail }) => detail);
    expect(views.findLast(({ what }) => what === '/reports')).toMatchObject({ policy: formula });
  });

  test('take a policy however its case is typed, and write its name as text', async () => {
    await auditor.open(`/reports?${query(inForce.toUpperCase())}`);
    expect(auditor.page('#policy option[selected]').text()).toBe(inForce);
    for (const name of [markup, long]) {
      await auditor.open(`/reports?${query(name)}`);
      expect(auditor.page('#policy option[selected]').text()).toBe(name);
      expect(auditor.answer.text).not.toMatch(/<img|onerror=[^&]*>|\sstyle=/);
    }
  });

  test.each([
    ['one that nobody knows', 'policy=Nowhere'],
    ['several', 'policy=a&policy=b'],
    ['a list', 'policy[]=a&policy[]=b'],
    ['what is not seen', 'policy=%00'],
    ['a percent sign', 'policy=%25'],
    ['another language', `policy=${encodeURIComponent("x') or 1=1 --")}`],
    ['a name of nobody', 'policy=__proto__'],
    ['10,000 characters', `policy=${'x'.repeat(10_000)}`],
  ])('say so of %s, show all policies, and give no file', async (_name, asked) => {
    await administrator.open(`/reports?${span}&${asked}`);
    if (!asked.startsWith('policy[')) expect([administrator.status, administrator.problems]).not.toEqual([200, '']);
    expect(administrator.page('#policy option[selected]')).toHaveLength(0);
    expect(rows(administrator, 'refusals')).toContain('No such user name77');
    const files = ['/reports/file?plot=actions', '/coverage/file?plot=units'];
    for (const file of asked.startsWith('policy[') ? [] : files) {
      expect((await administrator.ask({ method: 'get', path: `${file}&${span}&${asked}` })).status).toBe(404);
    }
  });

  test('say that they are too small while what happened before is still being counted by policy', async () => {
    const { duties, reports } = world.latchkey.stores;
    const told = async (asked: string) =>
      (await administrator.open(`/reports?${asked}`)).text.includes('still being counted');
    expect(await told(query(inForce))).toBe(false);
    const now = world.clock.now();
    const from = (await duties.read('count')).position;
    await duties.hold('count', 'test', { now, until: new Date(now.getTime() + 1_000) });
    await reports.add([], { by: 'test', from, to: from + 5_001, now });
    expect([await told(query(inForce)), await told(span)]).toEqual([true, false]);
    await duties.hold('count-policies', 'test', { now, until: new Date(now.getTime() + 1_000) });
    await reports.addByPolicy([], { by: 'test', from, to: from + 5_001, now });
    expect(await told(query(inForce))).toBe(false);
  });

  test('keep a gate to be seen that was chosen and has no numbers there', async () => {
    await administrator.open(`/reports?${query(formula, '&gate=otp-sms')}`);
    expect(administrator.page('#gate option[selected]').attr('value')).toBe('otp-sms');
  });
});

describe('registration under one policy', () => {
  test('is of the people under it', async () => {
    await auditor.open(`/coverage?${query(inForce)}`);
    expect(rows(auditor, 'units')).toEqual(['People/North60411015059.4%']);
    expect(auditor.text).toContain('Registered means all that it asks of somebody');
    expect(auditor.text).not.toContain('of every zone');
    const link = auditor.page('#units .file a').attr('href') ?? '';
    const { text } = await auditor.ask({ method: 'get', path: link });
    expect(text).toContain(`"People/North",60,41,101,50,${60 / 101},"${inForce}"\r\n`);
    await auditor.open(`/coverage?${query(formula, '&unit=people/south')}`);
    expect(rows(auditor, 'units')).toEqual(['People/South602733335018%']);
    expect(auditor.page('#unit option[selected]').text()).toBe('People/South');
    await auditor.open(`/coverage?${query(formula, '&unit=People/North')}`);
    expect([auditor.page('table').length, auditor.page('#unit option[selected]').text()]).toEqual([0, 'People/North']);
  });

  test('is nothing that the helpdesk sees: a policy that is there is to them as one that is not', async () => {
    const plain = async (path: string) => {
      const { status, text } = await north.ask({ method: 'get', path });
      return [status, text.replace(/name="_csrf" value="[^"]*"/g, '').replace(/nonce="[^"]*"/g, '')];
    };
    for (const policy of [inForce, formula, 'Nowhere', long, 'x'.repeat(10_000), '\u0000']) {
      expect(await plain(`/coverage?${query(policy)}`)).toEqual(await plain(`/coverage?${span}`));
      expect(await plain(`/coverage/file?plot=units&${query(policy)}`)).toEqual(
        await plain(`/coverage/file?plot=units&${span}`),
      );
    }
    await north.open('/coverage');
    expect(rows(north, 'units').map((row) => row.slice(0, 15))).toEqual(['People/North605']);
    expect(north.page('#policy')).toHaveLength(0);
    expect(north.answer.text).not.toContain('calc');
    for (const path of ['/reports', '/reports/file']) {
      expect((await north.ask({ method: 'get', path: `${path}?plot=actions&${query(inForce)}` })).status).toBe(403);
    }
  });
});

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import BetterSqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent, AuditSearch } from '../../src/core/audit/audit.ts';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld } from './world.ts';

const subject = '6f1f7f0e-4a52-4f0f-9a3a-0f3f4dd34c11';
const markup = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
let world: ConsoleWorld;
let administrator: Visitor;
let auditor: Visitor;
let reader: Person;
let helpdesk: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open();
  administrator = (await world.signedIn('administrator')).visitor;
  ({ visitor: auditor, person: reader } = await world.signedIn('auditor'));
  helpdesk = (await world.signedIn('helpdesk')).visitor;
});
afterAll(() => world.close());

const append = (event: Partial<AuditEvent> = {}) =>
  world.latchkey.stores.audit.append({ at: world.clock.now(), event: 'gate.wrong', subject, ...event });

/** Changes the database as somebody would who has it. */
function tamper(statement: string): void {
  const database = new BetterSqlite(world.portals.databaseFile);
  database.exec(statement);
  database.close();
}

/** Asks for a file and closes the connection at its first piece. */
async function leaveInTheMiddle(path: string): Promise<void> {
  const { host, port } = new URL(world.origin);
  const cookie = [...auditor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const asked = get({ host: 'localhost', port, path, headers: { host, cookie } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.on('error', () => undefined).once('data', () => asked.destroy());
  await new Promise<void>((resolve) => response.on('close', () => resolve()));
}

/** Numbers of the rows on the page. */
const numbers = ({ page }: Visitor): readonly number[] =>
  page('tbody th')
    .toArray()
    .map((cell) => Number(page(cell).text()));

const search = (visitor: Visitor, query: Readonly<Record<string, string>>): Promise<Visitor> =>
  visitor.open(`/audit?${new URLSearchParams(query)}`);

describe('the search', () => {
  test('finds by each field, newest first, and says when there is nothing', async () => {
    const about = { flow: 'a-flow_1', address: '192.0.2.77', correlation: 'c-77', gate: 'otp-sms' };
    const first = await append(about);
    const second = await append({ ...about, event: 'gate.passed' });
    for (const [name, value] of Object.entries({ ...about, gate: undefined })) {
      if (value === undefined) continue;
      await search(auditor, { [name]: value });
      expect([name, ...numbers(auditor)]).toEqual([name, second.sequence, first.sequence]);
    }
    await search(auditor, { flow: 'a-flow_1', event: 'gate.passed', from: '2026-03-02', to: '2026-03-02' });
    expect(numbers(auditor)).toEqual([second.sequence]);
    await search(auditor, { flow: 'a-flow_1', to: '2026-03-01' });
    expect(auditor.text).toContain('No row is like that.');
  });

  test('turns pages there and back without losing a row', async () => {
    const person = 'somebody-with-many-rows';
    const made: number[] = [];
    for (let at = 0; at < 120; at += 1) made.unshift((await append({ subject: person })).sequence);
    await search(auditor, { subject: person });
    expect(auditor.page('a[rel="prev"]')).toHaveLength(0);
    const seen = [numbers(auditor)];
    for (let at = 0; at < 2; at += 1) {
      await auditor.open(auditor.page('a[rel="next"]').attr('href') ?? '');
      seen.push(numbers(auditor));
    }
    expect(seen.map((page) => page.length)).toEqual([50, 50, 20]);
    expect(seen.flat()).toEqual(made);
    expect(auditor.page('a[rel="next"]')).toHaveLength(0);
    await auditor.open(auditor.page('a[rel="prev"]').attr('href') ?? '');
    expect(numbers(auditor)).toEqual(seen[1]);
    await auditor.open(auditor.page('a[rel="prev"]').attr('href') ?? '');
    expect(numbers(auditor)).toEqual(seen[0]);
  });

  test.each([
    { from: '275760-09-13' },
    { before: '-1' },
    { before: '0' },
    { after: '1e99' },
    { before: '9'.repeat(500) },
    { subject: 'x'.repeat(10_000) },
    { subject: '\u0000' },
    { address: '\u202e' },
    { from: "2026-03-01' or '1'='1" },
  ])('takes nothing absurd, says so, and shows no row: %j', async (query) => {
    await search(administrator, query as unknown as Record<string, string>);
    expect([administrator.status, numbers(administrator)]).toEqual([400, []]);
    expect(administrator.problems).not.toBe('');
  });

  test('takes every text for a text', async () => {
    for (const text of ["' or '1'='1", '%', '"; drop table audit; --', '{{7*7}}', '<%= 1 %>', '__proto__']) {
      await search(administrator, { subject: text });
      expect([text, administrator.status, numbers(administrator)]).toEqual([text, 200, []]);
    }
  });

  test('is in the audit itself, with what was looked for', async () => {
    await search(auditor, { subject, from: '2026-03-01' });
    const { detail } = world.audited('console.viewed').at(-1) ?? {};
    expect(detail).toMatchObject({ what: '/audit', subject, from: '2026-03-01' });
  });
});

describe('a row', () => {
  test('shows everything of it, whether it fits, and the way to the rows beside it', async () => {
    const row = await append({ flow: 'f', detail: { tries: 3, why: 'typed' } });
    await auditor.open(`/audit/rows/${row.sequence}`);
    expect(auditor.heading).toBe(`Row ${row.sequence}`);
    for (const text of ['gate.wrong', subject, 'tries', 'typed', row.hash, 'Fits to the row before']) {
      expect(auditor.text).toContain(text);
    }
    expect(auditor.page(`main a[href="/people/${subject}"]`).text()).toBe('Who that is');
    await auditor.open(auditor.page('a[rel="prev"]').attr('href') ?? '');
    expect(auditor.heading).toBe(`Row ${row.sequence - 1}`);
  });

  test('with markup and unseen signs in every field is text that is seen, here and in the list', async () => {
    const field = `${markup}\u202e\u0000`;
    const row = await append({
      event: field as AuditEvent['event'],
      subject: field,
      portal: field,
      flow: field,
      gate: field,
      address: field,
      correlation: field,
      detail: { [field]: field },
    });
    for (const path of ['/audit', `/audit/rows/${row.sequence}`]) {
      await administrator.open(path);
      const { text } = administrator.answer;
      expect(administrator.status).toBe(200);
      expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
      expect(text).not.toMatch(/<script(?![^>]* src="\/assets\/)|<img|\u202e/);
      expect(text).not.toContain('\0');
      expect(administrator.text).toContain('\\u202e\\u0000');
    }
  });

  test.each(['0', '-1', '999999999999999', '1e3', '01', '٣', 'check ', '%00', '..%2f..%2fetc'])(
    'that is not there is not found: %s',
    async (number) => {
      const answer = await administrator.ask({ method: 'get', path: `/audit/rows/${number}` });
      expect(answer.status).toBe(404);
    },
  );

  test('that was changed says that it does not fit', async () => {
    const row = await append();
    await append();
    tamper(`update audit set event = 'gate.passed' where sequence = ${row.sequence}`);
    await auditor.open(`/audit/rows/${row.sequence}`);
    expect(auditor.text).toContain('Does not fit to the row before');
    tamper(`update audit set event = 'gate.wrong' where sequence = ${row.sequence}`);
  });
});

describe('a file', () => {
  test('has all that was found, page by page, in the audit before the first of it', async () => {
    const person = 'somebody-in-a-file';
    const made = [];
    for (let at = 0; at < 3; at += 1) made.unshift(await append({ subject: person, detail: { at, text: '=1+1' } }));
    const path = `/audit/file?${new URLSearchParams({ subject: person })}`;
    const { text, headers } = await auditor.ask({ method: 'get', path });
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename=latchkey-audit.csv');
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(
      '\ufeff"sequence","at","event","subject","portal","flow","gate","address","correlation","detail","hash"',
    );
    expect(lines.slice(1)).toEqual([
      ...made.map(
        (row, at) =>
          `${row.sequence},"${row.at.toISOString()}","gate.wrong","${person}",,,,,,"{""at"":${2 - at},""text"":""'=1+1""}","${row.hash}"`,
      ),
      '',
    ]);
    const exported = world.audited('audit.exported').at(-1);
    expect(exported?.detail).toMatchObject({ what: '/audit/file', subject: person, format: 'csv' });
  });

  test('longer than a page of the store is whole', async () => {
    const { audit } = world.latchkey.stores;
    const person = 'somebody-with-a-long-file';
    for (let at = 0; at < 1_201; at += 1)
      await audit.append({ at: world.clock.now(), event: 'gate.wrong', subject: person });
    // Whatever page somebody stood on: the audit says that all of it was taken.
    for (const page of ['', '&after=1', '&before=2']) {
      const { text } = await auditor.ask({ method: 'get', path: `/audit/file?subject=${person}${page}` });
      const found = text
        .split('\r\n')
        .slice(1, -1)
        .map((line) => Number(line.split(',')[0]));
      expect([page, found.length]).toEqual([page, 1_201]);
      expect(found).toEqual([...new Set(found)].sort((a, b) => b - a));
    }
  });

  test('that cannot be read to its end has none, and the log says why; whoever leaves is no fault', async () => {
    const { audit } = world.latchkey.stores;
    const cut = () => world.portals.log.filter((line) => line.includes('a file was cut short')).length;
    const path = '/audit/file?subject=somebody-with-a-long-file';
    const read = audit.search;
    let pages = 0;
    Object.assign(audit, {
      search(wanted: AuditSearch) {
        pages += 1;
        return pages === 2 ? Promise.reject(new Error('the store is gone')) : read(wanted);
      },
    });
    try {
      await expect(auditor.ask({ method: 'get', path })).rejects.toThrow('aborted');
    } finally {
      Object.assign(audit, { search: read });
    }
    expect(cut()).toBe(1);
    await leaveInTheMiddle(path);
    expect(cut()).toBe(1);
    expect((await auditor.ask({ method: 'get', path })).text.split('\r\n')).toHaveLength(1_203);
  });

  test('of a search that cannot be taken is none', async () => {
    const answer = await auditor.ask({ method: 'get', path: '/audit/file?from=275760-09-13' });
    expect(answer.status).toBe(404);
  });
});

test('a search whose days are the wrong way round says so, where nothing could be found', async () => {
  await auditor.open('/audit?from=2026-03-02&to=2026-03-01');
  expect([auditor.status, auditor.problems]).toEqual([400, 'The first day must not come after the last']);
  expect(auditor.page('.problem a').attr('href')).toBe('#from');
  expect(auditor.page('#from').attr('value')).toBe('2026-03-02');
});

test('whoever looks at one of many is in the audit with which', async () => {
  const { jobs } = world.latchkey.background;
  const job = await jobs.start('audit-check', { id: reader.id, name: 'Reader' }, async () => ({ rows: 1 }));
  await jobs.idle();
  for (const path of ['/jobs', '/audit/check']) {
    await auditor.open(`${path}/${job?.id}`);
    expect(world.audited('console.viewed').at(-1)?.detail).toMatchObject({ what: `${path}/:job`, job: job?.id });
  }
});

describe('the check of the chain', () => {
  const finished = async (visitor: Visitor): Promise<Visitor> => {
    const { path } = visitor;
    while (visitor.heading === 'The chain is being checked') await visitor.open(path);
    return visitor;
  };

  test('runs in the background, is seen by whoever reads the audit, and finds it whole', async () => {
    await auditor.open('/audit/check');
    await finished(await auditor.submit());
    expect(auditor.heading).toBe('The chain is whole');
    expect(auditor.text).toMatch(/\d[\d,]* rows/);
    await administrator.open('/audit/check');
    await administrator.open(administrator.page('tbody th a').attr('href') ?? '');
    expect(administrator.heading).toBe('The chain is whole');
  });

  test('attack: an auditor who starts one after another has one place, and others still start theirs', async () => {
    const { jobs } = world.latchkey.background;
    const own = await jobs.start('audit-check', { id: reader.id, name: 'Reader' }, async (_report, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Error('cancelled');
    });
    await auditor.open('/audit/check');
    const form = auditor.form();
    const answers = await Promise.all(Array.from({ length: 20 }, () => auditor.ask({ method: 'post', ...form })));
    for (const { status, headers } of answers) {
      expect([status, headers.location]).toEqual([303, `/audit/check/${own?.id}`]);
    }
    await auditor.open(`/audit/check/${own?.id}`);
    expect(auditor.text).toContain('You have one of this kind running already');
    // It asks how far it is where nothing is written down and nobody stays signed in for it.
    expect(auditor.page('[data-job]').attr('data-job')).toBe(`/jobs/${own?.id}/state`);
    expect(auditor.page('[data-reload]')).toHaveLength(0);
    expect((await auditor.ask({ method: 'get', path: `/jobs/${own?.id}/state` })).status).toBe(200);
    const running = (await jobs.recent()).filter(({ kind, state }) => kind === 'audit-check' && state === 'running');
    expect(running.map(({ id }) => id)).toEqual([own?.id]);
    await administrator.open('/audit/check');
    await finished(await administrator.submit());
    expect(administrator.heading).toBe('The chain is whole');
    await jobs.cancel(own?.id ?? '');
    await jobs.idle();
  });

  test('names the row that was changed', async () => {
    const row = await append();
    await append();
    tamper(`update audit set address = 'x' where sequence = ${row.sequence}`);
    await auditor.open('/audit/check');
    await finished(await auditor.submit());
    expect(auditor.heading).toBe('The chain is broken');
    expect(auditor.text).toContain(`It breaks at row ${row.sequence}:`);
    tamper(`update audit set address = null where sequence = ${row.sequence}`);
  });

  test('shows no job of another kind, and nothing that is no job', async () => {
    const by = { id: subject, name: 'Somebody' };
    const { stores } = world.latchkey;
    const job = { id: 'another-kind', kind: 'simulation', by: by.id, byName: by.name, startedAt: world.clock.now() };
    const more = { progress: { done: 0 }, state: 'running', ending: false } as const;
    await stores.jobs.create({ ...job, ...more }, { most: 3, deadSince: new Date(0) });
    for (const id of ['another-kind', 'nothing', '__proto__', '%00']) {
      expect((await administrator.ask({ method: 'get', path: `/audit/check/${id}` })).status).toBe(404);
      await administrator.open('/audit/check');
      expect((await administrator.post(`/audit/check/${id}`, {})).status).toBe(404);
    }
    expect(await stores.jobs.read('another-kind')).toMatchObject({ state: 'running', ending: false });
    await administrator.open('/audit/check');
    expect(administrator.text).not.toContain('Somebody');
  });
});

describe('the helpdesk', () => {
  test('sees nothing of the audit, however it asks', async () => {
    const row = await append();
    for (const path of [
      '/audit',
      `/audit?subject=${subject}`,
      `/audit/rows/${row.sequence}`,
      '/audit/file',
      '/audit/check',
    ]) {
      const exported = world.audited('audit.exported').length;
      const answer = await helpdesk.ask({ method: 'get', path });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.text).not.toContain(subject);
      expect(world.audited('audit.exported')).toHaveLength(exported);
    }
    await helpdesk.open('/');
    expect((await helpdesk.post('/audit/check', {})).status).toBe(403);
  });

  test('is told the same of a row that is there and of one that is not', async () => {
    const [there, not] = await Promise.all(
      ['1', '999999999'].map((number) => helpdesk.ask({ method: 'get', path: `/audit/rows/${number}` })),
    );
    const bare = (text = '') => text.replace(/this number: .*?\./, '').replace(/name="_csrf" value="[^"]*"/g, '');
    expect([there?.status, bare(there?.text)]).toEqual([not?.status, bare(not?.text)]);
  });
});

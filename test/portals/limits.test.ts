import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

let world: PortalWorld;
afterEach(() => world.close());

const quotas = {
  login: { 'ask-proof': 3, most: 6 },
  address: { 'ask-proof': 5, most: 8 },
  'over-all': { 'ask-proof': 500, most: 1000 },
};
const plenty = { 'ask-proof': 1000, most: 1000 };

async function open(limits: object = quotas, settings: object = {}): Promise<PortalWorld> {
  world = await PortalWorld.open({ chain: ['otp-sms'], settings: { limits, ...settings } });
  return world;
}

const puzzleOn = (visitor: Visitor) => {
  const notice = visitor.page('[data-puzzle]');
  return { token: notice.attr('data-puzzle') ?? '', bits: Number(notice.attr('data-bits')) };
};

/** What a browser does with a puzzle. */
function solve({ token, bits }: { token: string; bits: number }): string {
  for (let number = 0; ; number += 1) {
    const hash = createHash('sha256').update(`${token}.${number}`).digest();
    if (hash.readUInt32BE(0) >>> (32 - bits) === 0) return String(number);
  }
}

const begun = (visitor: Visitor): boolean => visitor.path === '/reset/otp-sms';

/** So many starts with different logins from one place. */
async function starts(count: number, headers: Readonly<Record<string, string>> = {}): Promise<readonly Visitor[]> {
  const visitors: Visitor[] = [];
  for (let n = 0; n < count; n += 1)
    visitors.push(await world.start(`nobody.${n}.${Math.random()}`, world.visitor(headers)));
  return visitors;
}

describe('starts from one address', () => {
  test('5.24: are asked for a little work from some number on, and nothing was done for who has not shown it', async () => {
    await open();
    const person = await world.registered();
    const usual = await starts(5);
    expect(usual.every(begun)).toBe(true);
    const visitor = await world.start(person.samName);
    expect([visitor.path, visitor.status]).toEqual(['/reset', 429]);
    expect(visitor.answer.headers['retry-after']).toBe('20');
    expect(visitor.page('#login').val()).toBe(person.samName);
    expect(visitor.text).toContain('In 20 seconds you can press Next again.');
    expect(await world.reached(person)).toBe(0);
    await visitor.submit({ solution: solve(puzzleOn(visitor)) });
    expect(begun(visitor)).toBe(true);
    expect(await world.reached(person)).toBe(1);
  });

  test('5.24: without JavaScript wait a moment instead; who comes too early waits on, for no longer', async () => {
    await open();
    await starts(5);
    const visitor = await world.start('nobody.at.all');
    const first = puzzleOn(visitor);
    world.clock.pass(12);
    await visitor.submit();
    expect(visitor.status).toBe(429);
    expect(puzzleOn(visitor)).toEqual(first);
    expect(visitor.text).toContain('In 8 seconds you can press Next again.');
    world.clock.pass(8);
    await visitor.submit();
    expect(begun(visitor)).toBe(true);
  });

  test('5.8: a proof is worth one start, and only from where it was asked for', async () => {
    await open({ ...quotas, address: { 'ask-proof': 1, most: 500 } }, { 'trusted-proxies': ['loopback'] });
    const [here, there] = [{ 'X-Forwarded-For': '192.0.2.1' }, { 'X-Forwarded-For': '192.0.2.2' }];
    await starts(1, here);
    await starts(1, there);
    const visitor = await world.start('nobody.one', world.visitor(here));
    const { token, bits } = puzzleOn(visitor);
    const fields = { proof: token, solution: solve({ token, bits }) };
    const stranger = await world.start('nobody.two', world.visitor(there));
    expect((await stranger.post('/reset', { login: 'nobody.two', ...fields })).status).toBe(429);
    expect((await visitor.post('/reset', { login: 'nobody.one', ...fields })).status).toBe(303);
    const again = await world.start('nobody.one', world.visitor(here));
    expect((await again.post('/reset', { login: 'nobody.one', ...fields })).status).toBe(429);
  });

  test.each([
    ['a wrong sum', (token: string) => ({ proof: token, solution: '0' })],
    ['less asked for', (token: string) => ({ proof: token.replace(/\.\d+\./, '.1.'), solution: '7' })],
    [
      'a wait that is over',
      (token: string) => ({ proof: token.replace(/\.(\d+)\.(\d+)\.(\d+)\./, '.$1.1.$3.'), solution: '' }),
    ],
    ['no puzzle of ours', () => ({ proof: 'x', solution: '1' })],
    ['no number', (token: string) => ({ proof: token, solution: '1e3' })],
  ])('a proof with %s is worth nothing', async (_what, forge) => {
    await open();
    await starts(5);
    const visitor = await world.start('nobody.at.all');
    const answer = await visitor.post('/reset', { login: 'nobody.at.all', ...forge(puzzleOn(visitor).token) });
    expect(answer.status).toBe(429);
  });

  test('a proof that is too old is worth nothing', async () => {
    await open();
    await starts(5);
    const visitor = await world.start('nobody.at.all');
    const solution = solve(puzzleOn(visitor));
    world.clock.pass(10 * 60);
    await visitor.submit({ solution });
    expect(visitor.status).toBe(429);
  });

  test('5.24: are refused above the limit until its hour is over, with the helpdesk at hand', async () => {
    await open();
    await starts(8);
    const visitor = await world.start('nobody.at.all');
    expect(visitor.status).toBe(429);
    expect(visitor.heading).toBe('Too many tries for now');
    expect(visitor.text).toContain('020 7946 0999');
    expect(visitor.answer.headers['retry-after']).toBe('3600');
    world.clock.pass(3599);
    expect((await world.start('nobody.at.all')).heading).toBe('Too many tries for now');
    world.clock.pass(1);
    expect(begun(await world.start('nobody.at.all'))).toBe(true);
  });

  test('5.37: that are refused are written down and told once, not once each', async () => {
    await open();
    await starts(30);
    const events = readEvents('limit.reached');
    expect(events).toHaveLength(1);
    expect(world.log.filter((line) => line.includes('a limit of visits is reached'))).toHaveLength(1);
    expect(world.log.join('')).not.toContain('nobody.');
  });

  test('5.25: a header that a visitor makes up changes nothing', async () => {
    await open();
    let asked = 0;
    for (let n = 0; n < 8; n += 1) {
      const [visitor] = await starts(1, { 'X-Forwarded-For': `192.0.2.${n}`, 'X-Real-IP': `192.0.2.${n}` });
      if (visitor?.status === 429) asked += 1;
    }
    expect(asked).toBe(3);
  });

  test('5.25: behind a trusted proxy each address counts by itself, and an IPv6 /64 as one', async () => {
    await open(quotas, { 'trusted-proxies': ['loopback'] });
    const status = async (address: string): Promise<number> =>
      (await starts(1, { 'X-Forwarded-For': address }))[0]?.status ?? 0;
    for (let n = 0; n < 5; n += 1) expect(await status(`2001:db8:0:1::${n}`)).toBe(200);
    expect(await status('2001:db8:0:1:ffff::9')).toBe(429);
    expect(await status('2001:db8:0:2::9')).toBe(200);
    expect(await status('198.51.100.7, 2001:db8:0:1::77')).toBe(429);
  });

  test('an office that is named may start more often', async () => {
    const shared = { addresses: ['127.0.0.0/8'], times: 3 };
    await open({ ...quotas, 'shared-addresses': [shared] });
    expect((await starts(15)).every(begun)).toBe(true);
    expect((await starts(1))[0]?.status).toBe(429);
  });
});

describe('starts with one login', () => {
  const loginOnly = { login: quotas.login, address: plenty, 'over-all': plenty };

  test('5.4: are asked and refused alike, whoever the login belongs to and however it is spelt', async () => {
    await open(loginOnly);
    const registered = await world.registered();
    const disabled = await world.registered();
    world.demo.administration.set(disabled.entry, { userAccountControl: '514' });
    const seen: string[] = [];
    for (const name of ['nobody.at.all', registered.samName, disabled.samName, world.person().samName]) {
      const states: string[] = [];
      for (let n = 0; n < 8; n += 1) {
        const login = [name, name.toUpperCase(), `CONTOSO\\${name}`, `${name}@contoso.example`][n % 4] ?? name;
        const visitor = await world.start(login);
        states.push(begun(visitor) ? 'begun' : `${visitor.status} ${visitor.heading}`);
        if (puzzleOn(visitor).token !== '') await visitor.submit({ solution: solve(puzzleOn(visitor)) });
      }
      seen.push(states.join(', '));
    }
    expect(new Set(seen).size).toBe(1);
    expect(seen[0]).toBe(
      [
        ...Array(3).fill('begun'),
        ...Array(3).fill('429 Get back into your account'),
        ...Array(2).fill('429 Too many tries for now'),
      ].join(', '),
    );
  });

  test('5.23: somebody else’s starts cost the owner a moment, and not the way back in', async () => {
    await open(loginOnly);
    const person = await world.registered();
    for (let n = 0; n < 4; n += 1) await world.start(person.samName);
    const owner = await world.start(person.samName);
    expect(owner.status).toBe(429);
    await owner.submit({ solution: solve(puzzleOn(owner)) });
    expect(begun(owner)).toBe(true);
  });

  test('5.23: without a proof fill nobody’s limit, however many there are and by whichever name', async () => {
    await open(loginOnly);
    const person = await world.registered();
    world.demo.administration.set(person.entry, { userPrincipalName: 'another.name@contoso.example' });
    for (const login of [person.samName, 'another.name@contoso.example']) {
      for (let n = 0; n < 20; n += 1) await world.start(login);
    }
    expect(readEvents('limit.reached')).toEqual([]);
    const owner = await world.start(person.samName);
    await owner.submit({ solution: solve(puzzleOn(owner)) });
    expect(begun(owner)).toBe(true);
  });

  test('one account counts once, by whichever of its names', async () => {
    await open(loginOnly);
    const person = await world.registered();
    world.demo.administration.set(person.entry, { userPrincipalName: 'another.name@contoso.example' });
    for (let n = 0; n < 3; n += 1) expect(begun(await world.start(person.samName))).toBe(true);
    const visitor = await world.start('another.name@contoso.example');
    expect(visitor.status).toBe(429);
    await visitor.submit({ solution: solve(puzzleOn(visitor)) });
    expect(begun(visitor)).toBe(true);
  });

  test('5.3: 100 at once are admitted as often as one after the other, and no more', async () => {
    await open({ ...loginOnly, login: { 'ask-proof': 5, most: 30 } });
    const person = await world.registered();
    const visitors = await Promise.all(Array.from({ length: 100 }, () => world.visitor().open('/reset')));
    const answers = await Promise.all(
      visitors.map((visitor) => visitor.post('/reset', { login: person.samName }).then(({ status }) => status)),
    );
    expect(answers.filter((status) => status === 303)).toHaveLength(5);
    expect(answers.filter((status) => status === 429)).toHaveLength(95);
    expect(await world.reached(person)).toBe(5);
  });

  test('stay counted over a restart, and the table shows neither login nor address', async () => {
    await open(loginOnly);
    for (let n = 0; n < 3; n += 1) await world.start('some.body');
    await world.restart();
    expect((await world.start('some.body')).status).toBe(429);
    const bytes = readFileSync(world.databaseFile, 'latin1') + readFileSync(`${world.databaseFile}-wal`, 'latin1');
    expect(bytes).toContain('start:login:');
    expect(bytes).not.toContain('some.body');
  });
});

describe('everybody together', () => {
  test('5.24: from a hundred addresses are still limited', async () => {
    await open(
      { login: plenty, address: plenty, 'over-all': { 'ask-proof': 40, most: 60 } },
      { 'trusted-proxies': ['loopback'] },
    );
    const statuses: number[] = [];
    let bought = 0;
    for (let n = 0; n < 100; n += 1) {
      const [visitor] = await starts(1, { 'X-Forwarded-For': `198.51.100.${n}` });
      statuses.push(visitor?.status ?? 0);
      if (visitor === undefined || n % 2 === 0 || puzzleOn(visitor).token === '') continue;
      await visitor.submit({ solution: solve(puzzleOn(visitor)) });
      if (begun(visitor)) bought += 1;
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(40);
    expect(bought).toBe(20);
    expect(readEvents('limit.reached')).toHaveLength(1);
  });

  test('5.37: one address alone, refused or without a proof, fills neither their limit nor a login’s nor the table', async () => {
    await open(
      { login: quotas.login, address: quotas.address, 'over-all': { 'ask-proof': 9, most: 12 } },
      { 'trusted-proxies': ['loopback'] },
    );
    const person = await world.registered();
    const attacker = { 'X-Forwarded-For': '198.51.100.7' };
    for (let n = 0; n < 20; n += 1) await world.start(person.samName, world.visitor(attacker));
    await starts(40, attacker);
    const rows = new BetterSqlite(world.databaseFile, { readonly: true });
    const keys = rows.prepare('select key from limits').pluck().all();
    rows.close();
    expect(keys.length).toBeLessThan(8);
    const owner = await world.start(person.samName, world.visitor({ 'X-Forwarded-For': '198.51.100.8' }));
    if (!begun(owner)) await owner.submit({ solution: solve(puzzleOn(owner)) });
    expect(begun(owner)).toBe(true);
  });
});

describe('sign-ins to register', () => {
  test('5.24: one password tried on many accounts from one address soon needs proofs, then reaches nobody', async () => {
    await open();
    const people = Array.from({ length: 12 }, () => world.person());
    const statuses: number[] = [];
    for (const person of people) statuses.push((await world.signIn(person.samName, 'Autumn-2026!')).status);
    expect(statuses).toEqual([...Array(5).fill(422), ...Array(7).fill(429)]);
    const tried = people.filter((person) => world.standing(person).badPasswords > 0);
    expect(tried).toHaveLength(5);
  });

  test('that are asked for a proof keep the login, never the password, and go on with both', async () => {
    await open();
    const person = world.person();
    for (let n = 0; n < 5; n += 1) await world.signIn(`nobody.${n}`, 'wrong');
    const visitor = await world.signIn(person.samName, person.password);
    expect([visitor.status, visitor.path]).toEqual([429, '/registration']);
    expect(visitor.page('#login').val()).toBe(person.samName);
    expect(visitor.answer.text).not.toContain(person.password);
    expect(visitor.text).toContain('Enter your password once more');
    await visitor.submit({ password: person.password, solution: solve(puzzleOn(visitor)) });
    expect(visitor.path).toBe('/registration/otp-sms');
  });
});

function readEvents(event: string): readonly unknown[] {
  return world.auditRows().filter((row) => row.event === event);
}

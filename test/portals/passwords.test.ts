import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxRefusals } from '../../src/core/flow/flow.ts';
import { TestAuthority } from '../peers/authority.ts';
import { RangePeer } from '../peers/range-peer.ts';
import { plain, type Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-passwords-'));
const leakedHere = 'Violet-Lantern-7-Orbit';
const leakedElsewhere = 'Juniper-Kettle-99-Mole';
const chain = ['questions'];

let authority: TestAuthority;
let peer: RangePeer;
let world: PortalWorld;
let strict: PortalWorld;

function listFile(): string {
  const all = [leakedHere, ...Array.from({ length: 5000 }, () => randomBytes(9).toString('base64'))];
  const lines = all.map((one) => `${createHash('sha1').update(one).digest('hex').toUpperCase()}:42`);
  const file = path.join(folder, 'pwned.txt');
  writeFileSync(file, lines.sort().join('\r\n'));
  return file;
}

beforeAll(async () => {
  authority = await TestAuthority.create();
  peer = await RangePeer.open(authority);
  peer.leak(leakedElsewhere);
  const ca = path.join(folder, 'range-ca.pem');
  writeFileSync(ca, authority.ca);
  const breached = { file: listFile(), 'range-url': peer.url, 'range-ca-file': ca };
  const words = ['Widgetron'];
  world = await PortalWorld.open({ chain, settings: { password: { words, breached } } });
  strict = await PortalWorld.open({
    chain,
    settings: { password: { 'min-length': 20, 'min-score': 4, breached: { ...breached, 'on-fault': 'refuse' } } },
  });
});
afterAll(async () => {
  await world.close();
  await strict.close();
  await peer.close();
  rmSync(folder, { recursive: true });
});

const good = 'Marmalade-3-Cactus-Dune';

async function typed(visitor: Visitor, password: string): Promise<string> {
  await visitor.submit({ password, repeat: password });
  return visitor.problems;
}

describe('a new password', () => {
  test('6.2.4/6.2.11/6.2.12: is refused with the reason, costs nothing, and is on no page, in no log and no row', async () => {
    const person = await world.registered({ displayName: 'Zelda Quillfeather' });
    const before = world.standing(person);
    const visitor = await world.toPassword(person);
    const from = world.log.length;
    const refused: readonly (readonly [string, RegExp])[] = [
      ['Contoso-26!', /little more than the name of Contoso/],
      ['W1dgetron26', /a word that everybody here knows/],
      ['Rehtaefl1iuq!', /little more than your name/],
      ['Qwerty12345', /most common passwords/],
      [leakedHere, /appeared in a data breach/],
      [leakedElsewhere, /appeared in a data breach/],
    ];
    for (const [password, why] of refused) {
      expect(await typed(visitor, password), password).toMatch(why);
      expect(visitor.path).toBe('/reset/password');
      expect(visitor.answer.text).not.toContain(password);
      expect(visitor.page('#password').attr('value')).toBeUndefined();
    }
    expect(world.standing(person)).toEqual(before);
    const rows = JSON.stringify(await world.latchkey.stores.audit.about(person.id, 500));
    const log = world.log.slice(from).join('\n');
    for (const [password] of refused) {
      const hash = createHash('sha1').update(password).digest('hex');
      for (const secret of [password, hash, hash.toUpperCase()]) {
        expect(log).not.toContain(secret);
        expect(rows).not.toContain(secret);
      }
    }
    expect(await world.latchkey.stores.failures.lockout(person.id, world.clock.now())).toBeUndefined();
    await typed(visitor, good);
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, good)).toBe('bound');
  });

  test('6.2.12: leaves for the range service only when nothing else is wrong with it', async () => {
    const visitor = await world.toPassword(await world.registered());
    const asked = peer.requests.length;
    for (const one of ['short', 'Contoso-26!', 'Qwerty12345', leakedHere]) await typed(visitor, one);
    expect(peer.requests.length).toBe(asked);
    await typed(visitor, leakedElsewhere);
    expect(peer.requests.length).toBe(asked + 1);
  });

  test('is told once about a name that the directory refuses too', async () => {
    const visitor = await world.toPassword(await world.registered({ displayName: 'Zelda Quillfeather' }));
    expect(await typed(visitor, 'Zelda-2026')).toBe('That password holds your name or user name. Leave it out.');
  });

  test('gets advice beside a refusal, in the language of the page', async () => {
    const visitor = await world.toPassword(await world.registered());
    expect(await typed(visitor, 'aaaaaaaaaaaa')).toContain('Repeating something adds little');
    const asked = await visitor.ask({ method: 'get', path: visitor.path, headers: { 'Accept-Language': 'ar' } });
    expect(asked.text).toContain('التكرار لا يضيف');
    await visitor.submit({ password: good, repeat: 'another' });
    expect(visitor.problems).toBe('The two passwords are not the same. Enter both again.');
  });

  test('6.2.1: has the portal’s own least length where that is longer, and the page says whose it is', async () => {
    const visitor = await strict.toPassword(await strict.registered());
    const lists = visitor.page('.rules').toArray();
    expect(plain(visitor.page(lists[1]).text())).toContain('At least 20 characters');
    expect(plain(visitor.page(lists[0]).text())).not.toContain('At least');
    expect(await typed(visitor, 'Marmalade-3-Cactus')).toContain('Use at least 20 characters');
  });

  test('is refused for its score only where the configuration says so', async () => {
    const weak = 'Aaaaaaaaaaaaaaaaaaaaa1';
    const visitor = await strict.toPassword(await strict.registered());
    expect(await typed(visitor, weak)).toContain('too easy to guess');
    const lenient = await world.toPassword(await world.registered());
    await typed(lenient, weak);
    expect(lenient.path).toBe('/reset/done');
  });

  test('6.2.8/6.2.9: of 64 and of 127 characters, with spaces and emoji, is set to the octet', async () => {
    const base = ' Ünï 7 🦊 ';
    for (const length of [64, 127]) {
      const person = await world.registered();
      const visitor = await world.toPassword(person);
      const password = `${base}${'quiet lamp moss 12 '.repeat(9)}`.slice(0, length - 1).concat(' ');
      expect(password).toHaveLength(length);
      await typed(visitor, password);
      expect(visitor.path).toBe('/reset/done');
      expect(await world.bind(person, password)).toBe('bound');
      expect(await world.bind(person, password.trim())).toBe('52e');
    }
  });

  test('6.2.6/6.2.7: has fields for password managers, and nothing that looks over the shoulder', async () => {
    const visitor = await world.toPassword(await world.registered());
    for (const id of ['password', 'repeat']) {
      const field = visitor.page(`#${id}`);
      expect(field.attr('type')).toBe('password');
      expect(field.attr('autocomplete')).toBe('new-password');
      // Shown as plain text, it would be sent to the spelling service of the browser.
      expect(field.attr('spellcheck')).toBe('false');
      expect(Number(field.attr('maxlength'))).toBeGreaterThan(256);
    }
    expect(visitor.answer.text).not.toMatch(/onpaste|oncopy/i);
  });
});

describe('passwords that are not taken', () => {
  test('are counted, and too many end the visit: the account is as it was and not barred', async () => {
    const person = await world.registered();
    const before = world.standing(person);
    const visitor = await world.toPassword(person);
    await visitor.submit({ password: good, repeat: 'a slip of the finger' });
    await visitor.submit({ password: '', repeat: '' });
    for (let nth = 1; nth < maxRefusals; nth += 1) {
      await typed(visitor, 'Qwerty12345');
      expect(visitor.path).toBe('/reset/password');
    }
    await typed(visitor, 'Qwerty12345');
    expect(visitor.path).toBe('/reset/refused');
    expect(visitor.text).toContain('Too many passwords in a row');
    expect(world.standing(person)).toEqual(before);
    expect(await world.audited(person)).toContain('flow.refused');
    const again = await world.toPassword(person);
    await typed(again, good);
    expect(again.path).toBe('/reset/done');
  });

  test('are not forgotten by going back', async () => {
    const visitor = await world.toPassword(await world.registered());
    for (let nth = 1; nth < maxRefusals; nth += 1) await typed(visitor, 'Qwerty12345');
    await visitor.submit({}, 'back=yes');
    await visitor.submit({ action: 'reset' });
    await typed(visitor, 'Qwerty12345');
    expect(visitor.path).toBe('/reset/refused');
  });
});

describe('while the range service is down', () => {
  test('F30: the local list holds, others pass with an alarm in the log, or wait where the configuration says so', async () => {
    await peer.misbehave('status-500');
    const visitor = await world.toPassword(await world.registered());
    expect(await typed(visitor, leakedHere)).toMatch(/data breach/);
    const from = world.log.length;
    await typed(visitor, good);
    expect(visitor.path).toBe('/reset/done');
    const alarms = world.log.slice(from).filter((line) => line.includes('leaked passwords could not be looked up'));
    expect(alarms).toHaveLength(1);
    expect(JSON.parse(alarms[0] ?? '')).toMatchObject({ level: 50, alarm: true, onFault: 'allow' });

    const person = await strict.registered();
    const before = strict.standing(person);
    const waiting = await strict.toPassword(person);
    for (let nth = 0; nth <= maxRefusals; nth += 1) {
      expect(await typed(waiting, 'marmalade Three 7 cactus dunes')).toMatch(/could not check just now/);
    }
    expect(waiting.path).toBe('/reset/password');
    expect(strict.standing(person)).toEqual(before);
    await peer.misbehave(undefined);
    strict.clock.pass(61);
    await typed(waiting, 'marmalade Three 7 cactus dunes');
    expect(waiting.path).toBe('/reset/done');
  });
});

describe('lists that cannot be used', () => {
  test('F30: stop the start, and the setting is named', async () => {
    const damaged = path.join(folder, 'damaged.txt');
    writeFileSync(damaged, 'hunter2\n');
    const open = (breached: object) => PortalWorld.open({ chain, settings: { password: { breached } } });
    await expect(open({ file: damaged })).rejects.toThrow(/password\.breached\.file: .*holds something else/);
    await expect(open({ file: path.join(folder, 'none') })).rejects.toThrow(/password\.breached\.file: .*ENOENT/);
    const ca = { 'range-url': peer.url, 'range-ca-file': path.join(folder, 'none') };
    await expect(open(ca)).rejects.toThrow(/password\.breached\.range-ca-file: /);
    await expect(open({ 'range-url': 'http://range.example/' })).rejects.toThrow(/password\.breached\.range-url/);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Discovery } from '../../../src/directories/active-directory/discovery.ts';
import type { Alert } from '../../../src/directories/active-directory/outage.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import { NameServicePeer } from '../../peers/name-service-peer.ts';

const domain = 'corp.example.test';
const ofDomain = `_ldap._tcp.dc._msdcs.${domain}`;
const ofSite = `_ldap._tcp.dublin._sites.dc._msdcs.${domain}`;
const minute = 60_000;

let names: NameServicePeer;
let alerts: Alert[];
let now: number;
beforeEach(async () => {
  names = await NameServicePeer.open();
  alerts = [];
  now = 0;
});
afterEach(() => names.close());

function discover(more: Record<string, unknown> = {}, starttls = false, random?: () => number): Discovery {
  const { discovery } = activeDirectorySettings.parse({
    discovery: { domain, nameservers: [names.address], ...more },
    'base-dn': 'DC=corp',
    domain: 'CORP',
    'bind-account': 'svc',
    'bind-password': 'x',
  });
  if (discovery === undefined) throw new Error('no discovery');
  return new Discovery({
    settings: discovery,
    starttls,
    report: (alert) => void alerts.push(alert),
    now: () => now,
    ...(random === undefined ? {} : { random }),
  });
}

/** What it answers once the question that is due now has been answered. */
async function afterwards(discovery: Discovery, milliseconds: number): Promise<readonly string[]> {
  now += milliseconds;
  const before = names.asked.length;
  await discovery.urls(false);
  await discovery.settled();
  expect(names.asked.length).toBeGreaterThan(before);
  return discovery.urls(true);
}

describe('the discovery of domain controllers', () => {
  test('goes by priority', async () => {
    names.service(ofDomain, [
      { target: `third.${domain}`, priority: 20 },
      { target: `first.${domain}`, priority: 0, weight: 1 },
      { target: `second.${domain}`, priority: 10, weight: 65_535 },
    ]);
    expect(await discover().urls(true)).toEqual([
      `ldaps://first.${domain}:636`,
      `ldaps://second.${domain}:636`,
      `ldaps://third.${domain}:636`,
    ]);
  });

  test('draws within a priority in proportion to the weights', async () => {
    names.service(ofDomain, [
      { target: `light.${domain}`, weight: 1 },
      { target: `heavy.${domain}`, weight: 3 },
      { target: `last.${domain}`, weight: 0 },
    ]);
    let first = 0;
    let last = 0;
    const discovery = discover();
    for (let time = 0; time < 400; time += 1) {
      const found = time === 0 ? await discovery.urls(true) : await afterwards(discovery, 5 * minute);
      if (found[0]?.includes('heavy')) first += 1;
      if (found[2]?.includes('last')) last += 1;
    }
    // Three in four of 400; a fair draw leaves these bounds once in a thousand million times.
    expect(first).toBeGreaterThan(245);
    expect(first).toBeLessThan(355);
    expect(last).toBeGreaterThan(370);
  });

  test('puts those of the site first, whatever their priority, and names nobody twice', async () => {
    names.service(ofSite, [{ target: `near.${domain}`, priority: 50 }]);
    names.service(ofDomain, [{ target: `far.${domain}` }, { target: `near.${domain}`, priority: 50 }]);
    const found = await discover({ site: 'Dublin' }).urls(true);
    expect(found).toEqual([`ldaps://near.${domain}:636`, `ldaps://far.${domain}:636`]);
  });

  test('goes on with the domain when the site has none', async () => {
    names.service(ofDomain, [{ target: `far.${domain}` }]);
    expect(await discover({ site: 'Dublin' }).urls(true)).toEqual([`ldaps://far.${domain}:636`]);
    expect(alerts).toEqual([]);
  });

  test('leaves out hosts outside the suffixes, and tells once', async () => {
    names.service(ofDomain, [
      { target: 'evil.example.org' },
      { target: `not${domain}` },
      { target: `${domain}.evil.example.org` },
      { target: `good.${domain}` },
    ]);
    const discovery = discover();
    expect(await discovery.urls(true)).toEqual([`ldaps://good.${domain}:636`]);
    expect(await afterwards(discovery, 6 * minute)).toEqual([`ldaps://good.${domain}:636`]);
    expect(alerts).toEqual([
      { level: 'warning', subject: 'discovery: suffixes', detail: expect.stringContaining('evil.example.org') },
    ]);
    names.service(ofDomain, [{ target: `good.${domain}` }]);
    await afterwards(discovery, 6 * minute);
    expect(alerts.at(-1)).toMatchObject({ level: 'info', subject: 'discovery: suffixes' });
  });

  test('takes the suffixes that the configuration names, and then no others', async () => {
    names.service(ofDomain, [{ target: `a.${domain}` }, { target: 'b.servers.example.test' }]);
    const found = await discover({ suffixes: ['Servers.Example.test'] }).urls(true);
    expect(found).toEqual(['ldaps://b.servers.example.test:636']);
  });

  test('takes the ports of the records for StartTLS, and F7: leaves the global catalogue out', async () => {
    names.service(ofDomain, [
      { target: `catalog.${domain}`, port: 3268 },
      { target: `dc.${domain}`, port: 3890 },
    ]);
    expect(await discover({}, true).urls(true)).toEqual([`ldap://dc.${domain}:3890`]);
  });

  test('does not let a flood of records in', async () => {
    names.service(
      ofDomain,
      Array.from({ length: 20 }, (_none, index) => ({ target: `d${index}.${domain}` })),
    );
    expect(await discover().urls(true)).toHaveLength(16);
  });

  test.each(['silent', 'failing'] as const)(
    'F10: keeps what it found while the name service is %s, with one alarm and one end of it',
    async (how) => {
      names.service(ofDomain, [{ target: `old.${domain}` }]);
      const discovery = discover();
      const old = [`ldaps://old.${domain}:636`];
      expect(await discovery.urls(true)).toEqual(old);
      names.how = how;
      for (let time = 0; time < 2; time += 1) expect(await afterwards(discovery, 6 * minute)).toEqual(old);
      expect(alerts).toEqual([{ level: 'alarm', subject: 'discovery', detail: expect.stringContaining('go on') }]);
      names.how = 'answers';
      names.service(ofDomain, [{ target: `new.${domain}` }]);
      expect(await afterwards(discovery, minute)).toEqual([`ldaps://new.${domain}:636`]);
      expect(alerts.map(({ level }) => level)).toEqual(['alarm', 'info']);
    },
    20_000,
  );

  test('F10: keeps what it found when the records are gone', async () => {
    names.service(ofDomain, [{ target: `old.${domain}` }]);
    const discovery = discover();
    await discovery.urls(true);
    names.service(ofDomain, []);
    expect(await afterwards(discovery, 6 * minute)).toEqual([`ldaps://old.${domain}:636`]);
    expect(alerts.map(({ level }) => level)).toEqual(['alarm']);
  });

  test('F10: finds nobody at the start without the name service, does not throw, and looks again soon', async () => {
    names.how = 'failing';
    const discovery = discover();
    expect(await discovery.urls(true)).toEqual([]);
    names.how = 'answers';
    names.service(ofDomain, [{ target: `dc.${domain}` }]);
    expect(await afterwards(discovery, 5000)).toEqual([`ldaps://dc.${domain}:636`]);
    expect(alerts.map(({ level }) => level)).toEqual(['alarm', 'info']);
  });

  test('asks once for many who ask at the same time, and not again while the answer is fresh', async () => {
    names.service(ofDomain, [{ target: `dc.${domain}` }]);
    const discovery = discover();
    await Promise.all(Array.from({ length: 50 }, () => discovery.urls(true)));
    now += 4 * minute;
    await discovery.urls(true);
    expect(names.asked).toEqual([ofDomain]);
  });
});

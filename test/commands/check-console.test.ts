import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkConsole } from '../../src/commands/check-console.ts';
import { checkDoors } from '../../src/commands/check-door.ts';
import { type Loaded, load } from '../../src/load.ts';
import { smallestDemo } from '../smallest-demo.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-check-console-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The demo with these settings of the console; without one when left out. */
async function loaded(console?: object): Promise<Loaded> {
  const file = path.join(folder, 'latchkey.yaml');
  const common = { 'public-url': 'http://localhost:3001', port: 0, 'second-factor': ['otp-sms'] };
  const configuration = {
    ...smallestDemo,
    ...(console === undefined ? {} : { console: { ...common, ...console } }),
  };
  writeFileSync(file, stringify(configuration));
  return load({ LATCHKEY_CONFIG: file });
}

test('says that every group and unit is there', async () => {
  const helpdesk = [{ group: 'CONTOSO\\Helpdesk staff', units: ['people/sales'] }];
  const findings = await checkConsole(
    await loaded({ roles: { administrators: ['Latchkey administrators'], helpdesk } }),
  );
  expect(findings.map(({ level }) => level)).toEqual(['ok']);
});

test('names every one that is not, and not only the first', async () => {
  const helpdesk = [{ group: 'Nobody', units: ['People/Sales', 'People/Nowhere'] }];
  const findings = await checkConsole(await loaded({ roles: { administrators: ['No such group'], helpdesk } }));
  expect(findings.map(({ level, detail }) => `${level}: ${detail}`)).toEqual([
    'problem: console.roles names the group "No such group", which the directory does not have',
    'problem: console.roles names the group "Nobody", which the directory does not have',
    'problem: console.roles names the unit "People/Nowhere", which the directory does not have',
  ]);
});

test('has nothing to say where there is no console', async () => {
  const without = await loaded();
  expect(await checkConsole(without)).toEqual([]);
  expect(checkDoors(without.configuration, new Date()).map(({ subject }) => subject)).toEqual(['listen']);
});

test('looks at the door of the console as at that of the portals', async () => {
  const roles = { administrators: ['Latchkey administrators'] };
  const { configuration } = await loaded({ roles, 'public-url': 'https://console.example', host: '0.0.0.0' });
  const found = checkDoors(configuration, new Date());
  expect(found.filter(({ level }) => level !== 'ok').map(({ level, subject }) => `${level}: ${subject}`)).toEqual([
    'problem: trusted-proxies',
    'warning: console.host',
  ]);
});

test('says that every test account can be driven', async () => {
  const roles = { administrators: ['Latchkey administrators'] };
  const findings = await checkConsole(await loaded({ roles, 'test-accounts': ['anna.berg', 'CONTOSO\\carla.diaz'] }));
  expect(findings.map(({ level, detail }) => `${level}: ${detail}`).slice(1)).toEqual([
    'ok: every test account is in the directory and can be driven',
  ]);
});

test('names every test account that the directory does not have, that is privileged, or of the staff', async () => {
  const roles = { administrators: ['Latchkey administrators'] };
  const logins = ['anna.berg', 'test.nobody', 'grace.admin', 'ivan.keller'];
  const findings = await checkConsole(await loaded({ roles, 'test-accounts': logins }));
  expect(findings.map(({ level, detail }) => `${level}: ${detail}`).slice(1)).toEqual([
    'warning: console.test-accounts names "test.nobody", which is not in the directory: nobody can walk a test drive as it',
    'warning: console.test-accounts names "grace.admin", which is a privileged account: nobody can walk a test drive as it',
    'warning: console.test-accounts names "ivan.keller", which is an account of the staff of the console: nobody can walk a test drive as it',
  ]);
  for (const { subject, remedy } of findings.slice(1)) {
    expect([subject, remedy]).toEqual(['console', expect.stringContaining('take it out of the list')]);
  }
});

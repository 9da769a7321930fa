import { writeFileSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { openConfiguredStores } from '../../src/compose/stores.ts';
import { newestPolicies } from '../../src/core/policies/policy-standing.ts';
import type { Stores } from '../../src/core/stores.ts';
import { load } from '../../src/load.ts';
import { ConfigurationFolder, LatchkeyProcess } from '../latchkey-process.ts';
import { storedPoliciesDemo } from '../smallest-demo.ts';

const timeout = 90_000;
const first = { name: 'first', members: 'everyone', chain: ['otp-sms', 'questions'] };
const second = { ...first, name: 'second' };
const who = { by: 'account-1', byName: 'Ana', note: '' };

let folder: ConfigurationFolder;
let stores: Stores;

/** A store in which version 2 of the policies was saved, and then deleted past Latchkey. */
beforeEach(async () => {
  folder = new ConfigurationFolder('');
  folder.write({ ...storedPoliciesDemo(folder.path('latchkey.db')), policies: [first] });
  const { configuration } = await load({ LATCHKEY_CONFIG: folder.file });
  stores = await openConfiguredStores(configuration);
  await stores.migrate();
  await stores.policies.save({ basedOn: 0, ...who, policies: [first], at: new Date() });
  await stores.policies.save({ basedOn: 1, ...who, policies: [second], at: new Date() });
  tamper('delete from policy_versions where version = 2');
});

afterEach(async () => {
  await stores.close();
  folder.remove();
});

function tamper(statement: string): void {
  const database = new BetterSqlite(folder.path('latchkey.db'));
  database.exec(statement);
  database.close();
}

const run = (...args: string[]) => LatchkeyProcess.command(args, { configuration: folder.file }).ended;

function fileOf(document: unknown): string {
  writeFileSync(folder.path('policies.yaml'), stringify(document));
  return folder.path('policies.yaml');
}

/** Names of the policies that a server would go by. */
async function served(): Promise<unknown> {
  const { newest, why } = await newestPolicies(stores.policies);
  return why ?? { version: newest?.version, list: newest?.policies };
}

describe('policies that were rolled back in the store', () => {
  test('are a problem of latchkey check, which says how to settle it; the map does not show them as in force', {
    timeout,
  }, async () => {
    const checked = await run('check');
    expect(checked.code).toBe(1);
    const problem = checked.stdout.split('\n').find((line) => line.startsWith('problem  policies:'));
    expect(problem).toContain(
      'the store has version 1 of the policies, and the audit says that version 2 was saved last',
    );
    expect(problem).toContain('latchkey policy accept');
    const map = await run('map');
    expect([map.code, map.stdout]).toEqual([1, expect.stringContaining('version 2 was saved last')]);
    expect(map.stdout).not.toContain('Policy first');
    const exported = await run('policy', 'export');
    expect(exported.stdout).toContain('name: first');
    expect(exported.stderr).toContain('Beware: the store has version 1');
  });

  test('come into force when an operator accepts them, as a new version, with an audited row that says so', {
    timeout,
  }, async () => {
    const accepted = await run('policy', 'accept', '--note', 'restored after the crash');
    expect(accepted).toMatchObject({ code: 0, stderr: '' });
    expect(accepted.stdout).toContain('An operator settled that the list in the store was not the one that was saved');
    expect(accepted.stdout).toContain('Version 3 is in force');
    expect(await served()).toMatchObject({ version: 3, list: [{ name: 'first' }] });
    expect(await stores.policies.latest()).toMatchObject({ by: 'operator', note: 'restored after the crash' });
    const rows = await stores.audit.page({ after: 2, limit: 9 });
    expect(rows.map(({ event }) => event)).toEqual(['policies.saving', 'policies.saved']);
    for (const { detail } of rows) expect(detail).toMatchObject({ by: 'operator', version: 3 });
    expect(rows[1]?.detail).toMatchObject({ instead: 2 });
    expect((await run('check')).stdout).toContain('version 3 is in force');
    expect((await run('policy', 'accept')).stdout).toContain('nothing to accept: version 3');
    expect(await stores.policies.newest()).toBe(3);
  });

  test('are replaced by an import only when it is said to be anew, also by the export of what was lost', {
    timeout,
  }, async () => {
    const file = fileOf({ version: 2, policies: [second] });
    for (const more of [[], ['--based-on', '1'], ['--based-on', '2']]) {
      const refused = await run('policy', 'import', file, ...more);
      expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('import --anew')]);
      expect(refused.stdout).toContain('Nothing was changed');
    }
    const imported = await run('policy', 'import', file, '--anew');
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain('“first” is now called “second”.');
    expect(await served()).toMatchObject({ version: 3, list: [{ name: 'second' }] });
  });

  test('all of them: there is nothing to accept, and an import anew goes on with the numbers', {
    timeout,
  }, async () => {
    tamper('delete from policy_versions');
    expect((await run('check')).stdout).toContain('problem  policies: the store has no policies');
    const accepted = await run('policy', 'accept');
    expect([accepted.code, accepted.stdout]).toEqual([1, expect.stringContaining('import a list with --anew')]);
    const file = fileOf({ policies: [first] });
    expect((await run('policy', 'import', file)).code).toBe(1);
    expect((await run('policy', 'import', file, '--anew')).code).toBe(0);
    expect(await served()).toMatchObject({ version: 3 });
  });

  test('or a newest row that was damaged: an import anew settles that too', { timeout }, async () => {
    tamper("update policy_versions set body = 'x'");
    expect((await run('policy', 'import', fileOf({ policies: [second] }), '--anew')).code).toBe(0);
    expect(await served()).toMatchObject({ version: 3, list: [{ name: 'second' }] });
  });

  test('or a newest row that was damaged: it is not accepted, and earlier versions can still be exported', {
    timeout,
  }, async () => {
    await stores.policies.save({ basedOn: 1, settles: true, ...who, policies: [second], at: new Date() });
    tamper("update policy_versions set body = 'x' where version = 3");
    const exported = await run('policy', 'export', '--version', '1');
    expect([exported.code, exported.stdout]).toEqual([0, expect.stringContaining('name: first')]);
    expect(exported.stderr).toContain('Beware: ');
    expect((await run('policy', 'export')).code).toBe(1);
    const accepted = await run('policy', 'accept');
    expect([accepted.code, accepted.stdout]).toEqual([1, expect.stringContaining('import a list with --anew')]);
  });

  test('that something speaks against are not accepted', { timeout }, async () => {
    const list = [{ ...first, members: { groups: ['No Such Group'] } }];
    await stores.policies.save({ basedOn: 1, settles: true, ...who, policies: list, at: new Date() });
    await stores.policies.save({ basedOn: 3, ...who, policies: [first], at: new Date() });
    tamper('delete from policy_versions where version = 4');
    const refused = await run('policy', 'accept');
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('the group No Such Group')]);
    expect(await served()).toContain('version 4 was saved last');
  });
});

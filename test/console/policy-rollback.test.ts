import BetterSqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

const timeout = 60_000;
const list = [{ name: 'everyone', members: 'everyone', chain: ['otp-sms'] }];

let world: ConsoleWorld;
let admin: Visitor;

/** Version 2 was saved, and its row deleted past Latchkey, while an administrator had a draft. */
beforeEach(async () => {
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  ({ visitor: admin } = await world.signedIn('administrator'));
  await admin.open('/policies');
  await admin.submit();
  const who = { by: 'account-2', byName: 'Ben', note: '', at: world.clock.now() };
  await policies().save({ basedOn: 1, ...who, policies: list });
  const database = new BetterSqlite(world.portals.databaseFile);
  database.exec('delete from policy_versions where version = 2');
  database.close();
});
afterEach(() => world.close());

const policies = () => world.latchkey.stores.policies;
const said = 'This is not the list that was saved last';

describe('policies that were rolled back in the store', () => {
  test('are shown with what is wrong with them, to everybody of the staff, and nobody can build upon them', {
    timeout,
  }, async () => {
    for (const role of ['auditor', 'administrator'] as const) {
      const { visitor } = await world.signedIn(role);
      await visitor.open('/policies');
      expect([visitor.status, visitor.text]).toEqual([200, expect.stringContaining(said)]);
      expect(visitor.text).not.toContain('is in force');
      expect(visitor.page('form[action="/policies/draft/begin"]').length).toBe(0);
    }
  });

  test('attack: a draft of before is not saved upon them, nor an old version, whatever is posted', {
    timeout,
  }, async () => {
    await admin.open('/policies/draft/review');
    expect(admin.text).toContain(said);
    expect(admin.page('form[action="/policies/draft/save"]').length).toBe(0);
    const revision = '1';
    for (const [path, fields] of [
      ['/policies/draft/save', { revision, note: 'mine' }],
      ['/policies/versions/1/restore', { based: '1', note: 'mine' }],
      ['/policies/versions/1/restore', { based: '2', note: 'mine' }],
    ] as const) {
      const { status, text } = await admin.post(path, fields);
      expect([status, text], path).toEqual([422, expect.stringContaining(said)]);
    }
    expect(await policies().newest()).toBe(1);
    expect(world.audited('policies.saving').map(({ detail }) => detail?.version)).toEqual([1]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { type DemoServer, startDemoServer } from '../../../src/demo-world.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { demoStaff, demoStaffGroups } from '../../../src/directories/demo/people.ts';

let demo: DemoServer;
let directory: Directory;

beforeAll(async () => {
  demo = await startDemoServer({ production: false, clock: systemClock });
  directory = createActiveDirectory({ settings: demo.settings, clock: systemClock });
});
afterAll(async () => {
  await directory.close();
  await demo.close();
});

async function find(samName: string): Promise<Account> {
  const account = await directory.find({ kind: 'bare', name: samName });
  if (account === undefined) throw new Error(`${samName} is not there`);
  return account;
}

describe.each(demoStaff)('$samName', ({ samName, role, units }) => {
  test('is in the group of the role, and in no other of these, and is not privileged', async () => {
    const { groups, privileged, unit } = (await find(samName)).state;
    for (const [other, name] of Object.entries(demoStaffGroups)) {
      const group = await directory.findGroup(name);
      expect(groups.includes(group?.id ?? 'none'), name).toBe(other === role);
    }
    expect(privileged).toBe(false);
    expect(unit).toBe(['People', ...units].join('/'));
  });
});

test('units lie in units, and groups in groups', async () => {
  expect(await directory.units()).toEqual([
    'People',
    'People/Audit',
    'People/Finance',
    'People/IT',
    'People/IT/Helpdesk',
    'People/Sales',
    'People/Sales, EMEA + APAC',
    'People/Sales/Field',
  ]);
  const till = await directory.findGroup('Everybody with a till');
  for (const name of ['anna.berg', 'fatima.alsaid', "jürgen.o'neill", 'sam.rivera', 'tom.whitaker']) {
    expect((await find(name)).state.groups, name).toContain(till?.id);
  }
  expect((await find('ivan.keller')).state.groups).not.toContain(till?.id);
});

test('somebody has a manager', async () => {
  expect((await directory.manager(await find('anna.berg')))?.samName).toBe('ivan.keller');
});

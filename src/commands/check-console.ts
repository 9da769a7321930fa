import { openConfiguredDirectory } from '../compose/directory.ts';
import { systemClock } from '../core/clock.ts';
import type { Directory, Finding } from '../core/directory.ts';
import { type TestAccountTrouble, testAccountOf } from '../core/drive/test-drive-subjects.ts';
import { StaffDesk } from '../core/staff/staff-desk.ts';
import { NamedStaffRules } from '../core/staff/staff-rules.ts';
import type { Loaded } from '../load.ts';

/**
 * Whether the groups and units are there that make somebody staff of the console, and its test accounts; nothing where
 * there is no console.
 */
export async function checkConsole(loaded: Loaded): Promise<readonly Finding[]> {
  const settings = loaded.configuration.console;
  if (settings === undefined) return [];
  const opened = await openConfiguredDirectory(loaded);
  try {
    const { directory } = opened;
    const rules = new NamedStaffRules({ directory, roles: settings.roles, clock: systemClock });
    const problems = await rules.problems();
    const remedy = 'Correct the name, or make it in the directory: it does not start without.';
    // Nobody can say then who is staff, and so neither who is a test account.
    if (problems.length > 0)
      return problems.map((detail) => ({ level: 'problem', subject: 'console', detail, remedy }));
    const detail = 'every group and unit of its roles is in the directory';
    const accounts = await testAccountFindings(settings['test-accounts'], { directory, rules });
    return [{ level: 'ok', subject: 'console', detail }, ...accounts];
  } finally {
    await opened.close();
  }
}

const troubles: Readonly<Record<TestAccountTrouble, string>> = {
  unknown: 'is not in the directory',
  'not-a-person': 'is no account of a person',
  privileged: 'is a privileged account',
  staff: 'is an account of the staff of the console',
};

/** Names each one that is left out of the test drive, and why. */
async function testAccountFindings(
  logins: readonly string[],
  { directory, rules }: { readonly directory: Directory; readonly rules: NamedStaffRules },
): Promise<readonly Finding[]> {
  if (logins.length === 0) return [];
  const subject = 'console';
  const staff = new StaffDesk({ directory, rules, clock: systemClock });
  const remedy = 'Name an account that is made for this and in no group that matters, or take it out of the list.';
  const found = await Promise.all(
    logins.map(async (login): Promise<readonly Finding[]> => {
      const one = await testAccountOf(login, { directory, staff });
      if ('account' in one) return [];
      const why = `which ${troubles[one.trouble]}: nobody can walk a test drive as it`;
      const detail = `console.test-accounts names ${JSON.stringify(login)}, ${why}`;
      return [{ level: 'warning', subject, detail, remedy }];
    }),
  );
  const left = found.flat();
  return left.length > 0
    ? left
    : [{ level: 'ok', subject, detail: 'every test account is in the directory and can be driven' }];
}

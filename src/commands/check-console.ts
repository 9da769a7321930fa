import { openConfiguredDirectory } from '../compose-directory.ts';
import { systemClock } from '../core/clock.ts';
import type { Finding } from '../core/directory.ts';
import { NamedStaffRules } from '../core/staff-rules.ts';
import type { Loaded } from '../load.ts';

/** Whether the groups and units are there that make somebody staff of the console; nothing where there is no console. */
export async function checkConsole(loaded: Loaded): Promise<readonly Finding[]> {
  const settings = loaded.configuration.console;
  if (settings === undefined) return [];
  const opened = await openConfiguredDirectory(loaded);
  try {
    const { directory } = opened;
    const rules = new NamedStaffRules({ directory, roles: settings.roles, clock: systemClock });
    const problems = await rules.problems();
    const remedy = 'Correct the name, or make it in the directory: it does not start without.';
    if (problems.length > 0)
      return problems.map((detail) => ({ level: 'problem', subject: 'console', detail, remedy }));
    return [{ level: 'ok', subject: 'console', detail: 'every group and unit of its roles is in the directory' }];
  } finally {
    await opened.close();
  }
}

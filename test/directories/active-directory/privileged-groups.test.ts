import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findingLine } from '../../../src/commands/finding-line.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { startDemoServer } from '../../../src/demo-world.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import { startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import { guidToText } from '../../../src/directories/demo/identifier.ts';
import { SettableClock } from '../../settable-clock.ts';

test('a privileged group that does not exist is found, and its setting is named once', async () => {
  const demo = await startDemoServer({ production: false, clock: systemClock });
  const settings = { ...demo.settings, 'privileged-groups': ['no-such-group'] };
  const directory = createActiveDirectory({ settings, clock: systemClock });
  try {
    const lines = (await directory.check()).map(findingLine).filter((line) => line.includes('privileged-groups'));
    expect(lines).toEqual([
      expect.stringMatching(
        /^problem +privileged-groups: no security group is named no-such-group, .* — Correct the name/,
      ),
    ]);
    expect(lines[0]?.match(/privileged-groups|no-such-group/g)).toEqual(['privileged-groups', 'no-such-group']);
  } finally {
    await directory.close();
    await demo.close();
  }
});

test('5.32: a privileged group that is made anew under its name counts within a minute, and none is a fault', async () => {
  const clock = new SettableClock();
  const demo = await startDemoDirectory({ production: false, clock });
  const { administration, baseDn, domain, serviceAccount } = demo;
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-groups-'));
  await writeFile(join(folder, 'ca.pem'), demo.ca);
  const settings = activeDirectorySettings.parse({
    urls: [demo.url],
    'ca-file': join(folder, 'ca.pem'),
    'base-dn': baseDn,
    'people-base': `OU=People,${baseDn}`,
    domain,
    'bind-account': serviceAccount.principal,
    'bind-password': serviceAccount.password,
    'privileged-groups': ['Payroll'],
  });
  const directory = createActiveDirectory({ settings, clock });
  try {
    const entry = administration.addPerson({
      unit: `OU=People,${baseDn}`,
      commonName: 'pat',
      samName: 'pat',
      displayName: 'Pat',
      password: 'Start-Horse-1',
    });
    const isPrivileged = async () => (await directory.read(guidToText(entry.guid)))?.state.privileged;
    const first = administration.addGroup(`CN=Users,${baseDn}`, 'Payroll');
    expect(await isPrivileged()).toBe(false);
    administration.remove(first);
    clock.pass(61);
    await expect(isPrivileged()).rejects.toThrow('no security group is named Payroll');
    administration.addGroup(`CN=Users,${baseDn}`, 'Payroll').members.add(entry);
    expect(await isPrivileged()).toBe(true);
  } finally {
    await directory.close();
    await demo.close();
    await rm(folder, { recursive: true, force: true });
  }
});

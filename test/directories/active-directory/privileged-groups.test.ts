import { expect, test } from 'vitest';
import { findingLine } from '../../../src/commands/finding-line.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { startDemoServer } from '../../../src/demo-world.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';

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

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DirectoryWorld } from '../../contracts/directory-world.ts';
import { demoWorld } from './demo-world.ts';

let world: DirectoryWorld;
beforeAll(async () => {
  world = await demoWorld();
});
afterAll(() => world.close());

test('a full check of the demo directory finds every right that Latchkey needs, and nothing to mend', async () => {
  const findings = await world.directory.check();
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  const subjects = findings.map(({ subject }) => subject);
  expect(subjects).toEqual(expect.arrayContaining(['right Reset Password', 'right to write lockoutTime']));
});

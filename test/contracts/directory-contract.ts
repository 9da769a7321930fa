import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DirectoryWorld } from './directory-world.ts';

/**
 * What every Directory must do, run on every implementation against a server that answers as Active Directory does.
 * @param name what the suite is called in the report
 * @param makeWorld called once before the first test
 */
export function directoryContract(name: string, makeWorld: () => Promise<DirectoryWorld>): void {
  describe(`directory contract: ${name}`, () => {
    let world: DirectoryWorld;
    beforeAll(async () => {
      world = await makeWorld();
    });
    afterAll(async () => {
      await world?.close();
    });

    test('finds a person by a bare name', async () => {
      const person = await world.addPerson();
      const account = await world.directory.find({ kind: 'bare', name: person.samName });
      expect(account?.id).toBe(person.id);
    });
  });
}

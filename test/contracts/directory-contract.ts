import { afterAll, beforeAll, describe } from 'vitest';
import { faultContract } from './directory/faults.ts';
import { findContract } from './directory/find.ts';
import { groupContract } from './directory/groups.ts';
import { searchContract } from './directory/search.ts';
import { signInContract } from './directory/sign-in.ts';
import { stateContract } from './directory/states.ts';
import { unitContract } from './directory/units.ts';
import { walkContract } from './directory/walk.ts';
import { writeContract } from './directory/writes.ts';
import type { DirectoryWorld } from './directory-world.ts';

/**
 * What every Directory must do, run on every implementation against a server that answers as Active Directory does.
 * @param name what the suite is called in the report
 * @param makeWorld called once before the first test
 */
export function directoryContract(name: string, makeWorld: () => Promise<DirectoryWorld>): void {
  describe(`directory contract: ${name}`, () => {
    let made: DirectoryWorld | undefined;
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(async () => {
      await made?.close();
    });
    const world = (): DirectoryWorld => {
      if (!made) throw new Error('the world was not made');
      return made;
    };

    findContract(world);
    stateContract(world);
    groupContract(world);
    unitContract(world);
    searchContract(world);
    walkContract(world);
    signInContract(world);
    writeContract(world);
    faultContract(world);
  });
}

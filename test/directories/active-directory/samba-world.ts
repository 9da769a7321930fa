import { systemClock } from '../../../src/core/clock.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import {
  type DirectoryWish,
  type DirectoryWorld,
  pathBelow,
  type WorldPolicy,
} from '../../contracts/directory-world.ts';
import type { SambaDetails } from '../../services/samba.ts';
import { SambaAdministrator } from '../../services/samba-administrator.ts';

/** The policy of test/services/samba/populate.py. */
const domainPolicy: WorldPolicy = {
  minLength: 8,
  complexity: true,
  historyLength: 3,
  minAgeSeconds: 0,
  maxAgeSeconds: 42 * 86_400,
  lockoutThreshold: 5,
  lockoutSeconds: 1800,
  lockoutWindowSeconds: 1800,
};

/** OU=People, where test/services/samba/populate.py puts people. */
const peopleUnit = 'People';

/** A real Samba AD domain controller as the world of the directory contract. */
export async function sambaWorld(samba: SambaDetails): Promise<DirectoryWorld> {
  const administrator = await SambaAdministrator.connect(samba);
  const directory = openOnSamba(samba, { urls: [samba.url], operationTimeoutMs: 8000 });
  const set = administrator.set.bind(administrator);
  return {
    directory,
    address: { host: samba.host, port: samba.ldapsPort },
    dnsDomain: samba.dnsDomain,
    lockoutThreshold: domainPolicy.lockoutThreshold,
    domainPolicy,
    openDirectory: (wish) => openOnSamba(samba, wish),
    peopleUnit,
    addPerson: async (wish) =>
      administrator.addPerson(wish, wish?.unit === undefined ? undefined : await administrator.dnOf(wish.unit.id)),
    addCrowd: async (count, unit) => administrator.addCrowd(count, await administrator.dnOf(unit.id)),
    addUnit: async (name, parent) => {
      const dn = await administrator.addUnit(
        name,
        parent === undefined ? undefined : await administrator.dnOf(parent.id),
      );
      return { id: await administrator.idOf(dn), name, path: pathBelow(parent?.path ?? peopleUnit, name) };
    },
    addGroup: (wish) => administrator.addGroup(wish),
    addMember: (group, member) => administrator.addMember(`<GUID=${group.id}>`, member.id),
    setPrimaryGroup: (person, group) => administrator.setPrimaryGroup(person, group),
    setManager: async (person, manager) => set(person.id, { manager: await administrator.dnOf(manager.id) }),
    moveTo: async (what, unit) => administrator.move(what, await administrator.dnOf(unit.id)),
    addComputer: () => administrator.addComputer(),
    lock: (person) => administrator.lock(person, domainPolicy.lockoutThreshold),
    disable: (person) => set(person.id, { userAccountControl: String(0x202) }),
    expireAccount: (person) => set(person.id, { accountExpires: '131000000000000000' }),
    expirePassword: (person) => administrator.expirePassword(person),
    requireChange: (person) => set(person.id, { pwdLastSet: '0' }),
    requireSmartcard: (person) => set(person.id, { userAccountControl: String(0x40200) }),
    neverExpire: (person) => set(person.id, { userAccountControl: String(0x10200) }),
    denyAllHours: (person) => set(person.id, { logonHours: Buffer.alloc(21) }),
    restrictWorkstations: (person) => set(person.id, { userWorkstations: 'ELSEWHERE' }),
    addToProtectedGroup: (person) => administrator.addToProtectedGroup(person),
    setAdminCount: (person) => set(person.id, { adminCount: '1' }),
    move: async (person) => administrator.move(person, await administrator.addUnit(`R&D, "Labs" + ü ${person.id}`)),
    remove: (what) => administrator.remove(what),
    applyFineGrainedPolicy: (person, policy) => administrator.applyFineGrainedPolicy(person, policy),
    look: (person) => administrator.look(person),
    bind: (person, password) => administrator.bind(person, password),
    close: async () => {
      await directory.close();
      await administrator.close();
    },
  };
}

/** @param more settings by their names in the configuration file */
export function openOnSamba(samba: SambaDetails, wish: DirectoryWish, more: Record<string, unknown> = {}): Directory {
  const settings = activeDirectorySettings.parse({
    urls: wish.urls,
    'ca-file': samba.caFile,
    'base-dn': samba.baseDn,
    'people-base': samba.peopleBase,
    domain: samba.domain,
    'bind-account': samba.service,
    'bind-password': samba.servicePassword,
    'operation-timeout-ms': wish.operationTimeoutMs,
    'walk-timeout-ms': wish.walkTimeoutMs,
    'connect-timeout-ms': wish.connectTimeoutMs,
    'pool-size': wish.poolSize,
    'privileged-groups': wish.privilegedGroups,
    ...more,
  });
  return createActiveDirectory({ settings, clock: systemClock });
}

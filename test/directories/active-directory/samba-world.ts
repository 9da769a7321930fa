import { systemClock } from '../../../src/core/clock.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import type { DirectoryWish, DirectoryWorld, WorldPolicy } from '../../contracts/directory-world.ts';
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
    addPerson: (wish) => administrator.addPerson(wish),
    addComputer: () => administrator.addComputer(),
    lock: (person) => administrator.lock(person, domainPolicy.lockoutThreshold),
    disable: (person) => set(person.id, { userAccountControl: String(0x202) }),
    expireAccount: (person) => set(person.id, { accountExpires: '131000000000000000' }),
    expirePassword: (person) => administrator.expirePassword(person),
    requireChange: (person) => set(person.id, { pwdLastSet: '0' }),
    requireSmartcard: (person) => set(person.id, { userAccountControl: String(0x40200) }),
    denyAllHours: (person) => set(person.id, { logonHours: Buffer.alloc(21) }),
    restrictWorkstations: (person) => set(person.id, { userWorkstations: 'ELSEWHERE' }),
    addToProtectedGroup: (person) => administrator.addToProtectedGroup(person),
    setAdminCount: (person) => set(person.id, { adminCount: '1' }),
    move: async (person) => administrator.move(person, await administrator.addUnit(`R&D, "Labs" + ü ${person.id}`)),
    remove: (person) => administrator.remove(person),
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
    'connect-timeout-ms': wish.connectTimeoutMs,
    'pool-size': wish.poolSize,
    ...more,
  });
  return createActiveDirectory({ settings, clock: systemClock });
}

import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import type { Directory } from '../../../src/core/directory.ts';
import { createActiveDirectory } from '../../../src/directories/active-directory/active-directory.ts';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';
import type { NewPerson } from '../../../src/directories/demo/administration.ts';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';
import type { AttributeValues, Entry } from '../../../src/directories/demo/entry.ts';
import { guidToText } from '../../../src/directories/demo/identifier.ts';
import type {
  DirectoryWish,
  DirectoryWorld,
  GroupWish,
  PersonWish,
  WorldGroup,
  WorldPerson,
  WorldPolicy,
  WorldUnit,
  WorldView,
} from '../../contracts/directory-world.ts';
import { pathBelow } from '../../contracts/directory-world.ts';
import { asService, bindCode } from './demo-client.ts';

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

/** A demo directory of its own as the world of the directory contract, asked by the Active Directory client. */
export async function demoWorld(): Promise<DirectoryWorld> {
  const demo = await startDemoDirectory({ production: false });
  demo.administration.setDomainPolicy(domainPolicy);
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-demo-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, demo.ca);
  return new DemoWorld({ demo, folder, caFile });
}

interface DemoWorldNeeds {
  readonly demo: DemoDirectory;
  readonly folder: string;
  readonly caFile: string;
}

class DemoWorld implements DirectoryWorld {
  readonly directory: Directory;
  readonly address: DirectoryWorld['address'];
  readonly dnsDomain: string;
  readonly peopleUnit = 'People';
  readonly lockoutThreshold = domainPolicy.lockoutThreshold;
  readonly domainPolicy = domainPolicy;
  readonly #needs: DemoWorldNeeds;
  readonly #demo: DemoDirectory;

  constructor(needs: DemoWorldNeeds) {
    this.#needs = needs;
    this.#demo = needs.demo;
    this.address = { host: '127.0.0.1', port: needs.demo.port };
    this.dnsDomain = needs.demo.dnsDomain;
    this.directory = this.openDirectory({ urls: [needs.demo.url], operationTimeoutMs: 8000 });
  }

  openDirectory(wish: DirectoryWish): Directory {
    const { baseDn, domain, serviceAccount } = this.#demo;
    const settings = activeDirectorySettings.parse({
      urls: wish.urls,
      'ca-file': this.#needs.caFile,
      'base-dn': baseDn,
      'people-base': this.#people,
      domain,
      'bind-account': serviceAccount.principal,
      'bind-password': serviceAccount.password,
      'operation-timeout-ms': wish.operationTimeoutMs,
      'walk-timeout-ms': wish.walkTimeoutMs,
      'connect-timeout-ms': wish.connectTimeoutMs,
      'pool-size': wish.poolSize,
      'privileged-groups': wish.privilegedGroups,
    });
    return createActiveDirectory({ settings, clock: systemClock });
  }

  async addPerson(wish: PersonWish = {}): Promise<WorldPerson> {
    const unique = `p${randomBytes(6).toString('hex')}`;
    const { principalName = `${unique}@${this.dnsDomain}`, unit, ...rest } = wish;
    const person: NewPerson = {
      unit: unit === undefined ? this.#people : this.#entry(unit).dn,
      commonName: unique,
      samName: unique,
      password: `Start-1-${randomUUID()}`,
      ...rest,
      ...(principalName === null ? {} : { principalName }),
    };
    return { ...person, id: guidToText(this.#demo.administration.addPerson(person).guid) };
  }

  async addCrowd(count: number, unit: WorldUnit): Promise<void> {
    for (let number = 0; number < count; number += 1) await this.addPerson({ unit });
  }

  async addComputer(): Promise<WorldPerson> {
    const computer = this.#demo.administration.addComputer(this.#people, `PC${randomBytes(4).toString('hex')}`);
    return { id: guidToText(computer.guid), samName: computer.text('sAMAccountName') ?? '', password: '' };
  }

  async lock(person: WorldPerson): Promise<void> {
    for (let time = 0; time < this.lockoutThreshold; time += 1) await this.bind(person, `wrong ${time}`);
  }

  disable = this.#setting({ userAccountControl: '514' });
  expireAccount = this.#setting({ accountExpires: '131000000000000000' });
  expirePassword = this.#setting({ pwdLastSet: '131000000000000000' });
  requireChange = this.#setting({ pwdLastSet: '0' });
  requireSmartcard = this.#setting({ userAccountControl: String(0x40200) });
  neverExpire = this.#setting({ userAccountControl: String(0x10200) });
  denyAllHours = this.#setting({ logonHours: Buffer.alloc(21) });
  restrictWorkstations = this.#setting({ userWorkstations: 'ELSEWHERE' });
  setAdminCount = this.#setting({ adminCount: '1' });

  async addToProtectedGroup(person: WorldPerson): Promise<void> {
    const { administration, baseDn } = this.#demo;
    const nested = administration.addGroup(this.#people, `Nested ${person.samName}`);
    nested.members.add(this.#entry(person));
    administration.at(`CN=Domain Admins,CN=Users,${baseDn}`).members.add(nested);
  }

  async addUnit(name: string, parent?: WorldUnit): Promise<WorldUnit> {
    const above = parent === undefined ? this.#people : this.#entry(parent).dn;
    const unit = this.#demo.administration.addUnitIn(above, name);
    return { id: guidToText(unit.guid), name, path: pathBelow(parent?.path ?? this.peopleUnit, name) };
  }

  async addGroup(wish: GroupWish = {}): Promise<WorldGroup> {
    const { administration, baseDn } = this.#demo;
    const samName = wish.samName ?? `g${randomBytes(6).toString('hex')}`;
    const group = administration.addGroup(`CN=Users,${baseDn}`, wish.commonName ?? samName);
    administration.set(group, { sAMAccountName: samName, ...(wish.distribution ? { groupType: '2' } : {}) });
    return { id: guidToText(group.guid), samName };
  }

  async addMember(group: WorldGroup, member: WorldPerson | WorldGroup): Promise<void> {
    this.#entry(group).members.add(this.#entry(member));
  }

  async setPrimaryGroup(person: WorldPerson, group: WorldGroup): Promise<void> {
    this.#demo.administration.setPrimaryGroup(this.#entry(person), this.#entry(group));
  }

  async setManager(person: WorldPerson, manager: WorldPerson): Promise<void> {
    this.#demo.administration.set(this.#entry(person), { manager: this.#entry(manager).dn });
  }

  async moveTo(what: WorldPerson | WorldGroup, unit: WorldUnit): Promise<void> {
    this.#demo.administration.moveTo(this.#entry(what), this.#entry(unit).dn);
  }

  async move(person: WorldPerson): Promise<void> {
    await this.moveTo(person, await this.addUnit(`R&D, "Labs" + ü ${person.id}`));
  }

  async remove(what: WorldPerson | WorldGroup): Promise<void> {
    this.#demo.administration.remove(this.#entry(what));
  }

  async applyFineGrainedPolicy(person: WorldPerson, policy: WorldPolicy): Promise<void> {
    const settings = this.#demo.administration.addPasswordSettings(`For ${person.samName}`, 1, policy);
    settings.appliesTo.add(this.#entry(person));
  }

  /** Over LDAP, so that what is computed for clients is what is seen. */
  async look(person: WorldPerson): Promise<WorldView> {
    const computed = 'msDS-User-Account-Control-Computed';
    const attributes = ['lockoutTime', 'pwdLastSet', 'badPwdCount', computed];
    const { searchEntries } = await asService(this.#demo, (client) =>
      client.search(this.#entry(person).dn, { scope: 'base', attributes }),
    );
    const read = (name: string): bigint => BigInt([searchEntries[0]?.[name] ?? '0'].flat()[0]?.toString() ?? '0');
    return {
      lockoutTime: String(read('lockoutTime')),
      passwordLastSet: String(read('pwdLastSet')),
      badPasswordCount: Number(read('badPwdCount')),
      locked: (read(computed) & 0x10n) !== 0n,
    };
  }

  bind(person: WorldPerson, password: string): Promise<string> {
    return bindCode(this.#demo, this.#entry(person).dn, password);
  }

  async close(): Promise<void> {
    await this.directory.close();
    await this.#demo.close();
    await rm(this.#needs.folder, { recursive: true });
  }

  get #people(): string {
    return `OU=People,${this.#demo.baseDn}`;
  }

  #entry({ id }: { readonly id: string }): Entry {
    const entry = this.#demo.administration.byId(id);
    if (entry === undefined) throw new Error(`${id} is gone`);
    return entry;
  }

  #setting(attributes: AttributeValues): (person: WorldPerson) => Promise<void> {
    return async (person) => this.#demo.administration.set(this.#entry(person), attributes);
  }
}

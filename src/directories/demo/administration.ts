import type { PasswordPolicy } from '../../core/directory.ts';
import { formatDn } from './distinguished-name.ts';
import type { Domain } from './domain.ts';
import type { AttributeValues, Entry } from './entry.ts';
import { interval, never } from './file-time.ts';
import { guidFromText } from './identifier.ts';
import { remember } from './password-write.ts';

export interface NewPerson {
  /** DN of the unit or container. */
  readonly unit: string;
  readonly commonName: string;
  readonly samName: string;
  readonly password: string;
  readonly principalName?: string;
  readonly displayName?: string;
  readonly givenName?: string;
  readonly surname?: string;
  readonly mail?: string;
  readonly mobile?: string;
  readonly telephone?: string;
  /** BCP 47 tag. */
  readonly language?: string;
}

/** A password policy as an administrator sets it; a time without an end is left out. */
export type PolicySettings = Omit<PasswordPolicy, 'source' | 'name' | 'hintsEnforced'>;

/** What differs between the accounts of people and of computers (MS-SAMR 2.2.1.9, 2.2.1.12). */
interface AccountKind {
  readonly objectClass: readonly string[];
  readonly category: string;
  readonly sAMAccountType: string;
  readonly userAccountControl: string;
  readonly primaryGroupID: string;
}

const personKind: AccountKind = {
  objectClass: ['top', 'person', 'organizationalPerson', 'user'],
  category: 'Person',
  sAMAccountType: '805306368',
  userAccountControl: '512',
  primaryGroupID: '513',
};

const computerKind: AccountKind = {
  objectClass: [...personKind.objectClass, 'computer'],
  category: 'Computer',
  sAMAccountType: '805306369',
  userAccountControl: '4096',
  primaryGroupID: '515',
};

/** Makes and changes what is in the domain, past all rights and rules: for seeding it, and for tests. */
export class Administration {
  readonly #domain: Domain;

  constructor(domain: Domain) {
    this.#domain = domain;
  }

  addUnit(dn: string): Entry {
    return this.#add(dn, 'organizationalUnit', 'Organizational-Unit', {});
  }

  /** @param parent DN of what is to hold the unit */
  addUnitIn(parent: string, name: string): Entry {
    return this.addUnit(`${formatDn([{ type: 'OU', value: name }])},${parent}`);
  }

  /** @param dn anything that holds other entries and is no unit */
  addContainer(dn: string, objectClass = 'container'): Entry {
    return this.#add(dn, objectClass, 'Container', {});
  }

  addPerson(person: NewPerson): Entry {
    return this.#addUser(person, personKind);
  }

  /** A computer account: it has a password as people have, but is none. */
  addComputer(unit: string, name: string): Entry {
    const computer = { unit, commonName: name, samName: `${name}$`, password: `${name}-${this.#domain.now}` };
    return this.#addUser(computer, computerKind);
  }

  /** @param sid its well-known SID, where it has one; a new one otherwise */
  addGroup(unit: string, name: string, sid: Buffer = this.#domain.sid()): Entry {
    return this.#add(`${formatDn([{ type: 'CN', value: name }])},${unit}`, 'group', 'Group', {
      sAMAccountName: name,
      objectSid: sid,
      groupType: '-2147483646',
      sAMAccountType: '268435456',
    });
  }

  /** Fine-grained settings for accounts and groups; among several, the lowest precedence wins. */
  addPasswordSettings(name: string, precedence: number, policy: PolicySettings): Entry {
    const dn = `CN=${name},CN=Password Settings Container,CN=System,${this.#domain.baseDn}`;
    return this.#add(dn, 'msDS-PasswordSettings', 'ms-DS-Password-Settings', {
      'msDS-PasswordSettingsPrecedence': String(precedence),
      'msDS-MinimumPasswordLength': String(policy.minLength),
      'msDS-PasswordComplexityEnabled': policy.complexity ? 'TRUE' : 'FALSE',
      'msDS-PasswordReversibleEncryptionEnabled': 'FALSE',
      'msDS-PasswordHistoryLength': String(policy.historyLength),
      'msDS-MinimumPasswordAge': String(interval(policy.minAgeSeconds)),
      'msDS-MaximumPasswordAge': String(interval(policy.maxAgeSeconds)),
      'msDS-LockoutThreshold': String(policy.lockoutThreshold),
      'msDS-LockoutDuration': String(interval(policy.lockoutSeconds)),
      'msDS-LockoutObservationWindow': String(interval(policy.lockoutWindowSeconds)),
    });
  }

  setDomainPolicy(policy: PolicySettings): void {
    this.#domain.head.set({
      minPwdLength: String(policy.minLength),
      pwdProperties: policy.complexity ? '1' : '0',
      pwdHistoryLength: String(policy.historyLength),
      minPwdAge: interval(policy.minAgeSeconds),
      maxPwdAge: interval(policy.maxAgeSeconds),
      lockoutThreshold: String(policy.lockoutThreshold),
      lockoutDuration: interval(policy.lockoutSeconds),
      lockOutObservationWindow: interval(policy.lockoutWindowSeconds),
    });
  }

  /** Sets attributes as they are; undefined removes one. */
  set(entry: Entry, attributes: AttributeValues): void {
    entry.set(attributes);
    this.#domain.touch(entry);
  }

  /** Gives an account a password that no rule is asked about. */
  setPassword(account: Entry, password: string): void {
    account.replaceContent({ ...account.content, ...remember(account, password) });
    this.set(account, { pwdLastSet: this.#domain.after(account.integer('pwdLastSet')) });
  }

  /** Moves a leaf entry, or names it anew. */
  move(entry: Entry, dn: string): void {
    this.#domain.tree.move(entry, dn);
    this.#domain.touch(entry);
  }

  /** Moves a leaf entry, under the name that it has. @param parent DN of what is to hold it */
  moveTo(entry: Entry, parent: string): void {
    this.move(entry, `${formatDn([{ type: 'CN', value: entry.text('cn') ?? '' }])},${parent}`);
  }

  /** Makes a group, which need not name the account, its primary one. */
  setPrimaryGroup(account: Entry, group: Entry): void {
    const [sid] = group.values('objectSid');
    this.set(account, { primaryGroupID: String(Buffer.from(sid ?? '').readUInt32LE(24)) });
  }

  remove(entry: Entry): void {
    this.#domain.tree.remove(entry);
  }

  /** The entry that must be at this DN. */
  at(dn: string): Entry {
    return this.#domain.tree.at(dn);
  }

  /** @param id objectGUID as UUID text */
  byId(id: string): Entry | undefined {
    const entry = this.#domain.tree.resolve(`<GUID=${guidFromText(id)?.toString('hex') ?? id}>`);
    return entry === 'malformed' ? undefined : entry;
  }

  #add(dn: string, objectClass: string, category: string, attributes: Parameters<Domain['create']>[1]): Entry {
    return this.#domain.tree.add(
      this.#domain.create(dn, {
        objectClass: ['top', objectClass],
        objectCategory: this.#category(category),
        ...attributes,
      }),
    );
  }

  #addUser(person: NewPerson, { category, ...kind }: AccountKind): Entry {
    const step = formatDn([{ type: 'CN', value: person.commonName }]);
    const entry = this.#add(`${step},${person.unit}`, 'user', category, {
      ...kind,
      sAMAccountName: person.samName,
      objectSid: this.#domain.sid(),
      accountExpires: String(never),
      badPwdCount: '0',
      badPasswordTime: '0',
      lastLogon: '0',
      logonCount: '0',
      pwdLastSet: '0',
    });
    entry.set({
      userPrincipalName: person.principalName,
      displayName: person.displayName,
      givenName: person.givenName,
      sn: person.surname,
      mail: person.mail,
      mobile: person.mobile,
      telephoneNumber: person.telephone,
      preferredLanguage: person.language,
    });
    this.setPassword(entry, person.password);
    return entry;
  }

  #category(name: string): string {
    return `CN=${name},CN=Schema,${this.#domain.configurationDn}`;
  }
}

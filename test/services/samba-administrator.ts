import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Attribute, Change, Client } from 'ldapts';
import type {
  GroupWish,
  PersonWish,
  WorldGroup,
  WorldPerson,
  WorldPolicy,
  WorldView,
} from '../contracts/directory-world.ts';
import type { SambaDetails } from './samba.ts';

/** The attribute values of an entry, as written. */
type Values = Record<string, string | Buffer | readonly (string | Buffer)[]>;

const run = promisify(execFile);
const ticksPerSecond = 10_000_000n;
const neverTicks = '-9223372036854775808';

/**
 * Makes people and changes them behind Latchkey's back, as the domain administrator over LDAPS.
 * Makes every name up unless told, so that test files can share one domain.
 */
export class SambaAdministrator {
  readonly #samba: SambaDetails;
  readonly #ca: Buffer;
  #client: Client | undefined;
  #protectedGroup: Promise<string> | undefined;

  static async connect(samba: SambaDetails): Promise<SambaAdministrator> {
    return new SambaAdministrator(samba, await readFile(samba.caFile));
  }

  private constructor(samba: SambaDetails, ca: Buffer) {
    this.#samba = samba;
    this.#ca = ca;
  }

  /** @param parent DN of the organisational unit; OU=People when not told */
  async addPerson(wish: PersonWish = {}, parent = this.#samba.peopleBase): Promise<WorldPerson> {
    const samName = wish.samName ?? unique('p');
    const password = wish.password ?? newPassword();
    const principalName = wish.principalName === null ? undefined : principalOf(wish, samName, this.#samba.dnsDomain);
    const dn = `CN=${escapeValue(wish.commonName ?? samName)},${parent}`;
    await this.add(dn, {
      objectClass: 'user',
      sAMAccountName: samName,
      userAccountControl: '512',
      unicodePwd: encodePassword(password),
      ...(principalName === undefined ? {} : { userPrincipalName: principalName }),
      ...contactValues(wish),
    });
    const id = await this.idOf(dn);
    return { id, samName, password, ...(principalName === undefined ? {} : { principalName }) };
  }

  /** Accounts without passwords: deriving keys of one takes Samba 50 ms. */
  async addCrowd(count: number, parent: string): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const name = unique('m');
      const kind = { objectClass: 'user', userAccountControl: '514' };
      await this.add(`CN=${name},${parent}`, { ...kind, sAMAccountName: name });
    }
  }

  async addComputer(): Promise<WorldPerson> {
    const samName = `${unique('c')}$`;
    const password = newPassword();
    const dn = `CN=${samName.slice(0, -1)},${this.#samba.peopleBase}`;
    const kind = { objectClass: 'computer', userAccountControl: '4096' };
    await this.add(dn, { ...kind, sAMAccountName: samName, unicodePwd: encodePassword(password) });
    return { id: await this.idOf(dn), samName, password };
  }

  /** @returns the DN of a new organisational unit. @param parent DN of what holds it; OU=People when not told */
  async addUnit(name: string, parent = this.#samba.peopleBase): Promise<string> {
    const dn = `OU=${escapeValue(name)},${parent}`;
    await this.add(dn, { objectClass: 'organizationalUnit' });
    return dn;
  }

  async add(dn: string, values: Values): Promise<void> {
    const client = await this.#connected();
    await client.add(
      dn,
      Object.entries(values).map(([type, value]) => attribute(type, value)),
    );
  }

  /** Replaces attributes; an empty list clears one. */
  async set(id: string, values: Values): Promise<void> {
    await this.setOn(`<GUID=${id}>`, values);
  }

  async setOn(dn: string, values: Values): Promise<void> {
    const changes = Object.entries(values).map(
      ([type, value]) => new Change({ operation: 'replace', modification: attribute(type, value) }),
    );
    await (await this.#connected()).modify(dn, changes);
  }

  async lock(person: WorldPerson, threshold: number): Promise<void> {
    for (let tries = 0; tries < threshold; tries += 1) await this.bind(person, newPassword());
    if (!(await this.look(person)).locked) throw new Error(`${person.samName} did not get locked`);
  }

  async expirePassword(person: WorldPerson): Promise<void> {
    const script = join(import.meta.dirname, 'samba', 'age-password.py');
    await run('/usr/bin/python3', [script, this.#configuration, this.#database, person.id]);
  }

  /**
   * An account that may do nothing beyond what everybody may.
   * @returns also its SID, to be put into the ACEs that `allow` takes
   */
  async addServiceAccount(): Promise<WorldPerson & { readonly sid: string }> {
    const account = await this.addPerson({}, `OU=Services,${this.#samba.baseDn}`);
    const octets = await this.#octets(account.id, 'objectSid');
    return { ...account, sid: sidText(octets) };
  }

  /** Puts ACEs in front of an object's ACL. @param aces in SDDL, without the leading D: */
  async allow(dn: string, aces: string): Promise<void> {
    const where = ['-H', this.#database, `--configfile=${this.#configuration}`];
    await run('/usr/bin/samba-tool', ['dsacl', 'set', ...where, `--objectdn=${dn}`, `--sddl=${aces}`]);
  }

  /** A group of its own, member of Domain Admins. */
  async addToProtectedGroup(person: WorldPerson): Promise<void> {
    this.#protectedGroup ??= this.#makeProtectedGroup();
    await this.addMember(await this.#protectedGroup, person.id);
  }

  /** @param group DN or `<GUID=…>` */
  async addMember(group: string, memberId: string): Promise<void> {
    const member = new Attribute({ type: 'member', values: [await this.dnOf(memberId)] });
    await (await this.#connected()).modify(group, new Change({ operation: 'add', modification: member }));
  }

  /** A global group in the container of groups. */
  async addGroup(wish: GroupWish = {}): Promise<WorldGroup> {
    const samName = wish.samName ?? unique('g');
    const dn = `CN=${escapeValue(wish.commonName ?? samName)},CN=Users,${this.#samba.baseDn}`;
    const groupType = wish.distribution ? '2' : '-2147483646';
    await this.add(dn, { objectClass: 'group', sAMAccountName: samName, groupType });
    return { id: await this.idOf(dn), samName };
  }

  /** An account must be a member of a group that becomes its primary one, and is no more afterwards (MS-SAMR 3.1.1.8.2). */
  async setPrimaryGroup(person: WorldPerson, group: WorldGroup): Promise<void> {
    await this.addMember(`<GUID=${group.id}>`, person.id);
    const sid = await this.#octets(group.id, 'objectSid');
    await this.set(person.id, { primaryGroupID: String(sid.readUInt32LE(sid.length - 4)) });
  }

  async move({ id }: { readonly id: string }, parent: string): Promise<void> {
    const dn = await this.dnOf(id);
    const name = dn.slice(0, dn.search(/(?<!\\),/));
    await (await this.#connected()).modifyDN(dn, `${name},${parent}`);
  }

  async remove({ id }: { readonly id: string }): Promise<void> {
    await (await this.#connected()).del(`<GUID=${id}>`);
  }

  async applyFineGrainedPolicy(person: WorldPerson, policy: WorldPolicy): Promise<void> {
    await this.#applyPolicy(person, {
      'msDS-MinimumPasswordLength': String(policy.minLength),
      'msDS-PasswordComplexityEnabled': policy.complexity ? 'TRUE' : 'FALSE',
      'msDS-PasswordHistoryLength': String(policy.historyLength),
      'msDS-MinimumPasswordAge': ticks(policy.minAgeSeconds),
      'msDS-MaximumPasswordAge': ticks(policy.maxAgeSeconds),
      'msDS-LockoutThreshold': String(policy.lockoutThreshold),
      'msDS-LockoutDuration': ticks(policy.lockoutSeconds),
      'msDS-LockoutObservationWindow': ticks(policy.lockoutWindowSeconds),
    });
  }

  async look(person: WorldPerson): Promise<WorldView> {
    const computed = 'msDS-User-Account-Control-Computed';
    const entry = await this.get(person.id, ['lockoutTime', 'pwdLastSet', 'badPwdCount', computed]);
    return {
      lockoutTime: entry.lockoutTime || '0',
      passwordLastSet: entry.pwdLastSet || '0',
      badPasswordCount: Number(entry.badPwdCount || '0'),
      locked: (Number(entry[computed]) & 0x10) !== 0,
    };
  }

  /** The first value of each attribute as text; empty where there is none. */
  async get(id: string, attributes: string[]): Promise<Record<string, string>> {
    const client = await this.#connected();
    const { searchEntries } = await client.search(`<GUID=${id}>`, { scope: 'base', attributes });
    const entry = searchEntries[0] ?? { dn: '' };
    return Object.fromEntries(attributes.map((name) => [name, String([entry[name] ?? []].flat()[0] ?? '')]));
  }

  async dnOf(id: string): Promise<string> {
    return (await this.get(id, ['distinguishedName'])).distinguishedName ?? '';
  }

  /** A fresh connection and a simple bind, past Latchkey. @returns `bound`, or the sub-code such as `52e` */
  async bind(person: WorldPerson, password: string): Promise<string> {
    const client = this.#newClient();
    try {
      await client.bind(`<GUID=${person.id}>`, password);
      return 'bound';
    } catch (error) {
      const code = /, data ([0-9a-f]+),/.exec(String(error))?.[1];
      if (code === undefined) throw error;
      return code;
    } finally {
      await client.unbind();
    }
  }

  async close(): Promise<void> {
    await this.#client?.unbind();
  }

  async #applyPolicy(person: WorldPerson, values: Values): Promise<void> {
    const name = unique('pso');
    await this.add(`CN=${name},CN=Password Settings Container,CN=System,${this.#samba.baseDn}`, {
      objectClass: 'msDS-PasswordSettings',
      'msDS-PasswordSettingsPrecedence': '10',
      'msDS-PasswordReversibleEncryptionEnabled': 'FALSE',
      'msDS-PasswordHistoryLength': '0',
      'msDS-PasswordComplexityEnabled': 'FALSE',
      'msDS-MinimumPasswordLength': '4',
      'msDS-MinimumPasswordAge': '0',
      'msDS-MaximumPasswordAge': neverTicks,
      'msDS-LockoutThreshold': '0',
      'msDS-LockoutObservationWindow': ticks(60),
      'msDS-LockoutDuration': ticks(60),
      ...values,
      'msDS-PSOAppliesTo': await this.dnOf(person.id),
    });
  }

  async #makeProtectedGroup(): Promise<string> {
    const name = unique('g');
    const dn = `CN=${name},OU=Services,${this.#samba.baseDn}`;
    await this.add(dn, { objectClass: 'group', sAMAccountName: name, groupType: '-2147483646' });
    await this.addMember(`CN=Domain Admins,CN=Users,${this.#samba.baseDn}`, await this.idOf(dn));
    return dn;
  }

  get #configuration(): string {
    return join(this.#samba.folder, 'etc', 'smb.conf');
  }

  get #database(): string {
    return join(this.#samba.folder, 'private', 'sam.ldb');
  }

  /** objectGUID as lower-case UUID text. */
  async idOf(dn: string): Promise<string> {
    return guidText(await this.#octetsOf(dn, 'objectGUID'));
  }

  #octets(id: string, name: string): Promise<Buffer> {
    return this.#octetsOf(`<GUID=${id}>`, name);
  }

  async #octetsOf(dn: string, name: string): Promise<Buffer> {
    const client = await this.#connected();
    const wanted = { attributes: [name], explicitBufferAttributes: [name] };
    const { searchEntries } = await client.search(dn, { scope: 'base', ...wanted });
    return searchEntries[0]?.[name] as Buffer;
  }

  async #connected(): Promise<Client> {
    if (this.#client?.isBound) return this.#client;
    const client = this.#newClient();
    await client.bind(this.#samba.administrator, this.#samba.administratorPassword);
    this.#client = client;
    return client;
  }

  #newClient(): Client {
    return new Client({ url: this.#samba.url, tlsOptions: { ca: [this.#ca] }, timeout: 20_000 });
  }
}

/** Satisfies length 8 and complexity; never the same twice. */
export function newPassword(): string {
  return `Aa1-${randomBytes(12).toString('hex')}`;
}

/** @returns a name that nothing else in the domain has */
export function unique(prefix: string): string {
  return `${prefix}${randomBytes(6).toString('hex')}`;
}

function principalOf(wish: PersonWish, samName: string, dnsDomain: string): string {
  return wish.principalName ?? `${samName}@${dnsDomain}`;
}

function contactValues(wish: PersonWish): Values {
  const values: Record<string, string | undefined> = {
    displayName: wish.displayName,
    givenName: wish.givenName,
    sn: wish.surname,
    mail: wish.mail,
    mobile: wish.mobile,
    telephoneNumber: wish.telephone,
    preferredLanguage: wish.language,
  };
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function attribute(type: string, value: string | Buffer | readonly (string | Buffer)[]): Attribute {
  return new Attribute({ type, values: [value].flat() as string[] });
}

function encodePassword(password: string): Buffer {
  return Buffer.from(`"${password}"`, 'utf16le');
}

function ticks(seconds: number | undefined): string {
  return seconds === undefined ? neverTicks : String(-BigInt(seconds) * ticksPerSecond);
}

/** Every character that RFC 4514 2.4 gives a meaning, in hex. */
function escapeValue(text: string): string {
  const hex = (character: string) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return text.replace(/[\\,+"<>;=#]|^ | $/g, hex);
}

/** The first three fields lie in the other byte order (MS-DTYP 2.3.4.2). */
function guidText(bytes: Buffer): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = Buffer.from(order.map((index) => bytes[index] ?? 0)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** MS-DTYP 2.4.2 */
function sidText(octets: Buffer): string {
  const parts = Array.from({ length: octets.readUInt8(1) }, (_, index) => octets.readUInt32LE(8 + index * 4));
  return ['S', octets.readUInt8(0), octets.readUIntBE(2, 6), ...parts].join('-');
}

import type { Clock } from '../../core/clock.ts';
import { parseDn } from './distinguished-name.ts';
import { Entry, type EntryNeeds } from './entry.ts';
import { EntryTree } from './entry-tree.ts';
import { fileTime, generalizedTime } from './file-time.ts';
import { sidFromText, stableGuid } from './identifier.ts';
import { type DirectoryPolicy, effectivePolicy } from './password-policy.ts';

/** Rights that somebody was given over the people below a unit, as a delegation wizard does. */
export interface Delegation {
  readonly trustee: Entry;
  readonly below: Entry;
  /** May write these attributes. */
  readonly attributes: readonly string[];
  readonly resetPassword: boolean;
}

export interface DomainNeeds {
  readonly clock: Clock;
  /** DNS name, for example contoso.example. */
  readonly dnsName: string;
  /** NetBIOS name, as people write it before the backslash. */
  readonly name: string;
}

/** The domain that the demo directory is a controller of: its entries, its clock, its rights. */
export class Domain {
  readonly dnsName: string;
  readonly name: string;
  readonly baseDn: string;
  readonly tree = new EntryTree();
  readonly delegations: Delegation[] = [];
  readonly #clock: Clock;
  readonly #sid: string;
  readonly #guids = new Set<string>();
  #lastRelativeId = 1103;
  #lastUsn = 12_000n;

  constructor(needs: DomainNeeds) {
    this.dnsName = needs.dnsName;
    this.name = needs.name;
    this.baseDn = needs.dnsName
      .split('.')
      .map((label) => `DC=${label}`)
      .join(',');
    this.#clock = needs.clock;
    const seed = stableGuid(needs.dnsName);
    this.#sid = `S-1-5-21-${[0, 4, 8].map((at) => seed.readUInt32LE(at)).join('-')}`;
  }

  /** The entry of the domain itself, which holds its password policy. */
  get head(): Entry {
    return this.tree.at(this.baseDn);
  }

  get configurationDn(): string {
    return `CN=Configuration,${this.baseDn}`;
  }

  /** The controller's own entry, where sites and servers are kept. */
  get serverDn(): string {
    return `CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,${this.configurationDn}`;
  }

  get hostName(): string {
    return `dc1.${this.dnsName}`;
  }

  get highestUsn(): bigint {
    return this.#lastUsn;
  }

  get date(): Date {
    return this.#clock.now();
  }

  /** Now, as FILETIME. */
  get now(): bigint {
    return fileTime(this.date);
  }

  /** Now as FILETIME, but later than `previous`, so that two writes never leave the same mark. */
  after(previous: bigint): bigint {
    return this.now > previous ? this.now : previous + 1n;
  }

  policyOf(account: Entry): DirectoryPolicy {
    return effectivePolicy(this.tree, this.head, account);
  }

  /** Makes an entry with what every entry has. */
  create(dn: string, attributes: EntryNeeds['attributes']): Entry {
    const parsed = parseDn(dn);
    const [own] = parsed ?? [];
    if (parsed === undefined || own === undefined) throw new Error(`${dn} is no name`);
    const guid = this.#guid(dn);
    const created = generalizedTime(this.date);
    const usn = String(this.#nextUsn());
    const common = { name: own.value, [own.type.toLowerCase()]: own.value, whenCreated: created, uSNCreated: usn };
    const entry = new Entry({ dn: parsed, guid, attributes: { ...common, objectGUID: guid, ...attributes } });
    entry.set({ whenChanged: created, uSNChanged: usn });
    return entry;
  }

  /** Marks an entry as changed now. */
  touch(entry: Entry): void {
    entry.set({ whenChanged: generalizedTime(this.date), uSNChanged: this.#nextUsn() });
  }

  /** The SID with this relative id, or with the next free one. */
  sid(relativeId: number = this.#nextRelativeId()): Buffer {
    const sid = sidFromText(`${this.#sid}-${relativeId}`);
    if (sid === undefined) throw new Error(`${this.#sid} is no SID`);
    return sid;
  }

  /** Stable for the first entry of a name; a later one of the same name is another entry. */
  #guid(dn: string): Buffer {
    const stable = stableGuid(dn).toString('hex');
    const guid = this.#guids.has(stable) ? stableGuid(`${dn}\0${this.#guids.size}`) : stableGuid(dn);
    this.#guids.add(guid.toString('hex'));
    return guid;
  }

  #nextRelativeId(): number {
    this.#lastRelativeId += 1;
    return this.#lastRelativeId;
  }

  #nextUsn(): bigint {
    this.#lastUsn += 1n;
    return this.#lastUsn;
  }
}

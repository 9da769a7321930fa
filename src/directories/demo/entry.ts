import { type Dn, dnKey, formatDn } from './distinguished-name.ts';
import type { PasswordHash } from './password-hash.ts';
import { attributeSchema } from './schema.ts';

/** Text, numbers and names as text; identifiers and blobs as bytes. */
export type Value = string | Buffer;

/** What a modify may change; replaced as a whole, so that it happens altogether or not at all. */
export interface EntryContent {
  /** By attribute name in lower case. */
  readonly attributes: ReadonlyMap<string, readonly Value[]>;
  /** The current password, then the ones before it, newest first. No LDAP operation can read them. */
  readonly passwords: readonly PasswordHash[];
}

export interface EntryNeeds {
  readonly dn: Dn;
  readonly guid: Buffer;
  readonly attributes: Readonly<Record<string, string | Buffer | readonly string[]>>;
}

/** What to put in attributes; undefined removes one. */
export type AttributeValues = Readonly<Record<string, string | bigint | Buffer | readonly string[] | undefined>>;

/** One object of the directory. */
export class Entry {
  readonly guid: Buffer;
  /** Direct members, where it is a group. */
  readonly members = new Set<Entry>();
  /** The accounts and groups that these password settings are for, where it is such an object. */
  readonly appliesTo = new Set<Entry>();
  #dn: Dn;
  #lineage: readonly string[];
  #content: EntryContent;

  constructor(needs: EntryNeeds) {
    this.#dn = needs.dn;
    this.#lineage = lineageOf(needs.dn);
    this.guid = needs.guid;
    const attributes = Object.entries(needs.attributes).map(([name, values]): [string, readonly Value[]] => {
      if (attributeSchema(name) === undefined) throw new Error(`the schema has no attribute ${name}`);
      return [name.toLowerCase(), asValues(values)];
    });
    this.#content = { attributes: new Map(attributes), passwords: [] };
  }

  get dn(): string {
    return formatDn(this.#dn);
  }

  /** Keys of the entry itself, its parent, and so on up to the root. */
  get lineage(): readonly string[] {
    return this.#lineage;
  }

  get content(): EntryContent {
    return this.#content;
  }

  replaceContent(content: EntryContent): void {
    this.#content = content;
  }

  moveTo(dn: Dn): void {
    this.#dn = dn;
    this.#lineage = lineageOf(dn);
  }

  values(name: string): readonly Value[] {
    return this.#content.attributes.get(name.toLowerCase()) ?? [];
  }

  text(name: string): string | undefined {
    const [value] = this.values(name);
    return value?.toString();
  }

  /** A stored integer; 0 when there is none, as Active Directory reckons. */
  integer(name: string): bigint {
    return BigInt(this.text(name) ?? '0');
  }

  /** Sets attributes without any check; undefined removes one. */
  set(changes: AttributeValues): void {
    const attributes = new Map(this.#content.attributes);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) attributes.delete(name.toLowerCase());
      else attributes.set(name.toLowerCase(), typeof value === 'bigint' ? [String(value)] : asValues(value));
    }
    this.#content = { ...this.#content, attributes };
  }

  isA(objectClass: string): boolean {
    return this.values('objectClass').includes(objectClass);
  }

  /** People and service accounts, not computers: what can bind. */
  get isUser(): boolean {
    return this.isA('user') && !this.isA('computer');
  }
}

function lineageOf(dn: Dn): readonly string[] {
  return dn.map((_, at) => dnKey(dn.slice(at)));
}

function asValues(values: string | Buffer | readonly string[]): readonly Value[] {
  return typeof values === 'string' || Buffer.isBuffer(values) ? [values] : values;
}

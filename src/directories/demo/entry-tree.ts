import { dnKey, parseDn } from './distinguished-name.ts';
import type { Entry, Value } from './entry.ts';
import { guidFromText, sidFromText } from './identifier.ts';
import type { Scope } from './message-decoding.ts';
import { foldText } from './text-folding.ts';

/** All entries, the links between them, and the ways to name one. */
export class EntryTree {
  readonly #entries = new Map<string, Entry>();
  readonly #contexts = new Map<string, Entry>();
  readonly #byGuid = new Map<string, Entry>();
  /** Entries that others are linked from; few, beside people. */
  readonly #groups = new Set<Entry>();
  readonly #settings = new Set<Entry>();

  /** Adds the head of a naming context: searches from above it answer with a reference to it. */
  addContext(entry: Entry): Entry {
    this.#contexts.set(entry.lineage[0] ?? '', entry);
    return this.add(entry);
  }

  add(entry: Entry): Entry {
    const [key = ''] = entry.lineage;
    if (this.#entries.has(key)) throw new Error(`${entry.dn} exists already`);
    this.#entries.set(key, entry);
    this.#byGuid.set(entry.guid.toString('hex'), entry);
    if (entry.isA('group')) this.#groups.add(entry);
    if (entry.isA('msDS-PasswordSettings')) this.#settings.add(entry);
    return entry;
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry.lineage[0] ?? '');
    this.#byGuid.delete(entry.guid.toString('hex'));
    this.#groups.delete(entry);
    this.#settings.delete(entry);
    for (const group of this.#groups) group.members.delete(entry);
    for (const settings of this.#settings) settings.appliesTo.delete(entry);
  }

  /** Gives a leaf entry another name. */
  move(entry: Entry, dn: string): void {
    const parsed = parseDn(dn);
    if (parsed === undefined) throw new Error(`${dn} is no name`);
    this.#entries.delete(entry.lineage[0] ?? '');
    entry.moveTo(parsed);
    this.add(entry);
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  /**
   * The entry that a DN names, or `<GUID=…>` or `<SID=…>` in text or hex (MS-ADTS 3.1.1.3.1.2.4).
   * @returns undefined when there is none; `malformed` when this is no name at all
   */
  resolve(name: string): Entry | undefined | 'malformed' {
    const [, kind, identifier] = /^<(GUID|SID)=([^>]+)>$/i.exec(name.trim()) ?? [];
    if (kind !== undefined && identifier !== undefined) return this.#byIdentifier(kind.toUpperCase(), identifier);
    const dn = parseDn(name);
    return dn === undefined ? 'malformed' : this.#entries.get(dnKey(dn));
  }

  /** The entry that a DN names, for names that the server made itself. */
  at(dn: string): Entry {
    const entry = this.resolve(dn);
    if (entry === undefined || entry === 'malformed') throw new Error(`nothing is at ${dn}`);
    return entry;
  }

  /** The one account with this sAMAccountName. */
  bySamName(name: string): Entry | undefined {
    const folded = foldText(name);
    return this.#first((entry) => foldText(entry.text('sAMAccountName') ?? '') === folded);
  }

  #byIdentifier(kind: string, text: string): Entry | undefined | 'malformed' {
    const hex = /^(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
    const bytes = (kind === 'GUID' ? guidFromText(text) : sidFromText(text)) ?? hex;
    if (bytes === undefined) return 'malformed';
    if (kind === 'GUID') return this.#byGuid.get(bytes.toString('hex'));
    return this.#first((entry) => entry.values('objectSid').some((sid) => bytes.equals(Buffer.from(sid))));
  }

  #first(fits: (entry: Entry) => boolean): Entry | undefined {
    for (const entry of this) if (fits(entry)) return entry;
    return undefined;
  }

  /** The entries that a search from this base looks at; all in one naming context. */
  *scope(base: Entry, scope: Scope): Generator<Entry> {
    const [baseKey = ''] = base.lineage;
    const context = this.#contextOf(base);
    for (const entry of this) {
      const depth = entry.lineage.indexOf(baseKey);
      if (depth < 0 || this.#contextOf(entry) !== context) continue;
      if (scope === 'sub' || (scope === 'children' ? depth > 0 : depth === (scope === 'base' ? 0 : 1))) yield entry;
    }
  }

  /** Heads of other naming contexts below this entry. */
  contextsBelow(base: Entry): readonly Entry[] {
    return [...this.#contexts.values()].filter((head) => head.lineage.indexOf(base.lineage[0] ?? '') > 0);
  }

  #contextOf(entry: Entry): string | undefined {
    return entry.lineage.find((key) => this.#contexts.has(key));
  }

  /** The groups that name this entry as a member. */
  groupsOf(entry: Entry): readonly Entry[] {
    return [...this.#groups].filter((group) => group.members.has(entry));
  }

  /** Every group of the directory. */
  get groups(): Iterable<Entry> {
    return this.#groups;
  }

  /** The password settings that name this entry. */
  settingsOf(entry: Entry): readonly Entry[] {
    return [...this.#settings].filter((settings) => settings.appliesTo.has(entry));
  }

  /**
   * The groups that hold this entry through any number of groups; itself, when it is in a circle. The primary group is
   * not among them. @param counts which groups to look at, and to look further from
   */
  groupsAround(entry: Entry, counts: (group: Entry) => boolean = () => true): ReadonlySet<Entry> {
    const found = new Set<Entry>();
    const open = [entry];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const group of this.groupsOf(next).filter(counts)) {
        if (!found.has(group)) open.push(group);
        found.add(group);
      }
    }
    return found;
  }

  /** Stored values and links; nothing that is constructed. */
  valuesOf(entry: Entry, attribute: string): readonly Value[] {
    switch (attribute.toLowerCase()) {
      case 'distinguishedname':
        return [entry.dn];
      case 'objectguid':
        return [entry.guid];
      case 'member':
        return [...entry.members].map((member) => member.dn);
      case 'memberof':
        return this.groupsOf(entry).map((group) => group.dn);
      case 'msds-psoapplied':
        return this.settingsOf(entry).map((settings) => settings.dn);
      case 'msds-psoappliesto':
        return [...entry.appliesTo].map((target) => target.dn);
      case 'unicodepwd':
        return [];
      default:
        return entry.values(attribute);
    }
  }
}

import { EqualityFilter, type Filter, OrFilter } from 'ldapts';
import { z } from 'zod';
import { integer, list, octetAttributes, octets } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { nameKey } from './distinguished-name.ts';
import { memberInChain, securityGroup } from './groups.ts';
import { sidOctets, sidText } from './identifiers.ts';

/** What an account says of its own groups. */
export const membershipAttributes = ['memberOf', 'primaryGroupID'];

const groupEntry = z.object({ dn: z.string(), objectSid: octets, memberOf: list });
const accountEntry = z.object({ objectSid: octets, memberOf: list, primaryGroupID: integer });

type GroupEntry = z.output<typeof groupEntry>;

/** Groups that one filter asks about; a filter that is too long is refused. */
const groupsAtATime = 40;
const pageSize = 500;
/** DNs of groups that were looked up already; more than most directories have. */
const mostRemembered = 20_000;

export interface MembershipNeeds {
  readonly connection: Connection;
  readonly deadline: Deadline;
  readonly baseDn: string;
  /** SIDs of the groups that matter. */
  readonly wanted: readonly string[];
}

/**
 * Which of some groups an account is in, told from the account's own entry: for many accounts, where tokenGroups would
 * cost a search each. The groups nested in the wanted ones are read once, so that memory depends on groups and not on
 * people. As in tokenGroups, a distribution list passes nothing on; groups of other domains are not seen.
 */
export class Membership {
  /** By SID of a group: the wanted groups that it is, or lies in. */
  readonly #around: ReadonlyMap<string, readonly string[]>;
  readonly #sidByName: ReadonlyMap<string, string>;
  readonly #remembered = new Map<string, readonly string[]>();

  static async read(needs: MembershipNeeds): Promise<Membership> {
    const isWanted = (sid: string): Filter => new EqualityFilter({ attribute: 'objectSid', value: sidOctets(sid) });
    const wanted = await search(needs, needs.wanted.map(isWanted));
    const nested = await search(
      needs,
      wanted.map(({ dn }) => memberInChain(dn)),
    );
    return new Membership(needs.wanted, [...wanted, ...nested]);
  }

  private constructor(wanted: readonly string[], groups: readonly GroupEntry[]) {
    this.#sidByName = new Map(groups.map(({ dn, objectSid }) => [nameKey(dn), sidText(objectSid)]));
    const members = new Map<string, string[]>();
    for (const group of groups) {
      for (const name of group.memberOf) {
        const above = this.#sidByName.get(nameKey(name));
        if (above !== undefined) append(members, above, sidText(group.objectSid));
      }
    }
    const around = new Map<string, string[]>();
    for (const sid of this.#sidsAmong(wanted)) {
      for (const inside of reachable(sid, members)) append(around, inside, sid);
    }
    this.#around = around;
  }

  /** Whether the directory has this one of the wanted groups. */
  knows(sid: string): boolean {
    return this.#around.has(sid);
  }

  /**
   * @param entry of an account, with its objectSid and the attributes named above
   * @returns SIDs of the wanted groups that it is in; undefined when its own entry does not hold them all
   */
  of(entry: Readonly<Record<string, unknown>>): readonly string[] | undefined {
    // A server sends at most 1500 values at a time (MS-ADTS 3.1.1.3.1.3.3).
    if (Object.keys(entry).some((name) => /^memberOf;range=/i.test(name))) return undefined;
    const account = accountEntry.parse(entry);
    const sid = sidText(account.objectSid);
    const primary = `${sid.slice(0, sid.lastIndexOf('-'))}-${account.primaryGroupID}`;
    return [...new Set([...(this.#around.get(primary) ?? []), ...account.memberOf.flatMap((dn) => this.#named(dn))])];
  }

  #named(dn: string): readonly string[] {
    const known = this.#remembered.get(dn);
    if (known !== undefined) return known;
    const found = this.#around.get(this.#sidByName.get(nameKey(dn)) ?? '') ?? [];
    if (this.#remembered.size < mostRemembered) this.#remembered.set(dn, found);
    return found;
  }

  #sidsAmong(wanted: readonly string[]): readonly string[] {
    const found = new Set(this.#sidByName.values());
    return [...new Set(wanted)].filter((sid) => found.has(sid));
  }
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** A group and all that lie in it; a circle ends where it began. */
function reachable(from: string, members: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set([from]);
  // A set that grows while it is walked is walked to its end.
  for (const group of found) for (const member of members.get(group) ?? []) found.add(member);
  return found;
}

async function search(
  { connection, deadline, baseDn }: MembershipNeeds,
  filters: readonly Filter[],
): Promise<readonly GroupEntry[]> {
  const found: GroupEntry[] = [];
  for (let at = 0; at < filters.length; at += groupsAtATime) {
    const filter = securityGroup(new OrFilter({ filters: filters.slice(at, at + groupsAtATime) }));
    const wanted = { attributes: ['objectSid', 'memberOf'], explicitBufferAttributes: octetAttributes };
    const asked = { scope: 'sub', filter, ...wanted, pageSize } as const;
    for await (const page of connection.pages(baseDn, asked, () => deadline)) {
      found.push(...page.map((entry) => groupEntry.parse(entry)));
    }
  }
  return found;
}

import { AndFilter, EqualityFilter, ExtensibleFilter, type Filter, type SearchOptions } from 'ldapts';
import type { Clock } from '../../core/clock.ts';
import type { Finding } from '../../core/directory.ts';
import type { DirectoryGroup } from '../../core/directory-people.ts';
import { Misconfigured } from '../../core/errors.ts';
import { octetAttributes } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { sidText } from './identifiers.ts';

/** LDAP_MATCHING_RULE_BIT_AND and LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4). */
export const bitAnd = '1.2.840.113556.1.4.803';
const inChain = '1.2.840.113556.1.4.1941';

/** GROUP_TYPE_SECURITY_ENABLED (MS-ADTS 2.2.12): what access is given to, and what tokenGroups holds. */
const securityEnabled = '2147483648';

/** Fits security groups, not distribution lists. */
export function securityGroup(...more: readonly Filter[]): Filter {
  const group = new EqualityFilter({ attribute: 'objectClass', value: 'group' });
  const enabled = new ExtensibleFilter({ matchType: 'groupType', rule: bitAnd, value: securityEnabled });
  return new AndFilter({ filters: [group, enabled, ...more] });
}

/** Fits what is in a group, over whatever number of groups; a group itself only when it is in a circle. */
export function memberInChain(groupDn: string): Filter {
  return new ExtensibleFilter({ matchType: 'memberOf', rule: inChain, value: groupDn });
}

export interface GroupsNeeds {
  /** NetBIOS name. */
  readonly domain: string;
  readonly dnsDomain: string;
  readonly baseDn: string;
  /** sAMAccountNames of the groups that the settings call privileged. */
  readonly privilegedGroups: readonly string[];
  readonly clock: Clock;
}

/** Milliseconds after which a name of the settings is looked up again: a group that was made anew has another SID. */
const freshness = 60_000;

interface FoundGroup {
  readonly dn: string;
  readonly sid: string;
  readonly name: string;
}

/** Finds the groups of the domain by their names. */
export class Groups {
  readonly #needs: GroupsNeeds;
  /** What the names of the settings stood for, and when that was looked up. */
  readonly #sids = new Map<string, { readonly at: number; readonly sid: string }>();

  constructor(needs: GroupsNeeds) {
    this.#needs = needs;
  }

  /** @param name a sAMAccountName, with the domain before it or without */
  async find(connection: Connection, name: string, deadline: Deadline): Promise<DirectoryGroup | undefined> {
    const at = name.indexOf('\\');
    const ours = [this.#needs.domain, this.#needs.dnsDomain].map((one) => one.toLowerCase());
    if (at >= 0 && !ours.includes(name.slice(0, at).toLowerCase())) return undefined;
    const group = await this.#named(connection, name.slice(at + 1), deadline);
    if (group === undefined) return undefined;
    const circle: SearchOptions = { scope: 'base', filter: memberInChain(group.dn), attributes: ['1.1'] };
    const itself = await connection.search(group.dn, circle, deadline);
    return { id: group.sid, name: group.name, cyclic: itself.length > 0 };
  }

  /**
   * SIDs of the groups that the settings call privileged.
   * @throws Misconfigured when there is none of a name
   */
  async privileged(connection: Connection, deadline: Deadline): Promise<readonly string[]> {
    const sids: string[] = [];
    const now = this.#needs.clock.now().getTime();
    for (const name of this.#needs.privilegedGroups) {
      const known = this.#sids.get(name);
      const isFresh = known !== undefined && now - known.at < freshness;
      const sid = isFresh ? known.sid : (await this.#named(connection, name, deadline))?.sid;
      if (sid === undefined) throw new Misconfigured(`no security group is named ${name}, which is to be privileged`);
      if (!isFresh) this.#sids.set(name, { at: now, sid });
      sids.push(sid);
    }
    return sids;
  }

  /** Whether every group that the settings call privileged can be found. */
  async check(connection: Connection, deadline: Deadline): Promise<Finding> {
    const subject = 'privileged-groups';
    try {
      const { length } = await this.privileged(connection, deadline);
      return { level: 'ok', subject, detail: `${length} beside the protected groups` };
    } catch (error) {
      if (!(error instanceof Misconfigured)) throw error;
      return { level: 'problem', subject, detail: error.message, remedy: 'Correct the name, or take it out.' };
    }
  }

  /** Undefined for a NUL, at which some servers stop reading. */
  async #named(connection: Connection, name: string, deadline: Deadline): Promise<FoundGroup | undefined> {
    if (name === '' || name.includes('\0')) return undefined;
    const filter = securityGroup(new EqualityFilter({ attribute: 'sAMAccountName', value: name }));
    const wanted = { attributes: ['objectSid', 'sAMAccountName'], explicitBufferAttributes: octetAttributes };
    const entries = await connection.search(this.#needs.baseDn, { scope: 'sub', filter, ...wanted }, deadline);
    const [entry] = entries;
    const sid = entries.length === 1 ? entry?.objectSid : undefined;
    if (entry === undefined || !Buffer.isBuffer(sid)) return undefined;
    return { dn: entry.dn, sid: sidText(sid), name: String(entry.sAMAccountName) };
  }
}

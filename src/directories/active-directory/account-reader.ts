import { AndFilter, EqualityFilter, type Filter, NoSuchObjectError, OrFilter } from 'ldapts';
import type { Account } from '../../core/account.ts';
import type { Clock } from '../../core/clock.ts';
import type { Finding } from '../../core/directory.ts';
import { Misconfigured } from '../../core/errors.ts';
import type { Login } from '../../core/login.ts';
import { accountOf } from './account.ts';
import { type AccountEntry, accountAttributes, octetAttributes, parseAccountEntry } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { guidDn, guidOctets, guidText, sidText } from './identifiers.ts';
import type { PolicyReader } from './policy-reader.ts';
import { isProtectedAccount, isProtectedGroup } from './protected-groups.ts';

export interface AccountReaderNeeds {
  readonly domain: string;
  /** DNS name of the domain: the suffix of implicit principal names. */
  readonly dnsDomain: string;
  readonly baseDn: string;
  readonly peopleBase: string;
  readonly privilegedGroups: readonly string[];
  readonly policies: PolicyReader;
  readonly clock: Clock;
}

/** Stands in for an account that does not exist, so that both cases cost the same round trips. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** Reads accounts below the people base, live, over a connection of the service account. */
export class AccountReader {
  readonly #needs: AccountReaderNeeds;
  /** A group's SID never changes, so a name is looked up once. */
  readonly #groupSids = new Map<string, string>();

  constructor(needs: AccountReaderNeeds) {
    this.#needs = needs;
  }

  async find(connection: Connection, login: Login, deadline: Deadline): Promise<Account | undefined> {
    const filter = this.#filterOf(login);
    const entries = filter ? await this.#search(connection, filter, deadline) : [];
    return this.#complete(connection, onlyOne(entries, login), deadline);
  }

  async read(connection: Connection, id: string, deadline: Deadline): Promise<Account | undefined> {
    const value = guidOctets(id);
    if (value === undefined) return undefined;
    const filter = new EqualityFilter({ attribute: 'objectGUID', value });
    const entries = await this.#search(connection, filter, deadline);
    return this.#complete(connection, entries.length === 1 ? entries[0] : undefined, deadline);
  }

  /** Whether every group that the settings call privileged can be found. */
  async checkGroups(connection: Connection, deadline: Deadline): Promise<Finding> {
    const subject = 'privileged-groups';
    try {
      for (const name of this.#needs.privilegedGroups) await this.#sidOfGroup(name, connection, deadline);
      return { level: 'ok', subject, detail: `${this.#needs.privilegedGroups.length} beside the protected groups` };
    } catch (error) {
      if (!(error instanceof Misconfigured)) throw error;
      return { level: 'problem', subject, detail: error.message, remedy: 'Correct the name, or take it out.' };
    }
  }

  /** Undefined for a domain that is not ours, and for a NUL, at which some servers stop reading. */
  #filterOf(login: Login): Filter | undefined {
    if (login.name.includes('\0')) return undefined;
    if (login.kind === 'bare') return samFilter(login.name);
    if (login.kind === 'down-level') return this.#isOurs(login.domain) ? samFilter(login.name) : undefined;
    const explicit = new EqualityFilter({ attribute: 'userPrincipalName', value: login.name });
    const at = login.name.lastIndexOf('@');
    if (login.name.slice(at + 1).toLowerCase() !== this.#needs.dnsDomain) return explicit;
    return new OrFilter({ filters: [explicit, samFilter(login.name.slice(0, at))] });
  }

  #isOurs(domain: string): boolean {
    return [this.#needs.domain.toLowerCase(), this.#needs.dnsDomain].includes(domain.toLowerCase());
  }

  async #search(connection: Connection, filter: Filter, deadline: Deadline): Promise<readonly AccountEntry[]> {
    const user = new EqualityFilter({ attribute: 'objectClass', value: 'user' });
    const entries = await connection.search(
      this.#needs.peopleBase,
      {
        scope: 'sub',
        filter: new AndFilter({ filters: [user, filter] }),
        attributes: accountAttributes,
        explicitBufferAttributes: octetAttributes,
        sizeLimit: 3,
      },
      deadline,
    );
    return entries.map(parseAccountEntry);
  }

  async #complete(
    connection: Connection,
    entry: AccountEntry | undefined,
    deadline: Deadline,
  ): Promise<Account | undefined> {
    const id = entry === undefined ? nobody : guidText(entry.objectGUID);
    const groups = await readTokenGroups(connection, id, deadline);
    if (entry === undefined || groups === undefined) return undefined;
    return accountOf(entry, {
      domain: this.#needs.domain,
      baseDn: this.#needs.baseDn,
      groups,
      privileged: await this.#isPrivileged({ connection, deadline, entry, groups }),
      lockoutWindowSeconds: await this.#lockoutWindow(connection, entry, deadline),
      now: this.#needs.clock.now(),
    });
  }

  async #isPrivileged(asked: PrivilegeQuestion): Promise<boolean> {
    if (asked.groups.length === 0) {
      throw new Misconfigured(
        'the service account cannot read tokenGroups, so nobody can tell who is privileged: ' +
          'make it a member of "Windows Authorization Access Group" or "Pre-Windows 2000 Compatible Access"',
      );
    }
    if (asked.entry.adminCount === 1n || isProtectedAccount(sidText(asked.entry.objectSid))) return true;
    if (asked.groups.some(isProtectedGroup)) return true;
    for (const name of this.#needs.privilegedGroups) {
      if (asked.groups.includes(await this.#sidOfGroup(name, asked.connection, asked.deadline))) return true;
    }
    return false;
  }

  async #sidOfGroup(name: string, connection: Connection, deadline: Deadline): Promise<string> {
    const known = this.#groupSids.get(name);
    if (known !== undefined) return known;
    const group = new EqualityFilter({ attribute: 'objectClass', value: 'group' });
    const filter = new AndFilter({ filters: [group, samFilter(name)] });
    const wanted = { attributes: ['objectSid'], explicitBufferAttributes: octetAttributes };
    const entries = await connection.search(this.#needs.baseDn, { scope: 'sub', filter, ...wanted }, deadline);
    const sid = entries.length === 1 ? entries[0]?.objectSid : undefined;
    if (!Buffer.isBuffer(sid)) throw new Misconfigured(`no group is named ${name}, which is to be privileged`);
    this.#groupSids.set(name, sidText(sid));
    return sidText(sid);
  }

  /** Read only when it matters: most people have no wrong password to forget. */
  async #lockoutWindow(connection: Connection, entry: AccountEntry, deadline: Deadline): Promise<number> {
    if (entry.badPwdCount === 0n) return 0;
    const policy = await this.#needs.policies.read(connection, guidText(entry.objectGUID), deadline);
    return policy.lockoutWindowSeconds;
  }
}

interface PrivilegeQuestion {
  readonly connection: Connection;
  readonly deadline: Deadline;
  readonly entry: AccountEntry;
  readonly groups: readonly string[];
}

function samFilter(name: string): Filter {
  return new EqualityFilter({ attribute: 'sAMAccountName', value: name });
}

/** An explicit principal name goes before an implicit one (MS-ADTS 5.1.1.1.1). More than one match is none. */
function onlyOne(entries: readonly AccountEntry[], login: Login): AccountEntry | undefined {
  if (entries.length <= 1) return entries[0];
  if (login.kind !== 'principal') return undefined;
  const name = login.name.toLowerCase();
  const explicit = entries.filter((entry) => entry.userPrincipalName?.toLowerCase() === name);
  return explicit.length === 1 ? explicit[0] : undefined;
}

/**
 * SIDs of every group that the account is in, nested and primary ones included. Constructed for a search of scope base
 * only (MS-ADTS 3.1.1.4.5.19).
 * @returns undefined when the account is gone
 */
async function readTokenGroups(
  connection: Connection,
  id: string,
  deadline: Deadline,
): Promise<readonly string[] | undefined> {
  try {
    const wanted = { attributes: ['tokenGroups'], explicitBufferAttributes: octetAttributes };
    const [entry] = await connection.search(guidDn(id), { scope: 'base', ...wanted }, deadline);
    return [entry?.tokenGroups ?? []].flat().map((value) => sidText(Buffer.from(value)));
  } catch (error) {
    if (error instanceof NoSuchObjectError) return undefined;
    throw error;
  }
}

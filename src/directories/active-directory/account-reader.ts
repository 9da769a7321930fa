import { AndFilter, EqualityFilter, type Filter, NoSuchObjectError, OrFilter } from 'ldapts';
import type { Account } from '../../core/account.ts';
import type { Clock } from '../../core/clock.ts';
import { Misconfigured } from '../../core/errors.ts';
import type { Login } from '../../core/login.ts';
import { accountOf } from './account.ts';
import { type AccountEntry, accountAttributes, octetAttributes, parseAccountEntry } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import type { Groups } from './groups.ts';
import { guidDn, guidOctets, guidText, sidText } from './identifiers.ts';
import type { PolicyReader } from './policy-reader.ts';
import { isProtectedAccount, isProtectedGroup } from './protected-groups.ts';
import { readTokenGroups } from './token-groups.ts';

export interface AccountReaderNeeds {
  readonly domain: string;
  /** DNS name of the domain: the suffix of implicit principal names. */
  readonly dnsDomain: string;
  readonly baseDn: string;
  readonly peopleBase: string;
  readonly groups: Groups;
  readonly policies: PolicyReader;
  readonly clock: Clock;
}

/** Stands in for an account that does not exist, so that both cases cost the same round trips. */
const nobody = '00000000-0000-0000-0000-000000000000';

/** Reads accounts below the people base, live, over a connection of the service account. */
export class AccountReader {
  readonly #needs: AccountReaderNeeds;

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

  /** The person whose DN stands in `manager`, when that is somebody below the people base. */
  async manager(connection: Connection, id: string, deadline: Deadline): Promise<Account | undefined> {
    const dn = await readManager(connection, id, deadline);
    if (dn === undefined) return undefined;
    const filter = new EqualityFilter({ attribute: 'distinguishedName', value: dn });
    const [entry] = await this.#search(connection, filter, deadline);
    const account = await this.#complete(connection, entry, deadline);
    return account?.state.person ? account : undefined;
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
    const more = await this.#needs.groups.privileged(asked.connection, asked.deadline);
    return more.some((sid) => asked.groups.includes(sid));
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

async function readManager(connection: Connection, id: string, deadline: Deadline): Promise<string | undefined> {
  try {
    const [entry] = await connection.search(guidDn(id), { scope: 'base', attributes: ['manager'] }, deadline);
    const dn = [entry?.manager ?? []].flat()[0];
    return dn === undefined ? undefined : String(dn);
  } catch (error) {
    if (error instanceof NoSuchObjectError) return undefined;
    throw error;
  }
}

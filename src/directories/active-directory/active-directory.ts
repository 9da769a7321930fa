import type { Account } from '../../core/account.ts';
import type { Clock } from '../../core/clock.ts';
import type {
  Directory,
  DirectoryHealth,
  Finding,
  PasswordPolicy,
  PreparedWrite,
  SignIn,
  WriteObservation,
  WriteResult,
} from '../../core/directory.ts';
import type {
  DirectoryGroup,
  DirectoryUnit,
  PeopleFound,
  PeopleSearch,
  PeopleWalk,
} from '../../core/directory-people.ts';
import { LatchkeyError, NotSent, Unavailable } from '../../core/errors.ts';
import type { Login } from '../../core/login.ts';
import { AccountReader } from './account-reader.ts';
import { AccountWriter } from './account-writer.ts';
import type { Connection } from './connection.ts';
import { Deadline } from './deadline.ts';
import { Discovery } from './discovery.ts';
import { DomainChecks } from './domain-checks.ts';
import { Groups } from './groups.ts';
import type { Report } from './outage.ts';
import { isEmptyPassword } from './password-octets.ts';
import { People } from './people.ts';
import { PolicyReader } from './policy-reader.ts';
import { faultOf, type Work } from './server.ts';
import { type ServerAddress, serverAddress } from './server-address.ts';
import { failureFinding, noServerFinding, serverFindings } from './server-checks.ts';
import { Servers } from './servers.ts';
import { ServiceAccountGuard, serviceAccount } from './service-account.ts';
import type { ActiveDirectorySettings } from './settings.ts';
import { SignInDesk } from './sign-in.ts';
import { SlowLane } from './slow-lane.ts';
import { openTrust } from './trust.ts';
import { Units } from './units.ts';

export interface ActiveDirectoryNeeds {
  readonly settings: ActiveDirectorySettings;
  readonly clock: Clock;
  /** Told when a server, the name service, a file or the service account fails, and when it is well again. */
  readonly report?: Report;
}

/** @throws Misconfigured when the file with the trusted certificates, or with the password, cannot be used */
export function createActiveDirectory(needs: ActiveDirectoryNeeds): Directory {
  return new ActiveDirectory(needs);
}

/** Active Directory over LDAP with TLS. The only place, with its folder, that knows DNs, filters and attributes. */
export class ActiveDirectory implements Directory {
  readonly domain: string;
  readonly #settings: ActiveDirectorySettings;
  readonly #servers: Servers;
  readonly #accounts: AccountReader;
  readonly #groups: Groups;
  readonly #units: Units;
  readonly #people: People;
  readonly #slow = new SlowLane();
  readonly #policies: PolicyReader;
  readonly #desk: SignInDesk;
  readonly #guard: ServiceAccountGuard;
  readonly #clock: Clock;

  constructor(needs: ActiveDirectoryNeeds) {
    const { settings, report = () => {} } = needs;
    const account = serviceAccount(settings, report);
    const trusted = openTrust(settings['ca-file'], report);
    const { discovery: wanted, starttls } = settings;
    const discovery = wanted && new Discovery({ settings: wanted, starttls, report });
    const lookup = discovery?.names.lookup;
    this.domain = settings.domain.toUpperCase();
    this.#settings = settings;
    this.#clock = needs.clock;
    this.#desk = new SignInDesk({ account });
    this.#guard = new ServiceAccountGuard({ account, report });
    this.#policies = new PolicyReader({ baseDn: settings['base-dn'] });
    this.#servers = new Servers({
      urls: settings.urls,
      ...(discovery === undefined ? {} : { found: (wait) => discovery.urls(wait) }),
      address: (url) => ({
        ...serverAddress(url, trusted()),
        ...(lookup === undefined || settings.urls.includes(url) ? {} : { lookup }),
      }),
      guard: this.#guard,
      poolSize: settings['pool-size'],
      connectTimeoutMs: settings['connect-timeout-ms'],
      report,
    });
    const domain = {
      domain: this.domain,
      dnsDomain: dnsDomainOf(settings['base-dn']),
      baseDn: settings['base-dn'],
      peopleBase: settings['people-base'] ?? settings['base-dn'],
      clock: needs.clock,
    };
    this.#groups = new Groups({ ...domain, privilegedGroups: settings['privileged-groups'] });
    this.#units = new Units(domain);
    this.#accounts = new AccountReader({ ...domain, groups: this.#groups, policies: this.#policies });
    this.#people = new People({ ...domain, groups: this.#groups, units: this.#units });
  }

  find(login: Login): Promise<Account | undefined> {
    return this.#read((connection, deadline) => this.#accounts.find(connection, login, deadline));
  }

  read(id: string): Promise<Account | undefined> {
    return this.#read((connection, deadline) => this.#accounts.read(connection, id, deadline));
  }

  async authenticate(account: Account, password: string): Promise<SignIn> {
    if (isEmptyPassword(password)) return { kind: 'wrong' };
    const deadline = this.#deadline();
    const address = await this.#healthyServer(deadline);
    const result = await this.#desk.signIn({ address, accountId: account.id, password }, deadline);
    // A refusal could be the service account's own, and must not be taken for the person's.
    if (result.kind !== 'signed-in') (await this.#servers.connect(address.url, deadline)).close();
    return result;
  }

  /** A server that answers a read now: a healthy one to bind at. */
  async #healthyServer(deadline: Deadline): Promise<ServerAddress> {
    try {
      const address = await this.#servers.read(deadline, async (connection) => {
        await connection.search('', { scope: 'base', attributes: ['currentTime'] }, deadline);
        return connection.address;
      });
      // The strategy binds as the service account too, past the guard: never with a password that may be wrong.
      if (!this.#guard.isProven) (await this.#servers.connect(address.url, deadline)).close();
      return address;
    } catch (fault) {
      throw fault instanceof Unavailable ? new NotSent(fault.message, fault) : fault;
    }
  }

  passwordPolicy(account: Account): Promise<PasswordPolicy> {
    return this.#read((connection, deadline) => this.#policies.read(connection, account.id, deadline));
  }

  prepareWrite(account: Account): Promise<PreparedWrite> {
    return this.#read(async (connection, deadline) => {
      const before = await new AccountWriter({ connection, deadline }).observe(account.id);
      return { accountId: account.id, server: connection.address.url, ...before };
    });
  }

  unlock(write: PreparedWrite): Promise<WriteResult> {
    return this.#write(write, (writer) => writer.unlock(write));
  }

  resetPassword(write: PreparedWrite, newPassword: string): Promise<WriteResult> {
    return this.#write(write, (writer) => writer.reset(write, newPassword));
  }

  observe(write: PreparedWrite): Promise<WriteObservation> {
    return this.#write(write, (writer) => writer.observe(write.accountId));
  }

  findGroup(name: string): Promise<DirectoryGroup | undefined> {
    return this.#read((connection, deadline) => this.#groups.find(connection, name, deadline));
  }

  findUnit(path: string): Promise<DirectoryUnit | undefined> {
    return this.#read((connection, deadline) => this.#units.find(connection, path, deadline));
  }

  units(): Promise<readonly string[]> {
    return this.#read((connection, deadline) => this.#units.all(connection, deadline));
  }

  async searchPeople(search: PeopleSearch): Promise<PeopleFound> {
    const find = () => this.#read((connection, deadline) => this.#people.search(connection, search, deadline));
    return search.as === 'whole' ? find() : this.#slow.take(find, { people: [], complete: false });
  }

  async *walkPeople({ groups, signal }: PeopleWalk): AsyncGenerator<readonly Account[]> {
    signal.throwIfAborted();
    const { url } = await this.#healthyServer(this.#deadline());
    // A connection of its own: pages belong to one, and a walk may be long.
    const connection = await this.#servers.connect(url, this.#deadline());
    const end = (): void => connection.close();
    signal.addEventListener('abort', end);
    try {
      yield* this.#people.walk({ connection, groups, deadline: () => this.#walkDeadline() });
    } catch (error) {
      signal.throwIfAborted();
      throw faultOf(error, url);
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
  }

  manager(account: Account): Promise<Account | undefined> {
    return this.#read((connection, deadline) => this.#accounts.manager(connection, account.id, deadline));
  }

  async health(): Promise<DirectoryHealth> {
    try {
      const url = await this.#read(async (connection, deadline) => {
        await connection.search('', { scope: 'base', attributes: ['currentTime'] }, deadline);
        return connection.address.url;
      });
      return { ok: true, detail: `${url} answers the service account` };
    } catch (error) {
      if (error instanceof LatchkeyError) return { ok: false, detail: error.message };
      throw error;
    }
  }

  async check(): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    const addresses = await this.#servers.addresses(this.#deadline());
    if (addresses.length === 0) findings.push(noServerFinding);
    for (const address of addresses) findings.push(...(await this.#checkServer(address)));
    try {
      return [...findings, ...(await this.#read((connection, deadline) => this.#checkDomain(connection, deadline)))];
    } catch (error) {
      if (error instanceof LatchkeyError) return findings;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#servers.close();
  }

  async #checkServer(address: ServerAddress): Promise<readonly Finding[]> {
    try {
      const connection = await this.#servers.connect(address.url, this.#deadline());
      const findings = serverFindings(connection, this.#clock.now());
      connection.close();
      return findings;
    } catch (error) {
      if (error instanceof LatchkeyError) return [failureFinding(address, error)];
      throw error;
    }
  }

  async #checkDomain(connection: Connection, deadline: Deadline): Promise<readonly Finding[]> {
    const checks = new DomainChecks({
      connection,
      deadline,
      baseDn: this.#settings['base-dn'],
      peopleBase: this.#settings['people-base'] ?? this.#settings['base-dn'],
      account: this.#settings['bind-account'],
    });
    return [...(await checks.findings()), await this.#groups.check(connection, deadline)];
  }

  #deadline(): Deadline {
    return new Deadline(this.#settings['operation-timeout-ms']);
  }

  /** Nobody waits for a walk, and some servers find everybody before they send the first page. */
  #walkDeadline(): Deadline {
    return new Deadline(this.#settings['walk-timeout-ms']);
  }

  #read<T>(work: Work<T>): Promise<T> {
    return this.#servers.read(this.#deadline(), work);
  }

  #write<T>(write: PreparedWrite, work: (writer: AccountWriter) => Promise<T>): Promise<T> {
    return this.#servers.on(write.server, this.#deadline(), (connection, deadline) =>
      work(new AccountWriter({ connection, deadline })),
    );
  }
}

/** DC=corp,DC=example,DC=com is corp.example.com (RFC 2247). */
function dnsDomainOf(baseDn: string): string {
  return baseDn
    .split(',')
    .map((part) => part.trim().replace(/^DC=/i, ''))
    .join('.')
    .toLowerCase();
}

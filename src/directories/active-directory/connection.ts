import type { connect as connectTls, TLSSocket } from 'node:tls';
import { type Change, Client, type Control, type Entry, ResultCodeError, type SearchOptions } from 'ldapts';
import { LatchkeyError } from '../../core/errors.ts';
import type { Deadline } from './deadline.ts';
import { PageAnswer, PageControl } from './paging.ts';
import { policyHintsOffered } from './policy-hints.ts';
import { ldapsUrl, type ServerAddress } from './server-address.ts';
import { ReadOnlyServer, ServerFailure } from './server-failure.ts';
import { type ServiceAccountGuard, ServiceAccountRefused } from './service-account.ts';
import { openVerified } from './transport.ts';

/** What a server says of itself before anything is asked of it. */
export interface ServerTraits {
  /** OID of the policy hints control, where the server has one. */
  readonly policyHints?: string;
}

/** LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID: a read-only domain controller (MS-ADTS 3.1.1.3.4.3). */
const readOnlyCapability = '1.2.840.113556.1.4.1920';

/** Pages in a row with nothing in them, after which a server is not believed to have more. */
const mostEmptyPages = 1_000;

/** One encrypted connection to one server, bound as the service account for all its life. */
export class Connection {
  readonly address: ServerAddress;
  readonly traits: ServerTraits;
  readonly #client: Client;
  readonly #socket: TLSSocket;

  static async open(address: ServerAddress, account: ServiceAccountGuard, deadline: Deadline): Promise<Connection> {
    const socket = await openVerified(address, deadline);
    const client = new Client({ url: ldapsUrl(address), createSecureConnection: (() => socket) as typeof connectTls });
    try {
      const made = introduce(client, account, deadline);
      const traits = await deadline.hold(made, () => socket.destroy());
      // The client took the listener of `openVerified` away, and takes its own away at `close`.
      socket.on('error', () => {});
      return new Connection({ address, traits, client, socket });
    } catch (error) {
      socket.destroy();
      if (error instanceof LatchkeyError && !(error instanceof ServerFailure)) throw error;
      if (error instanceof ReadOnlyServer) throw new ReadOnlyServer(`${address.url} ${error.message}`, error);
      throw new ServerFailure(`${address.url} cannot be used: ${String(error)}`, error);
    }
  }

  private constructor(parts: ConnectionParts) {
    this.address = parts.address;
    this.traits = parts.traits;
    this.#client = parts.client;
    this.#socket = parts.socket;
  }

  /** When the server's certificate ends. */
  get certificateExpires(): Date {
    return new Date(this.#socket.getPeerCertificate().valid_to);
  }

  /** False once it is broken or closed. A client that reconnects by itself would be anonymous. */
  get usable(): boolean {
    return this.#client.isBound && !this.#socket.destroyed;
  }

  /**
   * @param base a DN that a server gave or the configuration holds, or the form `<GUID=…>`; never one built from input
   * @returns the entries; references to other servers are left out
   * @throws ResultCodeError when the server answers so, ServerFailure when it does not answer
   */
  async search(base: string, options: SearchOptions, deadline: Deadline, control?: Control): Promise<readonly Entry[]> {
    const asked = { timeLimit: seconds(deadline), ...options };
    return (await this.#ask(() => this.#client.search(base, asked, control), deadline)).searchEntries;
  }

  /**
   * As `search`, but in pages, of which the next is asked for when the one before was taken (RFC 2696). Nothing else may
   * be asked on this connection while one is on its way.
   * @param deadline of one page
   * @returns pages that hold something
   */
  async *pages(base: string, search: PagedSearch, deadline: () => Deadline): AsyncGenerator<readonly Entry[]> {
    let cookie: Buffer = Buffer.alloc(0);
    let empty = 0;
    do {
      const page = await this.#page(base, search, { cookie, deadline: deadline() });
      if (page.entries.length > 0) yield page.entries;
      empty = page.entries.length > 0 ? 0 : empty + 1;
      if (empty > mostEmptyPages) throw new ServerFailure(`${this.address.url} comes to no end of a search`);
      cookie = page.cookie;
    } while (cookie.length > 0);
  }

  async #page(
    base: string,
    { pageSize, ...options }: PagedSearch,
    { cookie, deadline }: { readonly cookie: Buffer; readonly deadline: Deadline },
  ): Promise<{ readonly entries: readonly Entry[]; readonly cookie: Buffer }> {
    const answer = new PageAnswer(this.#socket);
    try {
      const control = new PageControl(pageSize, cookie);
      return await this.#ask(async () => {
        const asked = { timeLimit: seconds(deadline), ...options };
        const { searchEntries } = await this.#client.search(base, asked, control);
        return { entries: searchEntries, cookie: answer.cookie };
      }, deadline);
    } finally {
      answer.end();
    }
  }

  /** Sends one modify: all of its changes happen, or none. Throws as `search` does; then it may have happened. */
  async modify(dn: string, changes: Change[], options: ModifyOptions): Promise<void> {
    await this.#ask(() => this.#client.modify(dn, changes, [...(options.controls ?? [])]), options.deadline);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** An operation that fails for any other reason than the server's word leaves the connection unfit for use. */
  async #ask<T>(operation: () => Promise<T>, deadline: Deadline): Promise<T> {
    try {
      // A client that lost its connection would make a new, anonymous one.
      if (!this.usable) throw new ServerFailure(`${this.address.url} closed the connection`);
      return await deadline.hold(operation(), () => this.close());
    } catch (error) {
      if (error instanceof ResultCodeError || error instanceof ServerFailure) throw error;
      this.close();
      throw new ServerFailure(`${this.address.url} broke the connection: ${String(error)}`, error);
    }
  }
}

/**
 * How long the server may work on a search (RFC 4511 4.5.1.5): not longer than somebody waits for it. Without it ldapts
 * asks for ten seconds, too few for the first page of a walk.
 */
function seconds(deadline: Deadline): number {
  return Math.max(1, Math.ceil(deadline.left / 1000));
}

/** What to search for, and how many entries one page may have. */
export interface PagedSearch extends Omit<SearchOptions, 'paged'> {
  readonly pageSize: number;
}

interface ConnectionParts {
  readonly address: ServerAddress;
  readonly traits: ServerTraits;
  readonly client: Client;
  readonly socket: TLSSocket;
}

export interface ModifyOptions {
  readonly deadline: Deadline;
  readonly controls?: readonly Control[];
}

/**
 * Asks what the server is, which every directory tells to anybody (RFC 4512 5.1), and binds only where that is of use: a
 * read-only one may not know the account, and would refuse what is right.
 */
async function introduce(client: Client, account: ServiceAccountGuard, deadline: Deadline): Promise<ServerTraits> {
  const attributes = ['supportedControl', 'supportedCapabilities', 'dsServiceName'];
  const { searchEntries } = await client.search('', { scope: 'base', attributes });
  const capabilities = [searchEntries[0]?.supportedCapabilities ?? []].flat();
  if (capabilities.includes(readOnlyCapability)) throw new ReadOnlyServer('is a read-only domain controller');
  await account.bind(deadline, async ({ name, password }) => {
    try {
      await deadline.hold(client.bind(name, password), () => {});
    } catch (error) {
      if (!(error instanceof ResultCodeError) || isOfServer(error)) throw error;
      throw new ServiceAccountRefused(`the directory refuses the service account: ${error.message}`, error);
    }
  });
  if (await isReadOnly(client, searchEntries[0]?.dsServiceName))
    throw new ReadOnlyServer('is a read-only domain controller');
  const policyHints = policyHintsOffered([searchEntries[0]?.supportedControl ?? []].flat().map(String));
  return policyHints === undefined ? {} : { policyHints };
}

/** Samba's read-only controllers do not announce the capability: msDS-isRODC of their own settings tells (MS-ADTS 3.1.1.4.5.30). */
async function isReadOnly(client: Client, settings: unknown): Promise<boolean> {
  if (typeof settings !== 'string') return false;
  try {
    const { searchEntries } = await client.search(settings, { scope: 'base', attributes: ['msDS-isRODC'] });
    return searchEntries[0]?.['msDS-isRODC'] === 'TRUE';
  } catch (error) {
    if (error instanceof ResultCodeError) return false;
    throw error;
  }
}

/**
 * About the server, not about the account: busy and unavailable (RFC 4511 4.1.9), and 51f (ERROR_NO_LOGON_SERVERS), with
 * which a controller says that it cannot reach the one that would know the password.
 */
function isOfServer(error: ResultCodeError): boolean {
  return error.code === 51 || error.code === 52 || /\bdata 51f\b/.test(error.message);
}

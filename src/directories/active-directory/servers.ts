import { Unavailable } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { Outage } from './outage.ts';
import { Server, type ServerNeeds, type Work } from './server.ts';
import { ldapsUrl, type ServerAddress } from './server-address.ts';
import { ServerFailure } from './server-failure.ts';
import { Busy } from './service-account.ts';

/** How long one server is waited for while there is another to ask instead: so that a person waits three seconds at most. */
const failOverMs = 2000;
/** How long one is remembered that is named no more: longer than any write is settled at it. */
const forgetMs = 15 * 60_000;

export interface ServersNeeds extends Omit<ServerNeeds, 'address'> {
  /** From the configuration, in order of preference. */
  readonly urls: readonly string[];
  /** More that were found, in order; asked for before each use. Waits for an answer when told so. */
  readonly found?: (wait: boolean) => Promise<readonly string[]>;
  /** How the server of a URL is reached and verified now. */
  readonly address: (url: string) => ServerAddress;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

interface Known {
  readonly server: Server;
  /** When it was last named or used by name. */
  at: number;
}

/** The domain controllers, in order of preference, with one pool each. */
export class Servers {
  readonly #needs: ServersNeeds;
  readonly #outage: Outage;
  readonly #now: () => number;
  /** By URL, also some that are named no more: a write that was prepared at one is settled there. */
  readonly #known = new Map<string, Known>();

  constructor(needs: ServersNeeds) {
    this.#needs = needs;
    this.#now = needs.now ?? (() => performance.now());
    this.#outage = new Outage('directory', needs.report);
  }

  /** URLs of the servers that are known now, of which some may be known. */
  get known(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Those that are named now; waits until the name service has answered once. */
  async addresses(deadline: Deadline): Promise<readonly ServerAddress[]> {
    return (await this.#named(deadline, true)).map(({ address }) => address);
  }

  /**
   * Runs work that changes nothing on the first server that answers. Each server gets its share of the time that is
   * left, so that one that hangs leaves time for the next.
   */
  async read<T>(deadline: Deadline, work: Work<T>): Promise<T> {
    const servers = inOrder(await this.#named(deadline, this.#needs.urls.length === 0));
    const failures: unknown[] = [];
    for (const [index, server] of servers.entries()) {
      if (deadline.passed) break;
      try {
        const share = deadline.left / (servers.length - index);
        const isLast = index === servers.length - 1;
        const result = await server.use(deadline.within(isLast ? share : Math.min(share, failOverMs)), work);
        this.#outage.end(`${server.url} answers`);
        return result;
      } catch (error) {
        if (!(error instanceof ServerFailure || error instanceof Busy)) throw error;
        failures.push(error);
      }
    }
    const why =
      servers.length === 0 ? 'no directory server is known' : `no directory server answers: ${said(failures)}`;
    if (!failures.some((failure) => failure instanceof Busy)) this.#outage.begin('alarm', why);
    throw new Unavailable(why, failures[0]);
  }

  /** Runs work on exactly this server. Nothing is ever tried twice. */
  async on<T>(url: string, deadline: Deadline, work: Work<T>): Promise<T> {
    return (await this.#serverAt(url, deadline)).use(deadline, work);
  }

  /** A fresh connection that the caller closes: proves the service account now, whatever the pool holds. */
  async connect(url: string, deadline: Deadline): Promise<Connection> {
    return (await this.#serverAt(url, deadline)).connect(deadline);
  }

  close(): void {
    for (const { server } of this.#known.values()) server.close();
  }

  async #named(deadline: Deadline, wait: boolean): Promise<readonly Server[]> {
    const { urls, found } = this.#needs;
    const more = found === undefined ? [] : await deadline.hold(found(wait), () => {});
    const servers = [...urls, ...more].map((url) => this.#remembered(url));
    this.#forget();
    // One server may be both configured and found, or be written in two ways.
    const byPlace = new Map<string, Server>();
    for (const server of servers) {
      const place = ldapsUrl(server.address).toLowerCase();
      if (!byPlace.has(place)) byPlace.set(place, server);
    }
    return [...byPlace.values()];
  }

  async #serverAt(url: string, deadline: Deadline): Promise<Server> {
    // After a start, the server of a write that was prepared before may not have been looked for yet.
    if (!this.#known.has(url)) await this.#named(deadline, true);
    if (!this.#known.has(url)) throw new Unavailable(`${url} is no longer one of the directory servers`);
    return this.#remembered(url);
  }

  #remembered(url: string): Server {
    const known = this.#known.get(url) ?? { server: this.#create(url), at: 0 };
    known.at = this.#now();
    this.#known.set(url, known);
    return known.server;
  }

  #create(url: string): Server {
    return new Server({ ...this.#needs, address: () => this.#needs.address(url) });
  }

  #forget(): void {
    for (const [url, { server, at }] of this.#known) {
      if (this.#now() - at < forgetMs) continue;
      server.close();
      this.#known.delete(url);
    }
  }
}

/** Those that failed lately come last. */
function inOrder(servers: readonly Server[]): readonly Server[] {
  const admitted = new Set(servers.filter((server) => server.admit()));
  return [...admitted, ...servers.filter((server) => !admitted.has(server))];
}

function said(failures: readonly unknown[]): string {
  return failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join('; ');
}

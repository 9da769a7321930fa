import { ResultCodeError } from 'ldapts';
import { Misconfigured, Unavailable } from '../../core/errors.ts';
import { Connection, type ServiceAccount, ServiceAccountRefused } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Deadline } from './deadline.ts';
import type { ServerAddress } from './server-address.ts';
import { ServerFailure } from './server-failure.ts';

/** How long a server that failed is asked last. */
const coolDownMs = 15_000;
/** How long a refused service account is not tried again, so that Latchkey does not lock it. */
const refusalMs = 30_000;

export type Work<T> = (connection: Connection, deadline: Deadline) => Promise<T>;

export interface ServersNeeds {
  readonly addresses: readonly ServerAddress[];
  readonly account: ServiceAccount;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
}

/** The domain controllers, in order of preference, with one pool each. */
export class Servers {
  readonly #servers: readonly Server[];

  constructor(needs: ServersNeeds) {
    this.#servers = needs.addresses.map((address) => new Server(address, needs));
  }

  get addresses(): readonly ServerAddress[] {
    return this.#servers.map((server) => server.address);
  }

  /**
   * Runs work that changes nothing on the first server that answers. Each server gets its share of the time that is
   * left, so that one that hangs leaves time for the next.
   */
  async read<T>(deadline: Deadline, work: Work<T>): Promise<T> {
    const servers = [...this.#servers].sort((a, b) => Number(a.coolingDown) - Number(b.coolingDown));
    const failures: unknown[] = [];
    for (const [index, server] of servers.entries()) {
      if (deadline.passed) break;
      try {
        return await server.use(deadline.within(deadline.left / (servers.length - index)), work);
      } catch (error) {
        if (!(error instanceof ServerFailure)) throw error;
        failures.push(error);
      }
    }
    throw new Unavailable(`no directory server answers: ${failures.map(String).join('; ')}`, failures[0]);
  }

  /** Runs work on exactly this server. Nothing is ever tried twice. */
  async on<T>(url: string, deadline: Deadline, work: Work<T>): Promise<T> {
    return this.#serverAt(url).use(deadline, work);
  }

  /** A fresh connection that the caller closes: proves the service account now, whatever the pool holds. */
  async connect(url: string, deadline: Deadline): Promise<Connection> {
    return this.#serverAt(url).connect(deadline);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  #serverAt(url: string): Server {
    const server = this.#servers.find((candidate) => candidate.address.url === url);
    if (!server) throw new Unavailable(`${url} is no longer one of the configured directory servers`);
    return server;
  }
}

class Server {
  readonly address: ServerAddress;
  readonly #needs: ServersNeeds;
  readonly #pool: ConnectionPool;
  #downUntil = 0;
  #refused: { readonly until: number; readonly error: ServiceAccountRefused } | undefined;

  constructor(address: ServerAddress, needs: ServersNeeds) {
    this.address = address;
    this.#needs = needs;
    this.#pool = new ConnectionPool({ size: needs.poolSize, open: (deadline) => this.connect(deadline) });
  }

  get coolingDown(): boolean {
    return performance.now() < this.#downUntil;
  }

  async use<T>(deadline: Deadline, work: Work<T>): Promise<T> {
    try {
      const result = await this.#pool.use(deadline, (connection) => work(connection, deadline));
      this.#downUntil = 0;
      return result;
    } catch (error) {
      if (error instanceof ResultCodeError) throw misunderstanding(error, this.address);
      if (error instanceof ServerFailure) this.#downUntil = performance.now() + coolDownMs;
      throw error;
    }
  }

  async connect(deadline: Deadline): Promise<Connection> {
    if (this.#refused && performance.now() < this.#refused.until) throw this.#refused.error;
    try {
      const limit = deadline.within(this.#needs.connectTimeoutMs);
      const connection = await Connection.open(this.address, this.#needs.account, limit);
      this.#refused = undefined;
      return connection;
    } catch (error) {
      if (error instanceof ServiceAccountRefused) this.#refused = { until: performance.now() + refusalMs, error };
      throw error;
    }
  }

  close(): void {
    this.#pool.close();
  }
}

/** A result that the caller did not expect: the server is overloaded, or something is set up wrongly. */
function misunderstanding(error: ResultCodeError, address: ServerAddress): Error {
  // timeLimitExceeded, adminLimitExceeded, busy, unavailable
  if ([3, 11, 51, 52].includes(error.code)) return new ServerFailure(`${address.url}: ${error.message}`, error);
  return new Misconfigured(`${address.url}: ${error.message}`, error);
}

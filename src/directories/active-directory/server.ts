import { ResultCodeError } from 'ldapts';
import { Misconfigured } from '../../core/errors.ts';
import { Connection } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Deadline } from './deadline.ts';
import { Outage, type Report } from './outage.ts';
import type { ServerAddress } from './server-address.ts';
import { ReadOnlyServer, ServerFailure, UntrustedServer } from './server-failure.ts';
import type { ServiceAccountGuard } from './service-account.ts';

/** How long a server that failed is asked last. */
const coolDownMs = 15_000;
/** A read-only one stays so, until somebody puts another in its place. */
const readOnlyMs = 10 * 60_000;

export type Work<T> = (connection: Connection, deadline: Deadline) => Promise<T>;

export interface ServerNeeds {
  /** How it is reached and verified as things stand now. */
  readonly address: () => ServerAddress;
  readonly guard: ServiceAccountGuard;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly report: Report;
}

/** One domain controller, with its pool and what is known of its health. */
export class Server {
  readonly url: string;
  readonly #needs: ServerNeeds;
  readonly #pool: ConnectionPool;
  readonly #outage: Outage;
  #downUntil: number | undefined;

  constructor(needs: ServerNeeds) {
    this.#needs = needs;
    this.url = needs.address().url;
    this.#outage = new Outage(this.url, needs.report);
    this.#pool = new ConnectionPool({
      size: needs.poolSize,
      open: (deadline) => this.connect(deadline),
      isCurrent: ({ address }) => address.trusted === this.address.trusted,
    });
  }

  get address(): ServerAddress {
    return this.#needs.address();
  }

  /**
   * Whether it should be asked in its turn, and not last. Of those who ask while it is doubted one is let through now
   * and then, to try: if it still hangs, the others do not wait for it.
   */
  admit(): boolean {
    if (this.#downUntil === undefined) return true;
    if (performance.now() < this.#downUntil) return false;
    this.#downUntil = performance.now() + coolDownMs;
    return true;
  }

  async use<T>(deadline: Deadline, work: Work<T>): Promise<T> {
    try {
      const result = await this.#pool.use(deadline, (connection) => work(connection, deadline));
      this.#downUntil = undefined;
      this.#outage.end('answers again');
      return result;
    } catch (error) {
      const fault = faultOf(error, this.url);
      if (fault instanceof ServerFailure) this.#failed(fault);
      throw fault;
    }
  }

  async connect(deadline: Deadline): Promise<Connection> {
    return Connection.open(this.address, this.#needs.guard, deadline.within(this.#needs.connectTimeoutMs));
  }

  close(): void {
    this.#pool.close();
  }

  #failed(fault: ServerFailure): void {
    this.#downUntil = performance.now() + (fault instanceof ReadOnlyServer ? readOnlyMs : coolDownMs);
    this.#outage.begin(fault instanceof UntrustedServer ? 'alarm' : 'warning', fault.message);
  }
}

/** A result that the caller did not expect: the server is overloaded, or something is set up wrongly. */
export function faultOf(error: unknown, url: string): unknown {
  if (!(error instanceof ResultCodeError)) return error;
  // timeLimitExceeded, adminLimitExceeded, busy, unavailable
  if ([3, 11, 51, 52].includes(error.code)) return new ServerFailure(`${url}: ${error.message}`, error);
  return new Misconfigured(`${url}: ${error.message}`, error);
}

import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { Busy } from './service-account.ts';

/** Active Directory closes a connection after 900 s without use (MaxConnIdleTime). */
const idleLimitMs = 300_000;

interface Idle {
  readonly connection: Connection;
  readonly since: number;
}

export interface ConnectionPoolNeeds {
  readonly size: number;
  readonly open: (deadline: Deadline) => Promise<Connection>;
  /** False for one that would not be opened like this any more, such as under certificates that are trusted no longer. */
  readonly isCurrent: (connection: Connection) => boolean;
}

/** At most `size` connections to one server. Who finds all in use waits in line, at most until the own deadline. */
export class ConnectionPool {
  readonly #size: number;
  readonly #open: (deadline: Deadline) => Promise<Connection>;
  readonly #isCurrent: (connection: Connection) => boolean;
  #idle: Idle[] = [];
  #inUse = new Set<Connection>();
  #taken = 0;
  #line: (() => void)[] = [];
  #closed = false;

  constructor(needs: ConnectionPoolNeeds) {
    this.#size = needs.size;
    this.#open = needs.open;
    this.#isCurrent = needs.isCurrent;
  }

  /** Lends a connection to `work`. A broken one is thrown away afterwards, a good one kept. */
  async use<T>(deadline: Deadline, work: (connection: Connection) => Promise<T>): Promise<T> {
    await this.#takePlace(deadline);
    try {
      const connection = this.#idleConnection() ?? (await this.#open(deadline));
      this.#inUse.add(connection);
      try {
        return await work(connection);
      } finally {
        this.#inUse.delete(connection);
        this.#keep(connection);
      }
    } finally {
      this.#leavePlace();
    }
  }

  /** Breaks every connection, those in use too. */
  close(): void {
    this.#closed = true;
    for (const { connection } of this.#idle) connection.close();
    for (const connection of this.#inUse) connection.close();
    this.#idle = [];
  }

  #idleConnection(): Connection | undefined {
    const oldest = performance.now() - idleLimitMs;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.connection.usable && idle.since > oldest && this.#isCurrent(idle.connection)) return idle.connection;
      idle.connection.close();
    }
    return undefined;
  }

  #keep(connection: Connection): void {
    if (connection.usable && !this.#closed) this.#idle.push({ connection, since: performance.now() });
    else connection.close();
  }

  async #takePlace(deadline: Deadline): Promise<void> {
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return;
    }
    let mine: () => void = () => {};
    const turn = new Promise<void>((resolve) => {
      mine = resolve;
    });
    this.#line.push(mine);
    const leave = (): void => {
      this.#line = this.#line.filter((other) => other !== mine);
    };
    // A long line is ours, not the server's: it must not be taken for a server that is down.
    await deadline.hold(turn, leave).catch((cause: unknown) => {
      throw new Busy('every connection to the directory is in use', cause);
    });
  }

  /** Hands the place to the first in line, or gives it back. */
  #leavePlace(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#taken -= 1;
  }
}

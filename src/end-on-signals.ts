import type { Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Latchkey } from './compose.ts';

/** Seconds that requests in flight may take once the process is told to end. */
const drainSeconds = 30;

/**
 * Ends in good order on SIGTERM or SIGINT: readiness fails at once, so that a load balancer turns away, while requests
 * in flight are still answered and late ones too; then nobody can connect any more, and the process ends with 0. A
 * second signal ends it at once.
 */
export function endOnSignals(parts: { latchkey: Latchkey; servers: readonly Server[]; log: Logger }): void {
  const { latchkey, servers, log } = parts;
  const flight = new RequestsInFlight(servers);
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    if (ending) process.exit(1);
    ending = true;
    log.info({ signal, requests: flight.count }, 'draining');
    latchkey.drain();
    const cut = (): void => {
      for (const server of servers) server.closeAllConnections();
    };
    const patience = setTimeout(cut, drainSeconds * 1000);
    await flight.landed();
    await Promise.all(servers.map(closed));
    clearTimeout(patience);
    await latchkey.stores.audit.append({ at: new Date(), event: 'system.stopping' });
    await latchkey.close();
    process.exit(0);
  };
  const fail = (err: unknown): never => {
    log.error({ err }, 'could not end in good order');
    process.exit(1);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void end(signal).catch(fail));
}

/** Counts what has been asked and not been answered. Health checks do not count: they may never stop coming. */
class RequestsInFlight {
  count = 0;
  #waiting: (() => void) | undefined;

  constructor(servers: readonly Server[]) {
    for (const server of servers) {
      server.on('request', (request, response) => {
        if (!request.url?.startsWith('/health/')) this.#take(response);
      });
    }
  }

  #take(response: ServerResponse): void {
    this.count += 1;
    response.once('close', () => {
      this.count -= 1;
      if (this.count === 0) this.#waiting?.();
    });
  }

  async landed(): Promise<void> {
    if (this.count > 0) await new Promise<void>((resolve) => (this.#waiting = resolve));
  }
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type SambaService, startSamba, whyNoSamba } from './samba.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for the servers that the whole run shares. */
    serviceBroker: string;
  }
}

/**
 * Starts nothing by itself: it opens a small address on loopback where test files ask for Samba AD. The first that asks
 * starts it, all others share it, and the end of the run stops it. A run whose files never ask pays nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = new ServiceBroker();
  project.provide('serviceBroker', await broker.open());
  return () => broker.close();
}

/** Where Samba can be started and does not start, the test files fail: that is a fault, not a missing package. */
const answers = [
  (samba: SambaService) => ({ samba }),
  (error: unknown) => ({ fault: error instanceof Error ? error.message : String(error) }),
] as const;

class ServiceBroker {
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  readonly #notRun = new Map<string, string>();
  #samba: Promise<SambaService> | undefined;

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/samba`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await (await this.#samba?.catch(() => undefined))?.stop();
    if (this.#notRun.size > 0) this.#complain();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = new URL(request.url ?? '/', 'http://broker').searchParams.get('file') ?? 'unknown';
    response.setHeader('content-type', 'application/json');
    const reason = whyNoSamba();
    if (reason) this.#notRun.set(file, reason);
    const answer = reason ? { reason } : await this.#start().then(...answers);
    response.end(JSON.stringify(answer));
  }

  #start(): Promise<SambaService> {
    this.#samba ??= startSamba();
    return this.#samba;
  }

  #complain(): void {
    const files = [...this.#notRun.keys()].map((file) => `  ${file}`).join('\n');
    const line = '='.repeat(78);
    process.stderr.write(
      `\n${line}\nNOT TESTED on a real Active Directory: ${[...new Set(this.#notRun.values())].join('; ')}\nThese test files did not run:\n${files}\n${line}\n`,
    );
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { JournalEntry } from '../../src/core/journal.ts';
import type { SealingKey } from '../../src/core/sealer.ts';
import type { StoreSettings } from '../../src/stores/settings.ts';

/** What a node in a process of its own is told to do; goes to it as one line of JSON. */
export interface NodeOrders {
  readonly settings: StoreSettings;
  readonly keys: readonly { readonly id: string; readonly hex: string }[];
  readonly entry: JournalEntry;
  readonly appendForEver: boolean;
}

/** Starts a second Latchkey process, as far as the store is concerned, that can be killed for real. */
export function startNode(orders: {
  readonly settings: StoreSettings;
  readonly keys: readonly SealingKey[];
  readonly entry: JournalEntry;
  readonly appendForEver?: boolean;
}): StoreNode {
  const keys = orders.keys.map(({ id, secret }) => ({ id, hex: Buffer.from(secret).toString('hex') }));
  const process = spawn(globalThis.process.execPath, [join(import.meta.dirname, 'store-node-main.ts')]);
  process.stdin.end(JSON.stringify({ appendForEver: false, ...orders, keys } satisfies NodeOrders));
  return new StoreNode(process);
}

class StoreNode {
  readonly #process: ChildProcess;
  #output = '';

  constructor(process: ChildProcess) {
    this.#process = process;
    process.stdout?.on('data', (text) => {
      this.#output += text;
    });
    process.stderr?.on('data', (text) => {
      this.#output += text;
    });
  }

  /** Resolves once the node has printed this line. */
  async said(line: string): Promise<void> {
    while (!this.#output.split('\n').includes(line)) {
      if (this.#process.exitCode !== null) throw new Error(`the node ended: ${this.#output}`);
      await wait(10);
    }
  }

  async kill(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

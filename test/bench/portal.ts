import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { compose } from '../../src/compose.ts';
import { load } from '../../src/load.ts';

/** What the bench asks of the portal that it measures. */
export type Question =
  | { readonly ask: 'code'; readonly number: string }
  | { readonly ask: 'usage' }
  | { readonly ask: 'in-use' };

export type Answer =
  | { readonly kind: 'listening'; readonly port: number; readonly startMs: number }
  | { readonly kind: 'code'; readonly code: string | undefined }
  | { readonly kind: 'usage'; readonly cpuMs: number; readonly residentMb: number }
  | { readonly kind: 'in-use'; readonly heapMb: number };

// The portal in a process of its own, so that its processor time and memory are its own. It shows codes to its parent,
// as the virtual phone does.
const latchkey = await compose({
  ...(await load(process.env)),
  log: pino({ level: 'silent' }),
  ...(process.env.BENCH_FLOORS === undefined ? {} : { floors: JSON.parse(process.env.BENCH_FLOORS) }),
});
const server = createServer(latchkey.app);
server.listen(Number(process.env.BENCH_PORT), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  say({ kind: 'listening', port, startMs: performance.now() });
});

process.on('message', (question: Question) => {
  if (question.ask === 'usage') {
    const { user, system } = process.cpuUsage();
    say({ kind: 'usage', cpuMs: (user + system) / 1000, residentMb: process.memoryUsage().rss / 2 ** 20 });
  } else if (question.ask === 'in-use') {
    globalThis.gc?.();
    say({ kind: 'in-use', heapMb: process.memoryUsage().heapUsed / 2 ** 20 });
  } else {
    void codeFor(question.number).then((code) => say({ kind: 'code', code }));
  }
});
process.on('disconnect', () => process.exit(0));

async function codeFor(number: string): Promise<string | undefined> {
  await latchkey.challenges.idle();
  return latchkey.phones
    ?.phone(number)
    .texts.at(-1)
    ?.text.match(/\b\d{6}\b/)?.[0];
}

function say(answer: Answer): void {
  process.send?.(answer);
}

import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import pino from 'pino';
import type { Door } from './compose/doors.ts';
import { compose, type Latchkey } from './compose.ts';
import type { Configuration } from './config.ts';
import { LatchkeyError } from './core/errors.ts';
import { endOnSignals } from './end-on-signals.ts';
import { behindProxy, createServer } from './http-server.ts';
import { type Loaded, load, refuse } from './load.ts';

/** Loads, composes, listens, and ends in good order on SIGTERM or SIGINT. */
export async function start(variables: NodeJS.ProcessEnv): Promise<void> {
  const loaded = await load(variables).catch(refuse);
  if (loaded === undefined) return;
  await run(loaded).catch(giveUp);
}

async function run(loaded: Loaded): Promise<void> {
  const { configuration } = loaded;
  const log = pino({ level: configuration.log.level, base: null });
  const latchkey = await compose({ ...loaded, log });
  await latchkey.stores.audit.append({ at: new Date(), event: 'system.started' });
  const open = await Promise.all(
    latchkey.doors.map(async (door) => ({ door, server: await listen(door.app, door.listener, configuration) })),
  );
  const forStaff = await listenForStaff(latchkey, configuration);
  latchkey.startUpkeep();
  const servers = [...open.map(({ server }) => server), ...(forStaff === undefined ? [] : [forStaff])];
  endOnSignals({ latchkey, servers, log });
  for (const { door, server } of open) announce(door, configuration, server);
  const staffUrl = configuration.console?.['public-url'].origin;
  if (forStaff !== undefined) say(`Its console is at ${staffUrl}, listening on port ${portOf(forStaff)}`);
}

/** What an operator can mend is said in one line; a fault of ours keeps its stack. */
function giveUp(fault: unknown): never {
  const mendable = fault instanceof LatchkeyError || (fault instanceof Error && 'code' in fault);
  const text = mendable ? (fault as Error).message : fault instanceof Error ? fault.stack : String(fault);
  process.stderr.write(`Latchkey cannot start: ${text}\nnpx latchkey check says more.\n`);
  process.exit(1);
}

async function listen(
  app: Express,
  { host, port, tls }: Pick<Configuration['listen'], 'host' | 'port' | 'tls'>,
  configuration: Configuration,
): Promise<Server> {
  const pair = tls && { cert: readFileSync(tls['certificate-file']), key: readFileSync(tls['key-file']) };
  const limits = configuration['trusted-proxies'].length > 0 ? behindProxy : {};
  const server = createServer(app, { tls: pair, limits });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function listenForStaff(latchkey: Latchkey, configuration: Configuration): Promise<Server | undefined> {
  if (latchkey.console === undefined || configuration.console === undefined) return undefined;
  return listen(latchkey.console.app, configuration.console, configuration);
}

function announce({ listener }: Door, configuration: Configuration, server: Server): void {
  const demo = configuration.directory.kind === 'demo' ? ' (a demo: nothing is real, nothing is kept)' : '';
  say(`Latchkey is at ${listener.publicUrl.origin}${demo}, listening on port ${portOf(server)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

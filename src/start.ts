import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import pino from 'pino';
import { compose } from './compose.ts';
import {
  type Configuration,
  ConfigurationError,
  type Environment,
  exitConfiguration,
  loadConfiguration,
  readEnvironment,
  readPackages,
} from './config.ts';
import { LatchkeyError } from './core/errors.ts';
import { type Definitions, loadDefinitions } from './definitions.ts';
import { endOnSignals } from './end-on-signals.ts';
import { behindProxy, createServer } from './http-server.ts';

/** A configuration that was understood, with what it names. */
export interface Loaded {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Environment;
}

/** @throws ConfigurationError with all that is wrong */
export async function load(variables: NodeJS.ProcessEnv): Promise<Loaded> {
  const environment = readEnvironment(variables);
  const definitions = await loadDefinitions(readPackages(environment)).catch((fault: unknown) => {
    const problem = fault instanceof Error ? fault.message : String(fault);
    throw new ConfigurationError([{ setting: 'packages', problem }]);
  });
  return { configuration: loadConfiguration(environment, definitions), definitions, environment };
}

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
  const server = await listen(latchkey.app, configuration);
  latchkey.startUpkeep();
  endOnSignals({ latchkey, server, log });
  announce(configuration, server);
}

/** Says everything that is wrong with a configuration, and sets the exit code for it. */
export function refuse(fault: unknown): undefined {
  if (!(fault instanceof ConfigurationError)) throw fault;
  process.stderr.write(`The configuration cannot be used:\n${fault.message.replaceAll(/^/gm, '  ')}\n`);
  process.exitCode = exitConfiguration;
}

/** What an operator can mend is said in one line; a fault of ours keeps its stack. */
function giveUp(fault: unknown): never {
  const mendable = fault instanceof LatchkeyError || (fault instanceof Error && 'code' in fault);
  const text = mendable ? (fault as Error).message : fault instanceof Error ? fault.stack : String(fault);
  process.stderr.write(`Latchkey cannot start: ${text}\nnpx latchkey check says more.\n`);
  process.exit(1);
}

async function listen(app: Express, configuration: Configuration): Promise<Server> {
  const { host, port, tls } = configuration.listen;
  const pair = tls && { cert: readFileSync(tls['certificate-file']), key: readFileSync(tls['key-file']) };
  const limits = configuration['trusted-proxies'].length > 0 ? behindProxy : {};
  const server = createServer(app, { tls: pair, limits });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

function announce(configuration: Configuration, server: Server): void {
  const { port } = server.address() as AddressInfo;
  const demo = configuration.directory.kind === 'demo' ? ' (a demo: nothing is real, nothing is kept)' : '';
  process.stdout.write(`Latchkey is at ${configuration['public-url'].origin}${demo}, listening on port ${port}\n`);
}

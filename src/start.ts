import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import pino, { type Logger } from 'pino';
import { compose, type Latchkey } from './compose.ts';
import {
  type Configuration,
  ConfigurationError,
  type Environment,
  exitConfiguration,
  loadConfiguration,
  readEnvironment,
  readPackages,
} from './config.ts';
import { type Definitions, loadDefinitions } from './definitions.ts';

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

/** Seconds that requests in flight may take once the process is told to end. */
const drainSeconds = 30;

/** Loads, composes, listens, and ends in good order on SIGTERM or SIGINT. */
export async function start(variables: NodeJS.ProcessEnv): Promise<void> {
  const loaded = await load(variables).catch(refuse);
  if (loaded === undefined) return;
  const { configuration } = loaded;
  const log = pino({ level: configuration.log.level, base: null });
  const latchkey = await compose({ ...loaded, log });
  await latchkey.stores.audit.append({ at: new Date(), event: 'system.started' });
  latchkey.startUpkeep();
  const server = await listen(latchkey.app, configuration);
  announce(configuration, server);
  endOnSignals({ latchkey, server, log });
}

function refuse(fault: unknown): undefined {
  if (!(fault instanceof ConfigurationError)) throw fault;
  process.stderr.write(`The configuration cannot be used:\n${fault.message.replaceAll(/^/gm, '  ')}\n`);
  process.exitCode = exitConfiguration;
}

async function listen(app: Express, configuration: Configuration): Promise<Server> {
  const { host, port, tls } = configuration.listen;
  const server =
    tls === undefined
      ? createHttpServer(app)
      : createHttpsServer(
          { cert: readFileSync(tls['certificate-file']), key: readFileSync(tls['key-file']), minVersion: 'TLSv1.2' },
          app,
        );
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
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

/** The first signal lets requests finish; the second ends at once. */
function endOnSignals(parts: { latchkey: Latchkey; server: Server; log: Logger }): void {
  const { latchkey, server, log } = parts;
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    if (ending) process.exit(1);
    ending = true;
    log.info({ signal }, 'draining');
    latchkey.drain();
    const patience = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    clearTimeout(patience);
    await latchkey.stores.audit.append({ at: new Date(), event: 'system.stopping' });
    await latchkey.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void end(signal));
}

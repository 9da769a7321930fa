import { readFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Configuration } from '../config.ts';
import type { Outcome } from './store-commands.ts';

const patienceMs = 5_000;

/** Asks the server on this computer whether it lives: for supervisors that can only run a command. */
export async function health(configuration: Configuration): Promise<Outcome> {
  const status = await ask(configuration).catch((fault: unknown) => (fault instanceof Error ? fault.message : 'fault'));
  return { ok: status === 200, lines: [status === 200 ? 'It lives.' : `It does not answer as it should: ${status}.`] };
}

function ask(configuration: Configuration): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    open(configuration)
      .on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on('timeout', () => reject(new Error('no answer in time')))
      .on('error', reject)
      .end();
  });
}

function open({ listen, 'public-url': url }: Configuration): ClientRequest {
  const every = { '0.0.0.0': '127.0.0.1', '::': '::1' }[listen.host];
  const options = { host: every ?? listen.host, port: listen.port, path: '/health/live', timeout: patienceMs };
  if (listen.tls === undefined) return httpRequest(options);
  // The server must have the very certificate that is configured; who signed it does not matter here.
  const ca = readFileSync(listen.tls['certificate-file']);
  return httpsRequest({ ...options, ca, allowPartialTrustChain: true, servername: url.hostname });
}

import { request } from 'node:https';
import type { Identity } from './authority.ts';

export interface RawRequest {
  readonly url: string;
  /** PEM of the authority that is trusted. */
  readonly ca: string;
  readonly client?: Identity;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

export interface RawReply {
  readonly status: number;
  readonly text: string;
}

/** One exchange written by hand, for tests of the peers themselves: nothing of the product takes part. */
export function sendRaw(what: RawRequest): Promise<RawReply> {
  const { ca, client, method = 'POST', body } = what;
  const length = 'Transfer-Encoding' in what.headers ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const headers = { ...length, ...what.headers } as Record<string, string>;
  return new Promise((resolve, reject) => {
    const sent = request(what.url, { method, headers, ca, agent: false, ...client }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    sent.on('error', reject).end(body);
  });
}

import type { HttpReply } from '../../outbound/http-client.ts';

/** What one request carries to say whose it is. Never used for a second one. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** Looks at the answer. Throws OutOfService when the proof was refused, Unavailable when the answer cannot be trusted. */
  confirm?(reply: HttpReply): Promise<void>;
}

/** Makes the proof for the next request. Throws NotSent or OutOfService when there is none: then nothing may be sent. */
export type Prove = () => Promise<Proof>;

/** A user of the domain, in every request. */
export function proveWithPassword({ user, password }: { user: string; password: string }): Prove {
  const Authorization = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  return async () => ({ headers: { Authorization } });
}

/** The connection's own certificate says it all. */
export const proveWithCertificate: Prove = async () => ({ headers: {} });

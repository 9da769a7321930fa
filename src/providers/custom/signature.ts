import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far two clocks may be apart, in seconds. */
const windowSeconds = 300;

export interface SignedHeaders {
  readonly 'latchkey-timestamp': string;
  readonly 'latchkey-signature': string;
}

/** Signs a message of docs/custom-provider.md: HMAC-SHA256 over time, subject and body, a line each. */
export function sign(secret: string, message: { subject: string; body: string; now: Date }): SignedHeaders {
  const time = String(Math.floor(message.now.getTime() / 1000));
  return { 'latchkey-timestamp': time, 'latchkey-signature': digest(secret, time, message).toString('hex') };
}

/** Whether a message carries its signature, and is fresh. Takes the same time for every signature. */
export function isSigned(
  secret: string,
  headers: Readonly<Record<string, string>>,
  message: { subject: string; body: string; now: Date },
): boolean {
  const time = headers['latchkey-timestamp'] ?? '';
  const given = headers['latchkey-signature'] ?? '';
  if (!/^\d{1,12}$/.test(time) || !/^[0-9a-f]{64}$/.test(given)) return false;
  const fresh = Math.abs(message.now.getTime() / 1000 - Number(time)) <= windowSeconds;
  return timingSafeEqual(Buffer.from(given, 'hex'), digest(secret, time, message)) && fresh;
}

function digest(secret: string, time: string, { subject, body }: { subject: string; body: string }): Buffer {
  return createHmac('sha256', secret).update(`${time}\n${subject}\n${body}`, 'utf8').digest();
}

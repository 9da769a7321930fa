import { Attribute, Change, Client } from 'ldapts';
import type { Clock } from '../../../src/core/clock.ts';
import type { PolicySettings } from '../../../src/directories/demo/administration.ts';
import type { DemoDirectory } from '../../../src/directories/demo/demo-directory.ts';

/** A clock that stands still until somebody moves it. */
export class SettableClock implements Clock {
  #now = new Date('2026-03-02T10:00:00Z');

  now(): Date {
    return this.#now;
  }

  forward(seconds: number): void {
    this.#now = new Date(this.#now.getTime() + seconds * 1000);
  }
}

/** A client that verifies the server's certificate, as production does. */
export function connect(demo: DemoDirectory): Client {
  return new Client({ url: demo.url, timeout: 10_000, tlsOptions: { ca: demo.ca } });
}

/** Runs `use` with a connection on which the service account is bound. */
export async function asService<T>(demo: DemoDirectory, use: (client: Client) => Promise<T>): Promise<T> {
  const client = connect(demo);
  try {
    await client.bind(demo.serviceAccount.principal, demo.serviceAccount.password);
    return await use(client);
  } finally {
    await client.unbind();
  }
}

/** `bound`, or the sub-code of the refusal, such as `52e`. */
export async function bindCode(demo: DemoDirectory, name: string, password: string): Promise<string> {
  const client = connect(demo);
  try {
    await client.bind(name, password);
    return 'bound';
  } catch (error) {
    return /data ([0-9a-f]{3}),/.exec(String(error))?.[1] ?? String(error);
  } finally {
    await client.unbind();
  }
}

/** The value of unicodePwd for a password. */
export function quoted(password: string): Buffer {
  return Buffer.from(`"${password}"`, 'utf16le');
}

/** What a refused operation said: its LDAP code and text. */
export async function refusal(operation: Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await operation;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { code: Number(error.code), message: error.message };
    throw error;
  }
  throw new Error('was not refused');
}

/** A modification that replaces all values of an attribute by one. */
export function replace(type: string, value: string | Buffer): Change {
  return change('replace', type, value);
}

export function change(operation: 'add' | 'delete' | 'replace', type: string, value: string | Buffer): Change {
  const values = typeof value === 'string' ? [value] : [value];
  return new Change({ operation, modification: new Attribute({ type, values: values as string[] | Buffer[] }) });
}

/** A lenient policy with some rules made stricter. */
export function domainPolicyOf(rules: Partial<PolicySettings>): PolicySettings {
  const lenient = { minLength: 7, complexity: true, historyLength: 0, minAgeSeconds: 0 };
  return { ...lenient, lockoutThreshold: 0, lockoutWindowSeconds: 600, ...rules };
}

import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type Twilio from 'twilio/lib/rest/Twilio.js';
import { NotSent, OutOfService, Unavailable } from '../../core/errors.ts';
import type { ProviderNeeds } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import type { TwilioAccount } from './settings.ts';

/** Twilio's own client, over Latchkey's rules for what leaves the machine. */
export interface TwilioClient {
  readonly api: Twilio;
  close(): Promise<void>;
}

/** Loaded when it is wanted: the package is large. */
export async function openTwilio(settings: TwilioAccount, needs: ProviderNeeds): Promise<TwilioClient> {
  const { default: module } = await import('twilio/lib/rest/Twilio.js');
  const ca = settings['ca-file'];
  const http = new HttpClient({
    timeoutMs: needs.timeoutMs,
    ...(ca === undefined ? {} : { ca: needs.readFile(ca) }),
  });
  // What the package reads from the environment would send requests, and with them the token, elsewhere.
  const own = { region: '', edge: '', logLevel: '', autoRetry: false, lazyLoading: true };
  const Client = constructorIn(module);
  const api = new Client(settings['account-sid'], settings['auth-token'], {
    ...own,
    httpClient: transport(http, settings['api-url']) as unknown as RequestClient,
  });
  return { api, close: () => http.close() };
}

/** The package is CommonJS: its class may stand one level deeper than its types say. */
function constructorIn(module: typeof Twilio): typeof Twilio {
  const inner: unknown = Reflect.get(module, 'default');
  return typeof inner === 'function' ? (inner as typeof Twilio) : module;
}

interface TransportRequest {
  readonly method: string;
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** In the place of the package's own HTTP: no redirect, no retry, bounded, and faults that tell what left. */
function transport(http: HttpClient, origin: string | undefined) {
  return {
    async request(wanted: TransportRequest): Promise<{ statusCode: number; body: unknown; headers: object }> {
      const asked = new URL(wanted.uri);
      const url = new URL(`${asked.pathname}${asked.search}`, origin ?? asked.origin);
      for (const [name, value] of Object.entries(wanted.params ?? {})) url.searchParams.set(name, String(value));
      const credentials = Buffer.from(`${wanted.username ?? ''}:${wanted.password ?? ''}`).toString('base64');
      const method = wanted.method.toUpperCase() === 'POST' ? 'POST' : 'GET';
      const reply = await http.send({
        method,
        url,
        headers: {
          Accept: 'application/json',
          Authorization: `Basic ${credentials}`,
          ...(method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(method === 'POST' ? { body: formOf(wanted.data ?? {}) } : {}),
      });
      return { statusCode: reply.status, body: bodyOf(reply.text), headers: {} };
    },
  };
}

function formOf(data: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  }
  return form.toString();
}

function bodyOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** A refusal by Twilio: its HTTP status and its own code (https://www.twilio.com/docs/api/errors). */
export interface TwilioRefusal {
  readonly status: number;
  readonly code: number;
}

/** What Twilio's package threw, if it was an answer of Twilio's; undefined for anything else. */
export function refusalIn(fault: unknown): TwilioRefusal | undefined {
  const status: unknown = Reflect.get(Object(fault), 'status');
  if (fault instanceof Unavailable || typeof status !== 'number') return undefined;
  const code: unknown = Reflect.get(Object(fault), 'code');
  return { status, code: typeof code === 'number' ? code : 0 };
}

/** Not a number, or one that this account may not or cannot reach. Nothing was sent. */
const rejections = new Set([
  21211, 21214, 21215, 21216, 21217, 21219, 21265, 21266, 21408, 21421, 21601, 21608, 21610, 21612, 21614, 32205, 60200,
  60203, 60205, 60220, 60410, 60605, 30006,
]);

/**
 * What becomes of a start that Twilio refused: the reason why this number is not reached, or a fault thrown. The text of
 * Twilio's message is left out: it holds the number.
 */
export function refused(fault: unknown): string {
  const refusal = refusalIn(fault);
  if (refusal === undefined)
    throw fault instanceof Unavailable ? fault : new Unavailable('Twilio answered with something strange');
  const { status, code } = refusal;
  const what = `Twilio answered ${status} with code ${code}`;
  if (rejections.has(code)) return what;
  if (status === 401 || status === 403 || status === 429 || status === 402) throw new OutOfService(what);
  if (status >= 400 && status < 500) throw new NotSent(what);
  throw new Unavailable(what);
}

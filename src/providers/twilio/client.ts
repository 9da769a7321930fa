import type RequestClient from 'twilio/lib/base/RequestClient.js';
import type Twilio from 'twilio/lib/rest/Twilio.js';
import { Misconfigured } from '../../core/errors.ts';
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
  const { user, password } = credentialsIn(settings);
  const api = new Client(user, password, {
    ...own,
    accountSid: settings['account-sid'],
    httpClient: transport(http, settings['api-url']) as unknown as RequestClient,
  });
  return { api, close: () => http.close() };
}

/** An API key before the token: whoever makes one wants it used. */
function credentialsIn(settings: TwilioAccount): { readonly user: string; readonly password: string } {
  const { 'account-sid': account, 'auth-token': token, 'api-key-sid': key, 'api-key-secret': secret } = settings;
  if (key !== undefined && secret !== undefined) return { user: key, password: secret };
  // Empty never: the package would take what it lacks from the environment.
  if (token === undefined) throw new Misconfigured('Twilio needs auth-token, or api-key-sid and api-key-secret');
  return { user: account, password: token };
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

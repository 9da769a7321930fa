import { NotSent, OutOfService, Unavailable } from '../../core/errors.ts';
import type { Courier, CourierMessage, DeliveryResult } from '../../core/provider.ts';
import type { HttpClient, HttpReply, HttpRequest } from '../../outbound/http-client.ts';
import { escapeXml } from '../../outbound/xml.ts';
import { meets } from './condition.ts';
import type { HttpSettings, JsonTemplate } from './settings.ts';
import { fill, type TemplateValues } from './template.ts';

const serveNobody = new Set([401, 402, 403, 429]);

/** Any gateway that takes one HTTP request for a text, as the configuration describes it. */
export class HttpGateway implements Courier {
  readonly id: string;
  readonly channels = ['sms'] as const;
  readonly #settings: HttpSettings;
  readonly #http: HttpClient;

  constructor(settings: HttpSettings, id: string, http: HttpClient) {
    this.id = id;
    this.#settings = settings;
    this.#http = http;
  }

  async deliver(message: CourierMessage): Promise<DeliveryResult> {
    const reply = await this.#http.send(requestFor(message, this.#settings));
    const { success, rejected } = this.#settings;
    const outOfService = this.#settings['out-of-service'];
    const what = `the gateway answered with status ${reply.status}`;
    if (serveNobody.has(reply.status)) throw new OutOfService(what);
    if (outOfService !== undefined && meets(reply, outOfService)) throw new OutOfService(`${what}: out of service`);
    if (rejected !== undefined && meets(reply, rejected)) return { kind: 'rejected', reason: what };
    if (meets(reply, success)) return { kind: 'delivered' };
    throw faultOf(reply, what);
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

/** A request that the gateway calls wrong was not carried out; whatever else it is, nobody knows. */
function faultOf(reply: HttpReply, what: string): Unavailable {
  const refused = [400, 404, 405, 406, 413, 415, 422].includes(reply.status);
  return refused ? new NotSent(what) : new Unavailable(`${what}, which is not what the configuration calls a success`);
}

/**
 * Placeholders are put into data, never into finished text: no value can end a string, a field, an element or a header.
 */
export function requestFor(message: CourierMessage, settings: HttpSettings): HttpRequest {
  const { to, text, reference, language } = message;
  const values: TemplateValues = { to, 'to-digits': to.replace(/^\+/, ''), text, reference, language };
  const url = new URL(fill(settings.url, values, encodeURIComponent));
  for (const [name, value] of Object.entries(settings.query)) url.searchParams.set(name, fill(value, values));
  const { contentType, body } = bodyOf(settings, values);
  return {
    method: settings.method,
    url,
    headers: {
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
      ...(settings.basic === undefined ? {} : { authorization: basicHeader(settings.basic) }),
      ...Object.fromEntries(
        Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), fill(value, values, headerText)]),
      ),
    },
    ...(body === undefined ? {} : { body }),
  };
}

function bodyOf({ body }: HttpSettings, values: TemplateValues): { contentType?: string; body?: string } {
  switch (body?.kind) {
    case 'json':
      return { contentType: 'application/json', body: JSON.stringify(fillJson(body.value, values)) };
    case 'form': {
      const fields = Object.entries(body.fields).map(
        ([name, value]) => [name, fill(value, values)] as [string, string],
      );
      return { contentType: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
    }
    case 'xml':
      return { contentType: 'application/xml; charset=utf-8', body: fill(body.document, values, escapeXml) };
    case 'text':
      return { contentType: 'text/plain; charset=utf-8', body: fill(body.text, values) };
    default:
      return {};
  }
}

function fillJson(value: JsonTemplate, values: TemplateValues): unknown {
  if (typeof value === 'string') return fill(value, values);
  if (Array.isArray(value)) return value.map((one: JsonTemplate) => fillJson(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fillJson(one, values)]));
}

/** What a header cannot carry as it is goes percent-encoded. */
function headerText(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value);
}

function basicHeader({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

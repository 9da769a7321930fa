import { request } from 'undici';

/** What one request came to. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Milliseconds from the request to the last byte. */
  readonly ms: number;
}

/** One browser without a window: cookies, tokens and redirects, and nothing else, so that it costs little itself. */
export class Visitor {
  readonly #base: string;
  readonly #address: string;
  #cookie = '';
  #token = '';

  /** @param address where the visitor seems to come from, behind a proxy that is trusted */
  constructor(base: string, address = '192.0.2.1') {
    this.#base = base;
    this.#address = address;
  }

  /** Fetches a page and remembers its token. */
  async get(path: string): Promise<string> {
    const reply = await this.ask('GET', path);
    if (reply.status !== 200) throw new Error(`GET ${path} answered ${reply.status}`);
    return reply.body;
  }

  /** Posts a form and returns where it leads. */
  async post(path: string, fields: Record<string, string>): Promise<string> {
    const { status, headers } = await this.ask('POST', path, fields);
    const location = headers.get('location');
    if (status !== 303 || location === null) throw new Error(`POST ${path} answered ${status}`);
    return location;
  }

  /** One request, whatever it is answered with. */
  async ask(method: 'GET' | 'POST', path: string, fields?: Record<string, string>): Promise<Reply> {
    const body = fields && { body: new URLSearchParams({ _csrf: this.#token, ...fields }).toString() };
    const form = fields && { 'content-type': 'application/x-www-form-urlencoded' };
    const headers = { cookie: this.#cookie, 'x-forwarded-for': this.#address };
    const began = performance.now();
    // Not fetch: it says of itself that it is no page that is gone to, and is refused for that.
    const response = await request(this.#base + path, { method, headers: { ...headers, ...form }, ...body });
    const text = await response.body.text();
    const ms = performance.now() - began;
    const answered = headersOf(response.headers);
    const cookie = answered.getSetCookie().find((one) => one.startsWith('latchkey='));
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? '';
    this.#token = text.match(/name="_csrf" value="([^"]+)"/)?.[1] ?? this.#token;
    return { status: response.statusCode, headers: answered, body: text, ms };
  }
}

function headersOf(fields: NodeJS.Dict<string | string[]>): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(fields)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}

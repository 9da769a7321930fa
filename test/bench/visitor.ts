/** One browser without a window: cookies, tokens and redirects, and nothing else, so that it costs little itself. */
export class Visitor {
  readonly #base: string;
  #cookie = '';
  #token = '';

  constructor(base: string) {
    this.#base = base;
  }

  /** Fetches a page and remembers its token. */
  async get(path: string): Promise<string> {
    const response = await fetch(this.#base + path, { headers: { cookie: this.#cookie }, redirect: 'manual' });
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}`);
    this.#keep(response);
    const page = await response.text();
    this.#token = page.match(/name="_csrf" value="([^"]+)"/)?.[1] ?? this.#token;
    return page;
  }

  /** Posts a form and returns where it leads. */
  async post(path: string, fields: Record<string, string>): Promise<string> {
    const response = await fetch(this.#base + path, {
      method: 'POST',
      headers: { cookie: this.#cookie },
      body: new URLSearchParams({ _csrf: this.#token, ...fields }),
      redirect: 'manual',
    });
    await response.arrayBuffer();
    this.#keep(response);
    const location = response.headers.get('location');
    if (response.status !== 303 || location === null) throw new Error(`POST ${path} answered ${response.status}`);
    return location;
  }

  #keep(response: Response): void {
    const cookie = response.headers.getSetCookie().find((one) => one.startsWith('latchkey='));
    if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? '';
  }
}

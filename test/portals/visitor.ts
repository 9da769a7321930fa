import type { Server } from 'node:http';
import * as cheerio from 'cheerio';
import request from 'supertest';

/** An answer as a browser would have it before it does anything with it. */
export interface Answer {
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly text: string;
}

export interface Asked {
  readonly method: 'get' | 'head' | 'post' | 'put' | 'delete' | 'trace' | 'options' | 'patch';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; a form unless the headers say otherwise. */
  readonly body?: string;
}

/** Which button is pressed, as `name=value`; the form's own first button when left out. */
export type Press = `${string}=${string}`;

/** Somebody with a browser that has no JavaScript: keeps cookies, reads pages, presses buttons that are there. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #server: Server | string;
  readonly #headers: Readonly<Record<string, string>>;
  #answer: Answer = { path: '', status: 0, headers: {}, text: '' };

  /**
   * @param server an app in this process, or the origin of a server anywhere
   * @param headers sent with every request, such as those of a proxy
   */
  constructor(server: Server | string, headers: Readonly<Record<string, string>> = {}) {
    this.#server = server;
    this.#headers = headers;
  }

  /**
   * A second tab: the same cookies from now on, another page.
   * @param elsewhere a visitor of another node, where a proxy has sent this tab
   */
  tab(elsewhere: Visitor = this): Visitor {
    const tab = new Visitor(elsewhere.#server, elsewhere.#headers);
    Object.assign(tab, { cookies: this.cookies });
    tab.#answer = this.#answer;
    return tab;
  }

  get path(): string {
    return this.#answer.path;
  }

  get status(): number {
    return this.#answer.status;
  }

  get answer(): Answer {
    return this.#answer;
  }

  get page(): cheerio.CheerioAPI {
    return cheerio.load(this.#answer.text);
  }

  get heading(): string {
    return plain(this.page('main h1').text());
  }

  /** What the page says, in one line and without the marks that keep directions apart. */
  get text(): string {
    return plain(this.page('main').text());
  }

  /** What the summary of problems says. */
  get problems(): string {
    return plain(this.page('.problem li').text());
  }

  get token(): string {
    return this.page('input[name="_csrf"]').first().attr('value') ?? '';
  }

  /** One request, cookies and all, without following where it leads. */
  async ask(asked: Asked): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    let test = request(this.#server)[asked.method](asked.path).redirects(0);
    test = test.set({ ...this.#headers, ...(cookie === '' ? {} : { Cookie: cookie }), ...asked.headers });
    if (asked.body !== undefined) {
      const typed = Object.keys(asked.headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
      if (!typed) test = test.set('Content-Type', 'application/x-www-form-urlencoded');
      test = test.send(asked.body);
    }
    const { status, headers, text } = await test;
    this.#keepCookies(headers['set-cookie']);
    return { path: asked.path, status, headers, text: text ?? '' };
  }

  /** Opens an address and follows where it leads. */
  async open(path: string): Promise<this> {
    return this.#follow(await this.ask({ method: 'get', path }));
  }

  /** Fills in fields that the page has, presses a button that it has, and follows where that leads. */
  async submit(fields: Readonly<Record<string, string>> = {}, press?: Press): Promise<this> {
    const { path, body } = this.form(fields, press);
    return this.#follow(await this.ask({ method: 'post', path, body }));
  }

  /** What `submit` would post. */
  form(fields: Readonly<Record<string, string>> = {}, press?: Press): { readonly path: string; readonly body: string } {
    const $ = this.page;
    const [name, value] = press?.split('=') ?? [];
    const button = press === undefined ? $('main form .acts button') : $(`main form button[name="${name}"]`);
    const pressed = value === undefined ? button.first() : button.filter((_, one) => $(one).attr('value') === value);
    const form = pressed.first().closest('form');
    if (form.length === 0) throw new Error(`no button ${press ?? 'to go on'} on ${this.path}: ${this.text}`);
    const data = new URLSearchParams();
    for (const field of form.find('input[name], textarea[name], select[name]').toArray()) {
      const own = $(field).attr('name') ?? '';
      const value = own in fields ? undefined : sentBy($(field));
      if (own !== '' && value !== undefined) data.append(own, value);
    }
    for (const [own, typed] of Object.entries(fields)) {
      const found = form.find(`[name="${own}"]`).not('button');
      if (found.length === 0) throw new Error(`no field ${own} on ${this.path}`);
      // A box without its tick is not sent.
      if (typed !== '' || found.attr('type') !== 'checkbox') data.append(own, typed);
    }
    const buttonName = pressed.first().attr('name');
    if (buttonName !== undefined) data.append(buttonName, pressed.first().attr('value') ?? '');
    return { path: form.attr('action') ?? this.path, body: data.toString() };
  }

  /** Posts these fields with the page's token, whatever the page has, and stays. */
  post(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    const body = new URLSearchParams({ _csrf: this.token, ...fields }).toString();
    return this.ask({ method: 'post', path, body });
  }

  async #follow(first: Answer): Promise<this> {
    let answer = first;
    for (let hops = 0; answer.status === 303; hops += 1) {
      if (hops === 5) throw new Error(`${first.path} leads in circles`);
      answer = await this.ask({ method: 'get', path: String(answer.headers.location) });
    }
    this.#answer = answer;
    return this;
  }

  #keepCookies(set: unknown): void {
    for (const line of [set ?? []].flat() as string[]) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

/** What a browser would send for a field that nobody touched; undefined for a choice that is not made. */
function sentBy(field: ReturnType<cheerio.CheerioAPI>): string | undefined {
  if (field.is('select'))
    return String(field.find('option[selected]').attr('value') ?? field.find('option').attr('value') ?? '');
  // The line break behind the tag is the parser's, and lines end as HTTP has them.
  if (field.is('textarea')) return field.text().replace(/^\n/, '').replaceAll(/\r?\n/g, '\r\n');
  const isChoice = ['radio', 'checkbox'].includes(field.attr('type') ?? '');
  return isChoice && field.attr('checked') === undefined ? undefined : (field.attr('value') ?? '');
}

/** Text in one line, without isolates. */
export function plain(text: string): string {
  return text
    .replace(/[\u2066-\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

import type { Browser, BrowserContextOptions, ConsoleMessage, Page, Request } from 'playwright-core';

/** A person at a browser of their own. Everything that no page may ever do is written down in `complaints`. */
export class Visitor {
  readonly page: Page;
  readonly hasJavaScript: boolean;
  /** Console errors, script errors, and requests to another host. */
  readonly complaints: string[] = [];
  readonly #origin: string;

  static async open(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: origin, locale: 'en-GB', ...options });
    return new Visitor(await context.newPage(), origin, options.javaScriptEnabled ?? true);
  }

  private constructor(page: Page, origin: string, hasJavaScript: boolean) {
    this.page = page;
    this.#origin = origin;
    this.hasJavaScript = hasJavaScript;
    page.context().on('request', (request) => this.#checkHost(request));
    page.on('console', (message) => this.#checkConsole(message));
    page.on('pageerror', (fault) => this.complaints.push(`script error: ${fault.message}`));
    page.setDefaultTimeout(10_000);
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(path);
  }

  /** Does something that leads to another page, and waits until that is there. */
  async arriveBy(action: () => Promise<unknown>): Promise<void> {
    const arrived = this.page.waitForEvent('framenavigated', (frame) => frame === this.page.mainFrame());
    await Promise.all([action(), arrived]);
    await this.page.waitForLoadState('load');
  }

  /** Presses a button or a link that leads to another page. @param selector CSS */
  async press(selector: string): Promise<void> {
    await this.arriveBy(() => this.page.locator(selector).click());
  }

  /** Types into the field with this name, instead of what stands there. */
  async type(name: string, text: string): Promise<void> {
    await this.page.locator(`[name="${name}"]`).fill(text);
  }

  /** What happens at the phone shows on the page: by itself, or after Next where there is no JavaScript. */
  async afterPhone(action: () => unknown): Promise<void> {
    if (this.hasJavaScript) return this.arriveBy(async () => action());
    await action();
    await this.press('[name="act"][value="next"]');
  }

  get path(): string {
    return new URL(this.page.url()).pathname;
  }

  async heading(): Promise<string> {
    return this.page.locator('h1').innerText();
  }

  /** All that a person can read between header and footer, without the marks that isolate values. */
  async text(): Promise<string> {
    return (await this.page.locator('main').innerText()).replaceAll(/[\u2068\u2069]/g, '');
  }

  /** The summary of what is wrong; empty when nothing is. */
  async problems(): Promise<string> {
    const summary = this.page.locator('.problem');
    return (await summary.count()) === 0 ? '' : summary.innerText();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  #checkHost(request: Request): void {
    const { origin } = new URL(request.url());
    if (origin !== this.#origin) this.complaints.push(`request to ${origin}`);
  }

  /** A page that says what is wrong has a status that says so too; the browser reports that as an error. */
  #checkConsole(message: ConsoleMessage): void {
    const ownStatus =
      message.text().startsWith('Failed to load resource') && message.location().url === this.page.url();
    if ((message.type() === 'error' || message.type() === 'warning') && !ownStatus) {
      this.complaints.push(`console: ${message.text()} at ${message.location().url}`);
    }
  }
}

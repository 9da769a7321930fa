import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { Json } from '../../src/core/json.ts';
import { createServer } from '../../src/http-server.ts';
import { Visitor } from './visitor.ts';
import { PortalWorld, type WorldWish } from './world.ts';

/** The roles of the demo's own groups, its helpdesk for everybody below OU=People. */
const demoRoles: Json = {
  administrators: ['Latchkey administrators'],
  auditors: ['Latchkey auditors'],
  helpdesk: [{ group: 'Helpdesk staff', units: ['People'] }],
};

/** Somebody of the staff, and what they know and hold. */
export interface ConsolePerson {
  readonly samName: string;
  readonly password: string;
  readonly telephone: string;
}

/** A whole Latchkey with its console, each on a free port and under a host name of its own. */
export class ConsoleWorld {
  readonly portals: PortalWorld;
  /** Origin that staff open. */
  readonly url: string;
  readonly #server: Server;

  /**
   * @param wish `roles`: groups of the directory, as the configuration has them; the demo's when left out. `testAccounts`:
   * logins that staff may drive
   */
  static async open(
    wish: WorldWish & { readonly roles?: Json; readonly testAccounts?: readonly string[] },
  ): Promise<ConsoleWorld> {
    let listener: RequestListener = () => undefined;
    const server = createServer((request, response) => listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://localhost:${(server.address() as AddressInfo).port}`;
    const console = {
      'public-url': url,
      port: 0,
      roles: wish.roles ?? demoRoles,
      'second-factor': ['phone', 'otp-sms'],
      'test-accounts': [...(wish.testAccounts ?? [])],
    };
    const portals = await PortalWorld.open({ ...wish, settings: { console, ...wish.settings } });
    listener = (request, response) => portals.latchkey.console?.app(request, response);
    return new ConsoleWorld({ portals, url, server });
  }

  private constructor(parts: { portals: PortalWorld; url: string; server: Server }) {
    this.portals = parts.portals;
    this.url = parts.url;
    this.#server = parts.server;
  }

  /** Somebody at the console's address with a browser of their own. */
  visitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    return Visitor.open(browser, this.url, options);
  }

  /** From the sign-in through a call that is answered to the start. */
  async signIn(visitor: Visitor, person: ConsolePerson): Promise<void> {
    await visitor.goTo('/console');
    await visitor.type('login', person.samName);
    await visitor.type('password', person.password);
    await visitor.press('main .acts button');
    const call = await this.portals.ringing(person.telephone);
    await visitor.afterPhone(() => this.portals.phones.confirm(call.id));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.portals.close();
  }
}

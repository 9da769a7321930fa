import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Latchkey } from '../../src/compose.ts';
import type { Role } from '../../src/core/staff/staff.ts';
import type { DemoDirectory } from '../../src/directories/demo/demo-directory.ts';
import { createServer } from '../../src/http-server.ts';
import { Visitor } from '../portals/visitor.ts';
import { type Person, PortalWorld, type WorldWish } from '../portals/world.ts';

/** The groups of the directory that make somebody staff. The helpdesk has one for each of two units. */
export const staffGroups = {
  administrator: 'Console Administrators',
  auditor: 'Console Auditors',
  helpdesk: 'Helpdesk North',
  'helpdesk-south': 'Helpdesk South',
} as const;

export type StaffKind = keyof typeof staffGroups;
export const staffKinds: readonly Role[] = ['administrator', 'helpdesk', 'auditor'];

/** Units below OU=People; North has one below it. */
export const units = { north: 'North', inNorth: 'Harbour,OU=North', south: 'South' } as const;

export interface ConsoleWish extends WorldWish {
  /** Settings of the console that differ, as the configuration file has them. */
  readonly console?: Readonly<Record<string, unknown>>;
}

/** A second process on the database and the directory of a world, at the console's address. */
export interface AnotherConsole {
  readonly latchkey: Latchkey;
  visitor(): Visitor;
  close(): Promise<void>;
}

/** The shipped console beside the shipped portals, on one directory and one database, each under a name of its own. */
export class ConsoleWorld {
  readonly portals: PortalWorld;
  readonly server: Server;
  readonly origin: string;

  static async open(wish: ConsoleWish = {}): Promise<ConsoleWorld> {
    let listener: RequestListener = () => undefined;
    const server = createServer((request, response) => listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const console = { ...consoleSettings(origin), ...wish.console };
    const portals = await PortalWorld.open({
      chain: ['otp-sms'],
      ...wish,
      settings: { console, ...wish.settings },
      prepare(demo) {
        prepare(demo);
        wish.prepare?.(demo);
      },
    });
    listener = (request, response) => portals.latchkey.console?.app(request, response);
    return new ConsoleWorld({ portals, server, origin });
  }

  private constructor(parts: Pick<ConsoleWorld, 'portals' | 'server' | 'origin'>) {
    this.portals = parts.portals;
    this.server = parts.server;
    this.origin = parts.origin;
  }

  get clock(): PortalWorld['clock'] {
    return this.portals.clock;
  }

  get latchkey(): PortalWorld['latchkey'] {
    return this.portals.latchkey;
  }

  /** Somebody at the console's address with a browser that knows nothing of it yet. */
  visitor(headers: Readonly<Record<string, string>> = {}): Visitor {
    return new Visitor(this.server, { Host: new URL(this.origin).host, ...headers });
  }

  /** A second process behind the same proxy. Texts that it sends are in its own phones. */
  async anotherNode(): Promise<AnotherConsole> {
    const node = await this.portals.anotherNode();
    const server = createServer((request, response) => node.latchkey.console?.app(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      latchkey: node.latchkey,
      visitor: () => new Visitor(server, { Host: new URL(this.origin).host }),
      async close() {
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
        await node.close();
      },
    };
  }

  /** Somebody new of the staff, who has registered the gates of the chain. */
  async staff(...kinds: readonly StaffKind[]): Promise<Person> {
    const person = await this.portals.registered();
    for (const kind of kinds) this.join(person, staffGroups[kind]);
    return person;
  }

  join(person: Person, group: string): void {
    this.#group(group).members.add(person.entry);
  }

  leave(person: Person, group: string): void {
    this.#group(group).members.delete(person.entry);
  }

  /** Somebody new in a unit, not registered. */
  personIn(unit: keyof typeof units): Person {
    return this.portals.person({ unit: `OU=${units[unit]},${this.portals.people}` });
  }

  /** From the sign-in through the second factor to the start of the console. */
  async signIn(person: Person, visitor: Visitor = this.visitor()): Promise<Visitor> {
    await this.password(person, visitor);
    return this.passFactor(person, visitor);
  }

  /** As far as the second factor. */
  async password(person: Person, visitor: Visitor = this.visitor()): Promise<Visitor> {
    await visitor.open('/console');
    return visitor.submit({ login: person.samName, password: person.password });
  }

  passFactor(person: Person, visitor: Visitor): Promise<Visitor> {
    return this.portals.passGate(visitor, person);
  }

  /** Somebody new of the staff, signed in. */
  async signedIn(...kinds: readonly StaffKind[]): Promise<{ readonly person: Person; readonly visitor: Visitor }> {
    const person = await this.staff(...kinds);
    return { person, visitor: await this.signIn(person) };
  }

  /** What the audit holds of the console, oldest first: events with their details. */
  audited(event?: string): readonly { readonly event: string; readonly detail: Readonly<Record<string, unknown>> }[] {
    return this.portals
      .auditRows()
      .filter((row) => row.event.startsWith(event ?? 'console.'))
      .map((row) => ({ event: row.event, detail: JSON.parse(row.detail ?? '{}') }));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.portals.close();
  }

  #group(name: string) {
    return this.portals.demo.administration.at(`CN=${name},CN=Users,${this.portals.demo.baseDn}`);
  }
}

/** Everything that a console is configured with. */
export function consoleSettings(origin: string): Readonly<Record<string, unknown>> {
  return {
    'public-url': origin,
    port: 0,
    roles: {
      administrators: [staffGroups.administrator],
      auditors: [staffGroups.auditor],
      helpdesk: [
        { group: staffGroups.helpdesk, units: ['People/North'] },
        { group: staffGroups['helpdesk-south'], units: ['People/South'] },
      ],
    },
    'second-factor': ['otp-sms', 'phone'],
  };
}

function prepare({ administration, baseDn }: DemoDirectory): void {
  for (const name of Object.values(staffGroups)) administration.addGroup(`CN=Users,${baseDn}`, name);
  for (const unit of [units.north, units.inNorth, units.south])
    administration.addUnit(`OU=${unit},OU=People,${baseDn}`);
}

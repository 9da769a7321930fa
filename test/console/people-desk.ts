import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { AuditRow } from '../../src/core/audit/audit.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { ConsoleWorld, type units } from './world.ts';

const policy = (name: string, chain: readonly string[], members: unknown) => ({
  name,
  members,
  chain,
  lockout: { threshold, minutes: 15, 'bars-until-permanent': 3 },
  'flow-minutes': 20,
});

/** Why staff of the tests act. */
export const reason = 'Called back on the number in the directory';

/** A desk for the tests of one file: a console of its own, and a new agent for each test. */
export function peopleDesk(): PeopleDesk {
  const desk = new PeopleDesk();
  beforeAll(() => desk.begin());
  beforeEach(() => desk.nextAgent());
  afterAll(() => desk.close());
  return desk;
}

/** What the helpdesk of the north does to people, and what can be seen of it. Harbour and the south have codes of the helpdesk. */
export class PeopleDesk {
  #world: ConsoleWorld | undefined;
  #agent: { readonly person: Person; readonly visitor: Visitor } | undefined;

  async begin(): Promise<void> {
    const policies = [
      policy('harbour', ['otp-sms', 'helpdesk-code'], { units: ['People/North/Harbour'] }),
      policy('south', ['helpdesk-code'], { units: ['People/South'] }),
      policy('everyone', ['otp-sms'], 'everyone'),
    ];
    this.#world = await ConsoleWorld.open({ policies });
  }

  async nextAgent(): Promise<void> {
    this.#agent = await this.world.signedIn('helpdesk');
  }

  async close(): Promise<void> {
    await this.#world?.close();
  }

  get world(): ConsoleWorld {
    if (this.#world === undefined) throw new Error('the desk is not open yet');
    return this.#world;
  }

  /** Whoever of the helpdesk of the north acts in this test. */
  get agent(): { readonly person: Person; readonly visitor: Visitor } {
    if (this.#agent === undefined) throw new Error('nobody sits at the desk yet');
    return this.#agent;
  }

  async registered(unit: keyof typeof units): Promise<Person> {
    const person = this.world.personIn(unit);
    await this.world.portals.register(person, ['otp-sms']);
    return person;
  }

  open(person: Pick<Person, 'id'>, by: Visitor = this.agent.visitor): Promise<Visitor> {
    return by.tab().open(`/people/${person.id}`);
  }

  /** Posts a form of the person's page, with the token of the session, and follows. */
  async act(person: Pick<Person, 'id'>, name: string, fields: object, by: Visitor = this.agent.visitor) {
    const visitor = by.tab();
    await visitor.open('/people');
    const { status, headers, text } = await visitor.post(`/people/${person.id}/${name}`, { ...fields });
    const page = status === 303 ? await by.tab().open(String(headers.location)) : undefined;
    return { status, location: headers.location, text, page };
  }

  lockout(person: Person) {
    return this.world.latchkey.stores.failures.lockout(person.id, this.world.clock.now());
  }

  bar(person: Person) {
    const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
    return this.world.latchkey.stores.failures.bar(person.id, rules, this.world.clock.now());
  }

  rowsAbout(person: Pick<Person, 'id'>): Promise<readonly AuditRow[]> {
    return this.world.latchkey.stores.audit.about(person.id, 50);
  }

  /** The texts of all mails to an address. */
  async mails(address: string): Promise<readonly string[]> {
    const { outbox, challenges, mailbox } = this.world.latchkey;
    await outbox.idle();
    await challenges.idle();
    return (mailbox?.mails(address) ?? []).map(({ text }) => plain(text));
  }

  async textsTo(number: string): Promise<readonly string[]> {
    await this.world.latchkey.challenges.idle();
    return this.world.portals.phones.phone(number).texts.map(({ text }) => text);
  }
}

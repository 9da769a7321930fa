import { afterEach, beforeEach } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import type { PolicyStore } from '../../src/core/policies/policy-store.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { type ConsoleWish, ConsoleWorld } from './world.ts';

/** Milliseconds: each of these tests has a world of its own. */
export const timeout = 60_000;
/** The policy that is in force when a test begins, as version 1. */
export const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms'] };

/** The pages of the policies, anew for each test of a file. */
export function policyPages(): PolicyPages {
  const pages = new PolicyPages();
  beforeEach(() => pages.open());
  afterEach(() => pages.close());
  return pages;
}

/** An administrator before the pages of the policies. */
export class PolicyPages {
  #world: ConsoleWorld | undefined;
  #signedIn: { readonly person: Person; readonly visitor: Visitor } | undefined;

  /** @param settings of the whole file; the policies are kept in the store when left out */
  async open(settings: NonNullable<ConsoleWish['settings']> = { 'policies-in': 'store' }): Promise<void> {
    this.#world = await ConsoleWorld.open({ settings });
    this.#signedIn = await this.#world.signedIn('administrator');
  }

  async close(): Promise<void> {
    await this.#world?.close();
  }

  get world(): ConsoleWorld {
    return there(this.#world);
  }

  get person(): Person {
    return there(this.#signedIn).person;
  }

  get admin(): Visitor {
    return there(this.#signedIn).visitor;
  }

  policies(): PolicyStore {
    return this.world.latchkey.stores.policies;
  }

  async inForce(): Promise<readonly { readonly name: string }[]> {
    return (await this.policies().latest())?.policies as readonly { readonly name: string }[];
  }

  /** Past the console, as another administrator on another node. */
  saveElsewhere(basedOn: number, list: Json, byName = 'Ben'): ReturnType<PolicyStore['save']> {
    const by = { by: 'account-2', byName, note: 'elsewhere', at: this.world.clock.now() };
    return this.policies().save({ basedOn, ...by, policies: list });
  }

  async begin(visitor: Visitor = this.admin): Promise<Visitor> {
    await visitor.open('/policies');
    return visitor.submit();
  }

  async add(visitor: Visitor, fields: Readonly<Record<string, string>>): Promise<Visitor> {
    await visitor.open('/policies/draft/policy/new');
    return visitor.submit({ 'place-otp-sms': '1', ...fields });
  }

  /** Presses a button of the row of one policy. */
  arrange(visitor: Visitor, name: string, way: 'up' | 'down' | 'remove'): ReturnType<Visitor['post']> {
    const revision = visitor.page('input[name="revision"]').attr('value') ?? '';
    return visitor.post('/policies/draft/arrange', { revision, name, way });
  }

  async save(visitor: Visitor, note = 'because'): Promise<Visitor> {
    await visitor.open('/policies/draft/review');
    return visitor.submit({ note });
  }
}

export function notice(visitor: Visitor): string {
  return plain(visitor.page('.notice[role="status"]').text());
}

/** The names of the rows of a list, in order. */
export function namesOn(visitor: Visitor): readonly string[] {
  const names = visitor.page('tbody th').toArray();
  return names.map((one) => plain(visitor.page(one).text()));
}

function there<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the pages are not open yet');
  return thing;
}

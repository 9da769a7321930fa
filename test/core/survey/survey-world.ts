import { randomBytes } from 'node:crypto';
import type { Account, AccountState } from '../../../src/core/account.ts';
import type { DirectoryGroup, PeopleWalk } from '../../../src/core/directory-people.ts';
import { Policies, pinnedPolicies } from '../../../src/core/policies/policies.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import type { PolicyMatcher } from '../../../src/core/policies/policy-matcher.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import type { Zone } from '../../../src/core/zone.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { untroubled } from '../../account-state.ts';
import { SettableClock } from '../../settable-clock.ts';

/** Somebody in the directory of a survey. */
export function somebody(id: string, state: Partial<AccountState> = {}, changes: Partial<Account> = {}): Account {
  return {
    id,
    name: `DEMO\\${id}`,
    samName: id,
    displayName: `${id} of Demo`,
    mail: `${id}@example.test`,
    ...changes,
    state: { ...untroubled, ...state },
  };
}

/** A policy for everybody, in every zone. */
export function somePolicy(name: string, changes: Partial<Policy> = {}): Policy {
  return {
    name,
    members: { everyone: true, groups: [], units: [], except: { groups: [], units: [] } },
    zone: 'any',
    chain: ['questions'],
    actions: ['unlock', 'reset'],
    lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
    flowSeconds: 1200,
    privileged: false,
    unknownLogins: 'decoy',
    ...changes,
  };
}

/** People in a list, groups by name, and a real database in memory. */
export class SurveyWorld {
  readonly clock = new SettableClock();
  people: readonly Account[] = [];
  readonly groups: readonly string[] = ['sales', 'boss'];
  zones: readonly Zone[] = ['intranet', 'extranet'];
  pageSize = 2;
  readonly pages: number[] = [];

  static async open(): Promise<SurveyWorld> {
    const world = new SurveyWorld();
    const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
    const settings = { kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 5_000 } as const;
    const stores = await openStores(settings, { sealer, clock: world.clock });
    await stores.migrate();
    return Object.assign(world, { stores });
  }

  declare readonly stores: Stores;

  readonly directory = {
    findGroup: async (name: string): Promise<DirectoryGroup | undefined> =>
      this.groups.includes(name) ? { id: `id-of-${name}`, name, cyclic: false } : undefined,
    findUnit: async (path: string) => ({ path }),
    read: async (id: string): Promise<Account | undefined> => this.people.find((account) => account.id === id),
    walkPeople: (walk: PeopleWalk) => this.#walk(walk),
  };

  /** The real one, on a list that stays. */
  readonly matcher = (policies: readonly Policy[]): PolicyMatcher =>
    new Policies({
      source: pinnedPolicies(policies),
      directory: this.directory,
      clock: this.clock,
      mac: () => '0'.repeat(64),
    });

  async register(id: string, gates: readonly string[], at = this.clock.now()): Promise<void> {
    for (const gate of gates) await this.stores.enrolments.keep({ accountId: id, gate, data: 1, provedAt: at });
  }

  async *#walk({ groups, signal }: PeopleWalk): AsyncIterable<readonly Account[]> {
    const wanted = new Set(groups.map(({ id }) => id));
    for (let at = 0; at < this.people.length; at += this.pageSize) {
      signal.throwIfAborted();
      this.pages.push(at);
      const page = this.people.slice(at, at + this.pageSize);
      // Only what was asked for comes along, as from a directory.
      yield page.map((one) => ({
        ...one,
        state: { ...one.state, groups: one.state.groups.filter((id) => wanted.has(id)) },
      }));
    }
  }
}

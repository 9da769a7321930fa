import { randomBytes, randomUUID } from 'node:crypto';
import type { Account, AccountState } from '../../../src/core/account.ts';
import type { PasswordPolicy } from '../../../src/core/directory.ts';
import { NoticeDesk } from '../../../src/core/notices/notice-desk.ts';
import type { Letter } from '../../../src/core/notices/notices.ts';
import { HelpdeskDesk } from '../../../src/core/people/helpdesk-desk.ts';
import { PersonViews } from '../../../src/core/people/person-view.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import { type Act, ActGuard } from '../../../src/core/staff/act-guard.ts';
import { ActPace } from '../../../src/core/staff/act-pace.ts';
import { type StaffRules, staffOf } from '../../../src/core/staff/staff.ts';
import type { Stores } from '../../../src/core/stores.ts';
import type { Zone } from '../../../src/core/zone.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { untroubled } from '../../account-state.ts';
import { SettableClock } from '../../settable-clock.ts';

/** Who is staff here, by groups. */
export const staffRules: StaffRules = {
  administrators: ['admins'],
  auditors: ['auditors'],
  helpdesk: [
    { group: 'desk-north', units: ['People/North'] },
    { group: 'desk-south', units: ['People/South'] },
  ],
};

export const number = '+447700900123';

/** People and staff in a directory that a test changes, on a real store. */
export class PeopleWorld {
  readonly clock = new SettableClock();
  readonly accounts = new Map<string, Account>();
  readonly stores: Stores;
  readonly desk: HelpdeskDesk;
  readonly guard: ActGuard;
  readonly views: PersonViews;
  policies: Partial<Record<Zone, Policy>> = {};
  passwordPolicy: PasswordPolicy = {
    source: 'domain',
    minLength: 7,
    complexity: true,
    historyLength: 24,
    minAgeSeconds: 0,
    maxAgeSeconds: 42 * 86_400,
    lockoutThreshold: 5,
    lockoutSeconds: 1800,
    lockoutWindowSeconds: 1800,
    hintsEnforced: true,
  };
  woken = 0;
  /** Called when somebody's account is read, before it is answered. */
  onRead: (id: string) => void = () => undefined;

  static async open(): Promise<PeopleWorld> {
    const clock = new SettableClock();
    const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
    const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 1000 }, { sealer, clock });
    await stores.migrate();
    return new PeopleWorld(stores, clock);
  }

  private constructor(stores: Stores, clock: SettableClock) {
    this.clock = clock;
    this.stores = stores;
    const read = async (id: string): Promise<Account | undefined> => {
      this.onRead(id);
      return this.accounts.get(id);
    };
    const { enrolments, audit } = stores;
    const notices = new NoticeDesk({
      clock,
      enrolments,
      canText: true,
      byText: true,
      wake: () => {
        this.woken += 1;
      },
    });
    const staff = {
      readNow: async (id: string) => {
        const account = this.accounts.get(id);
        const member = account && staffOf(account, staffRules);
        return member && { member };
      },
    };
    this.guard = new ActGuard({ directory: { read }, staff, audit, clock });
    this.desk = new HelpdeskDesk({
      guard: this.guard,
      pace: new ActPace({ limits: stores.limits, clock, mac: (...of) => of.join() }),
      stores,
      notices,
      clock,
    });
    this.views = new PersonViews({
      directory: { passwordPolicy: async () => this.passwordPolicy },
      policies: { match: async (_account, zone) => this.policies[zone] },
      stores,
      zones: ['intranet', 'extranet'],
      issued: ['helpdesk-code'],
      clock,
    });
  }

  /** Adds somebody, or changes them. */
  put(name: string, state: Partial<AccountState> = {}, more: Partial<Account> = {}): Account {
    const known = [...this.accounts.values()].find(({ samName }) => samName === name);
    const account: Account = {
      id: known?.id ?? randomUUID(),
      name: `CONTOSO\\${name}`,
      samName: name,
      displayName: name,
      mail: `${name}@contoso.example`,
      ...more,
      state: { ...untroubled, unit: 'People/North', ...known?.state, ...state },
    };
    this.accounts.set(account.id, account);
    return account;
  }

  act(staff: Account, person: Pick<Account, 'id'>, reason = 'Called from the number on file'): Act {
    const request = {
      address: '192.0.2.1',
      correlation: 'c1',
      language: 'en',
      zone: 'intranet',
      host: 'console.example',
    } as const;
    return { staff: staff.id, person: person.id, reason, request };
  }

  async register(account: Account, gates: Readonly<Record<string, unknown>>): Promise<void> {
    for (const [gate, data] of Object.entries(gates)) {
      await this.stores.enrolments.keep({
        accountId: account.id,
        gate,
        data: data as never,
        provedAt: this.clock.now(),
      });
    }
  }

  /** Events about somebody, oldest first. */
  async events(account: Account): Promise<readonly string[]> {
    return (await this.stores.audit.about(account.id, 100)).map(({ event }) => event).toReversed();
  }

  /** Everything that waits to be told. */
  async letters(): Promise<readonly (Letter & { readonly channel: string })[]> {
    const letters: (Letter & { readonly channel: string })[] = [];
    for (;;) {
      const claim = await this.stores.outbox.claim({
        channels: ['email', 'sms'],
        now: this.clock.now(),
        leaseMs: 1000,
      });
      if (claim === undefined) return letters;
      letters.push({ ...(claim.body as unknown as Letter), channel: claim.channel });
    }
  }

  close(): Promise<void> {
    return this.stores.close();
  }
}

export function policyOf(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'everyone',
    members: { everyone: true, groups: [], units: [], except: { groups: [], units: [] } },
    zone: 'any',
    chain: ['otp-sms', 'questions'],
    actions: ['unlock', 'reset'],
    lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 4 },
    flowSeconds: 1200,
    privileged: false,
    unknownLogins: 'decoy',
    ...changes,
  };
}

import { randomBytes } from 'node:crypto';
import type { Configuration } from '../config.ts';
import type { WorkQueue } from '../core/background/work-queue.ts';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import { dryDirectory } from '../core/drive/test-drive-directory.ts';
import { driveGates } from '../core/drive/test-drive-gates.ts';
import { dryNotices } from '../core/drive/test-drive-notices.ts';
import { DrivePhone, driveNumber } from '../core/drive/test-drive-phone.ts';
import { chosenProvider } from '../core/drive/test-drive-sending.ts';
import type { DryWish, DryWorld } from '../core/drive/test-drives.ts';
import { ActionRunner } from '../core/flow/action-runner.ts';
import { Enroller } from '../core/flow/enroller.ts';
import { FlowAudit } from '../core/flow/flow-audit.ts';
import { FlowRunner } from '../core/flow/flow-runner.ts';
import { FlowStarter } from '../core/flow/flow-starter.ts';
import { GateDesk } from '../core/flow/gate-desk.ts';
import { WayRunner } from '../core/flow/way-runner.ts';
import { WriteDesk } from '../core/flow/write-desk.ts';
import type { GateSettings } from '../core/gate.ts';
import { enrolledDestinations } from '../core/gates/enrolled-number.ts';
import type { GateSet } from '../core/gates/gate-set.ts';
import type { PasswordScreen } from '../core/password-screen.ts';
import { Policies, type PolicySource, pinnedPolicies } from '../core/policies/policies.ts';
import { StaffPolicies } from '../core/policies/staff-policies.ts';
import type { MfaProvider } from '../core/provider.ts';
import { createSealer } from '../core/sealer.ts';
import { Breaker } from '../core/sending/breaker.ts';
import { Challenges } from '../core/sending/challenges.ts';
import { courierProvider } from '../core/sending/courier-provider.ts';
import { type ProviderRoute, type ProviderRoutes, type RouteTable, routesFor } from '../core/sending/provider-route.ts';
import type { Stores } from '../core/stores.ts';
import type { Definitions } from '../definitions.ts';
import { enrolmentRulesOf } from '../settings/configured.ts';
import { openStores } from '../stores/open-stores.ts';
import { createGates, issuedOf, knowledgeOf, strongestFirst } from './gates.ts';
import { createRegistrations } from './policies.ts';

export interface DryWorldNeeds extends RouteTable {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  /** The real ones: read, never written. */
  readonly stores: Stores;
  readonly directory: Directory;
  readonly source: PolicySource;
  readonly screen: PasswordScreen;
  readonly clock: Clock;
  /** One for all of the process. */
  readonly hashing: WorkQueue;
}

/**
 * Makes the world of one dry run: the shipped flow machine on a database in memory, under keys of its own, with a phone
 * of its own and a directory that cannot write. Nothing leads from there to a real flow: its codes open nothing.
 */
export async function openDryWorld(needs: DryWorldNeeds, wish: DryWish): Promise<DryWorld> {
  const { configuration, definitions, clock, screen } = needs;
  const { recorder } = wish;
  const sealer = createSealer({ keys: [{ id: 'dry-run', secret: randomBytes(32) }] });
  const mac = (purpose: string, text: string): string => sealer.mac(purpose, text);
  const stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 }, { sealer, clock });
  await stores.migrate();
  const directory = dryDirectory({ directory: needs.directory, note: (message) => recorder.note({ message }) });
  const policies = new Policies({ source: await sourceOf(needs, wish), directory, clock, mac });
  const phone = new DrivePhone((text) => recorder.note({ message: { key: 'console.drive.arrived' }, text }));
  const challenges = new Challenges({
    store: stores.challenges,
    sends: stores.sends,
    ...routesTo(phone, { ...needs, sealer }),
    async destinations(accountId, gate, chosen) {
      const number = await enrolledDestinations(needs.stores.enrolments)(accountId, gate).catch(() => undefined);
      const channel = definitions.gates.find(({ id }) => id === gate)?.channel;
      const routes = channel === undefined ? [] : routesFor(needs, channel, chosen);
      // A decoy is looked up as well; nothing of it is for anybody to read.
      if (accountId === wish.account.id) recorder.note({ gate, ...chosenProvider(routes, channel, number) });
      return driveNumber;
    },
    clock,
    mac,
    ringSeconds: 30,
    report: () => undefined,
  });
  const all = createGates({ configuration, definitions }, { challenges, clock, hashing: needs.hashing });
  const gates = driveGates(all, recorder);
  const audit = new FlowAudit({
    audit: {
      async append(event) {
        recorder.event(event);
        return { ...event, sequence: 0, hash: '' };
      },
    },
    clock,
  });
  const desk = new GateDesk({ gates, stores, audit });
  const notices = dryNotices((message) => recorder.note({ message }));
  const rules = enrolmentRulesOf(configuration);
  const registrations = createRegistrations(needs, policies);
  const shared = { stores, directory, policies, registrations, audit, clock, desk, notices };
  const enroller = new Enroller({ ...shared, rules });
  const writes = new WriteDesk({ ...shared, writePatienceMs: 30_000, mustChange: () => undefined });
  const own = (await policies.match(wish.account, wish.zone))?.gates ?? {};
  const answers = await register(needs, { wish, gates: all, own, stores });
  return {
    starter: new FlowStarter({
      ...shared,
      strongestFirst: strongestFirst(all.configured, { configuration, definitions }),
      knowledge: knowledgeOf(definitions),
      issued: issuedOf(definitions),
      staffPolicies: new StaffPolicies({ policies }),
      mac,
    }),
    runner: new FlowRunner({ ...shared, enroller, tellAfter: configuration.notices['after-failures'] }),
    ways: new WayRunner(shared),
    desk,
    actions: new ActionRunner({ ...shared, screen, writes }),
    phone,
    answers,
    idle: () => challenges.idle(),
    async close() {
      await challenges.stop();
      await writes.idle();
      await stores.close();
    },
  };
}

/** The policies in force, or one of them as if it were for everybody, from everywhere. */
async function sourceOf({ source }: DryWorldNeeds, { policy: name }: DryWish): Promise<PolicySource> {
  if (name === undefined) return source;
  const policy = (await source.current()).policies.find((one) => one.name === name);
  if (policy === undefined) throw new Error('there is no such policy');
  const members = { everyone: true, groups: [], units: [], except: { groups: [], units: [] } };
  return pinnedPolicies([{ ...policy, members, zone: 'any' }]);
}

/** One route in place of each real one, under its name: a policy's choice is gone by, and all of it ends at the phone. */
function routesTo(
  phone: DrivePhone,
  needs: DryWorldNeeds & { readonly sealer: ReturnType<typeof createSealer> },
): RouteTable {
  const { configuration, clock, sealer } = needs;
  const host = configuration['public-url'].hostname;
  const standIn = (channel: 'sms' | 'voice', { id, matchesNumbers }: MfaProvider): MfaProvider =>
    channel === 'sms'
      ? courierProvider({ courier: { ...phone.courier(), id }, clock, sealer, host })
      : { ...phone.voice(matchesNumbers === true), id };
  const route = (provider: MfaProvider): ProviderRoute => ({
    provider,
    rules: { deniedPrefixes: [] },
    breaker: new Breaker({ failures: 5, seconds: 30, clock, report: () => undefined }),
    timeoutSeconds: 20,
  });
  const standIns = (real: ProviderRoutes = {}): ProviderRoutes => ({
    sms: (real.sms ?? []).map(({ provider }) => route(standIn('sms', provider))),
    voice: (real.voice ?? []).map(({ provider }) => route(standIn('voice', provider))),
  });
  return { routes: standIns(needs.routes), spare: standIns(needs.spare) };
}

/**
 * Registers the account in the world of the dry run. Of what is really registered only the gates' names are taken over:
 * what the gates keep would be compared with answers that nobody counts. A bar that stands holds here as well.
 */
async function register(
  needs: DryWorldNeeds,
  world: {
    readonly wish: DryWish;
    readonly gates: GateSet;
    /** What the policy that is walked says of gates: what is made up fits to that. */
    readonly own: GateSettings;
    readonly stores: Stores;
  },
): Promise<DryWorld['answers']> {
  const { wish, gates, own, stores } = world;
  const { id: accountId } = wish.account;
  const now = needs.clock.now();
  const proved = (await needs.stores.enrolments.proved([accountId])).get(accountId) ?? [];
  const answers: DryWorld['answers'][number][] = [];
  for (const gate of gates.configured.keys()) {
    if (!wish.asRegistered && !proved.some((one) => one.gate === gate)) continue;
    const rehearsed = (await gates.get(gate, own[gate])?.rehearsal?.(wish.language)) ?? { enrolment: null };
    answers.push(...(rehearsed.answers ?? []));
    await stores.enrolments.keep({ accountId, gate, data: rehearsed.enrolment, provedAt: now });
  }
  const bar = await needs.stores.failures.lockout(accountId, now);
  if (bar !== undefined) {
    const minutes = bar.until === undefined ? 1 : Math.ceil((bar.until.getTime() - now.getTime()) / 60_000);
    const barsUntilPermanent = bar.until === undefined ? 1 : 10;
    await stores.failures.bar(accountId, { threshold: 1, minutes, barsUntilPermanent }, now);
  }
  return answers;
}

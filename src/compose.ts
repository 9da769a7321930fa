import path from 'node:path';
import type { Express } from 'express';
import type { Logger } from 'pino';
import type { Services } from './app.ts';
import { createActs } from './compose/acts.ts';
import { createAuditWork } from './compose/audit.ts';
import { type BackgroundWork, createBackground } from './compose/background.ts';
import { backgroundPages } from './compose/background-pages.ts';
import { steadyClock } from './compose/clock.ts';
import { composeConsole } from './compose/console.ts';
import { createDirectory, watchDirectory } from './compose/directory.ts';
import { createDoors, type Door, type SharedServices } from './compose/doors.ts';
import { chainedGates, createGates, issuedOf, knowledgeOf, strongestFirst } from './compose/gates.ts';
import { createVisitLimits } from './compose/limits.ts';
import { createNotices } from './compose/notices.ts';
import { openPasswordScreen } from './compose/passwords.ts';
import { withCallerGates } from './compose/people.ts';
import { createPolicies, createRegistrations } from './compose/policies.ts';
import { policyPages } from './compose/policy-desk.ts';
import { createPolicyAnnouncer } from './compose/policy-notices.ts';
import { createProviders, type Providers, routesOf } from './compose/providers.ts';
import { reportSending } from './compose/sending.ts';
import { startUpkeep } from './compose/upkeep.ts';
import type { Configuration, Environment } from './config.ts';
import type { Console } from './console/console-app.ts';
import { WorkQueue } from './core/background/work-queue.ts';
import type { Clock } from './core/clock.ts';
import type { Directory } from './core/directory.ts';
import { ActionRunner } from './core/flow/action-runner.ts';
import { Enroller } from './core/flow/enroller.ts';
import { FlowAudit } from './core/flow/flow-audit.ts';
import { FlowRunner } from './core/flow/flow-runner.ts';
import { FlowStarter } from './core/flow/flow-starter.ts';
import { GateDesk } from './core/flow/gate-desk.ts';
import { WayRunner } from './core/flow/way-runner.ts';
import { WriteDesk } from './core/flow/write-desk.ts';
import { enrolledDestinations } from './core/gates/enrolled-number.ts';
import type { OutboxWorker } from './core/notices/outbox-worker.ts';
import { managerAddresses } from './core/people/code-desk.ts';
import type { PolicyAnnouncer } from './core/policies/policy-announcer.ts';
import { StaffPolicies } from './core/policies/staff-policies.ts';
import { createSealer } from './core/sealer.ts';
import { Challenges, type ChallengesNeeds } from './core/sending/challenges.ts';
import type { Stores } from './core/stores.ts';
import { SignInGuard } from './core/visits/sign-in.ts';
import type { Definitions } from './definitions.ts';
import { ServiceState } from './portals/service-state.ts';
import type { VirtualMailbox } from './providers/demo/virtual-mailbox.ts';
import type { VirtualPhones } from './providers/demo/virtual-phones.ts';
import { brandOf, enrolmentRulesOf, organisationOf, sealingKeys } from './settings/configured.ts';
import { longestVisitMinutes } from './settings/policy-settings.ts';
import { openStores } from './stores/open-stores.ts';
import { Catalogue } from './web/catalogue.ts';
import { Pages } from './web/pages.ts';

export interface ComposeNeeds {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
  readonly environment: Environment;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Milliseconds that a start and a sign-in take at least; the tests' own when given. */
  readonly floors?: Services['floors'];
}

/** A composed Latchkey: nothing listens yet. */
export interface Latchkey {
  /** What answers at the listener that links lead to: the first of the doors. */
  readonly app: Express;
  readonly doors: readonly Door[];
  /** Only where one is configured. */
  readonly console?: Console;
  readonly stores: Stores;
  readonly directory: Directory;
  readonly providers: Providers;
  readonly writes: WriteDesk;
  readonly challenges: Challenges;
  readonly outbox: OutboxWorker;
  readonly background: BackgroundWork;
  readonly announcer: PolicyAnnouncer;
  /** Only in the demo. */
  readonly phones?: VirtualPhones;
  readonly mailbox?: VirtualMailbox;
  /** Starts what runs beside the requests: recovery of sendings, writes and notices, and clearing up. */
  startUpkeep(): void;
  /** Says that no more requests are wanted: readiness fails from now on. */
  drain(): void;
  /** Ends everything that `compose` began; what is being sent is finished first. */
  close(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '..');
/** Makes every part and puts them together: the only place that constructs things. */
export async function compose(needs: ComposeNeeds): Promise<Latchkey> {
  const { configuration, environment, log, definitions } = needs;
  const clock = needs.clock ?? steadyClock(log);
  const sealer = createSealer(sealingKeys(configuration));
  const mac = (purpose: string, text: string): string => sealer.mac(purpose, text);
  // Loaded only where it is wanted: it brings a whole LDAP server along.
  const demoWorld = configuration.directory.kind === 'demo' ? await import('./demo-world.ts') : undefined;
  const demo = await demoWorld?.startDemoServer({ ...environment, clock });
  const directory = createDirectory(configuration, demo, { clock, log });
  const stores = await openStores(configuration.store, { sealer, clock });
  await stores.migrate();
  const auditWork = createAuditWork(configuration, { stores, clock, log });

  const providerNeeds = { configuration, definitions, environment, clock, sealer, log };
  const { providers, phones, mailbox } = await createProviders(providerNeeds);
  const table = routesOf(providerNeeds, providers);
  const { routes } = table;
  const { floors = { startMs: 150, signInMs: 600, postMs: 100 } } = needs;
  const sending: ChallengesNeeds = {
    store: stores.challenges,
    sends: stores.sends,
    ...table,
    destinations: enrolledDestinations(stores.enrolments),
    managers: managerAddresses(directory),
    clock,
    mac,
    ringSeconds: 30,
    // Well within the time of the post that asks for it.
    spreadMs: Math.floor(floors.postMs / 2),
    report: (report) => reportSending(report, { log, stores, clock }),
  };
  const challenges = new Challenges(sending);
  const hashing = new WorkQueue({ atOnce: 2 });
  const gates = createGates(needs, { challenges, clock, hashing });
  const catalogue = Catalogue.load({
    folder: path.join(root, 'src/locales'),
    overrides: path.resolve(path.dirname(environment.configurationFile), 'locales'),
    tags: configuration.languages,
  });
  const { policies, source, isOpen } = await createPolicies(needs, { stores, directory, clock, mac });
  const staffPolicies = new StaffPolicies({ policies });
  const registrations = createRegistrations(needs, policies);
  const wake = (): void => outbox.wake();
  const issued = issuedOf(definitions);
  const background = createBackground(configuration, { directory, stores, source, mac, clock, log, issued, wake });
  const isWanted = background.campaigns.isWanted.bind(background.campaigns);
  const noticeNeeds = { configuration, providers, routes, catalogue, stores, clock, log, isWanted };
  const { notices, links, outbox } = createNotices(noticeNeeds);
  const screen = await openPasswordScreen({ configuration, environment, clock, log });
  const audit = new FlowAudit({ audit: stores.audit, clock });
  const desk = new GateDesk({ gates: withCallerGates(gates, { challenges, catalogue }), issued, stores, audit });
  const starter = new FlowStarter({
    strongestFirst: strongestFirst(gates.configured, needs),
    knowledge: knowledgeOf(definitions),
    issued,
    desk,
    stores,
    directory,
    policies,
    staffPolicies,
    registrations,
    audit,
    clock,
    mac,
  });
  const tellAfter = configuration.notices['after-failures'];
  const enroller = new Enroller({
    desk,
    directory,
    stores,
    registrations,
    rules: enrolmentRulesOf(configuration),
    audit,
    notices,
    clock,
  });
  const runner = new FlowRunner({ desk, enroller, stores, audit, notices, clock, tellAfter });
  const writes = new WriteDesk({
    stores,
    directory,
    audit,
    notices,
    clock,
    writePatienceMs: writePatienceMs(configuration),
    mustChange: (about) =>
      log.error(
        { ...about, alarm: true },
        'a new password must be changed at the next sign-in: grant the right Unexpire Password; see latchkey check',
      ),
  });
  const actions = new ActionRunner({ stores, desk, directory, policies, screen, audit, writes, clock });
  const ways = new WayRunner({ desk, stores, audit, clock });
  const guard = new SignInGuard({
    policies,
    staffPolicies,
    directory,
    failures: stores.failures,
    audit: stores.audit,
    outbox: stores.outbox,
    notices,
    tellAfter,
    clock,
  });
  const { enrolments } = stores;
  const { languages } = configuration;
  const chained = chainedGates(configuration);
  const ofChain = new Map([...gates.configured].filter(([id]) => chained.includes(id)));
  const answers = await demoWorld?.seedEnrolments({ gates: ofChain, directory, enrolments, clock, languages });
  const draining = { now: false };
  const { acts, oneSession } = createActs({ stores, clock, log });
  const storeState = new ServiceState({ directory: stores, clock });
  const directoryState = new ServiceState({ directory, clock });
  const services: SharedServices = {
    starter,
    runner,
    ways,
    desk,
    actions,
    audit,
    guard,
    oneSession,
    limits: createVisitLimits(configuration, { stores, clock, mac, log }),
    links,
    catalogue,
    clock,
    log,
    pages: new Pages({ organisation: organisationOf(configuration), catalogue, demo: demo !== undefined }),
    receive: (provider, callback) => challenges.receive(provider, callback),
    brand: brandOf(configuration, environment),
    sessions: stores.sessions,
    trustedProxies: configuration['trusted-proxies'],
    // The longest visit that any policy may allow, whichever comes into force.
    sessionIdleMs: longestVisitMinutes(configuration) * 60_000,
    viewFolders: definitions.views,
    floors,
    ready: async () => !draining.now && (await storeState.available()),
    ...(demoWorld !== undefined && phones !== undefined && mailbox !== undefined
      ? { demo: demoWorld.viewOf({ phones, mailbox, answers: answers ?? [] }) }
      : {}),
  };
  const doors = createDoors(configuration, services, {
    mac,
    isOpen: async (zone) => (await isOpen(zone, challenges.isReachable.bind(challenges))) && directoryState.available(),
  });
  const parts = { directory, stores, mac, clock, policies, challenges, notices };
  const announcer = createPolicyAnnouncer(needs, { directory, stores, clock, wake });
  const pages = policyPages(needs, { ...parts, announcer });
  const shared = { ...services, ...parts, acts, jobs: background.jobs, demoWorld, policyPages: pages };
  const aboutAll = backgroundPages(configuration, { ...parts, background, source, providers, read: pages.read });
  const live = { starter, runner, ways, desk, actions };
  const driven = { ...parts, configuration, definitions, source, ...table, screen, hashing, live, sending };
  const forConsole = { ...shared, backgroundPages: aboutAll, driven };
  const console = await composeConsole(configuration, forConsole);

  let timer: NodeJS.Timeout | undefined;
  return {
    app: doors[0].app,
    doors,
    ...(console === undefined ? {} : { console }),
    stores,
    directory,
    providers,
    writes,
    challenges,
    outbox,
    background,
    announcer,
    ...(phones === undefined ? {} : { phones }),
    ...(mailbox === undefined ? {} : { mailbox }),
    startUpkeep() {
      auditWork.start();
      const watch = watchDirectory(directory, { clock, log });
      timer = startUpkeep({ challenges, writes, watch, outbox, background, announcer, stores, clock, log });
    },
    drain() {
      draining.now = true;
    },
    async close() {
      clearInterval(timer);
      await Promise.all([background.stop(), announcer.stop()]);
      await console?.close();
      await writes.idle();
      await auditWork.close();
      await challenges.stop();
      await outbox.stop();
      await Promise.all([...providers.values()].map((provider) => provider.close?.()));
      await screen.close();
      await stores.close();
      await directory.close();
      await demo?.close();
    },
  };
}

/** A write is sent and, when its answer is lost, looked up: each within the directory's time-out. */
function writePatienceMs(configuration: Configuration): number {
  const { directory } = configuration;
  return Math.max(30_000, directory.kind === 'demo' ? 0 : 2 * directory['operation-timeout-ms'] + 14_000);
}

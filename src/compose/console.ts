import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import type { BackgroundPageNeeds } from '../console/background-routes.ts';
import { type Console, createConsole } from '../console/console-app.ts';
import { OpenSessions } from '../console/open-sessions.ts';
import { OwnSessions } from '../console/own-sessions.ts';
import type { PolicyPagesNeeds } from '../console/policy-routes.ts';
import { StaffSessions } from '../console/staff-sessions.ts';
import { ConsoleAudit } from '../core/audit/console-audit.ts';
import type { Jobs } from '../core/background/jobs.ts';
import type { Directory } from '../core/directory.ts';
import { StaffDesk } from '../core/staff/staff-desk.ts';
import { NamedStaffRules } from '../core/staff/staff-rules.ts';
import type { Stores } from '../core/stores.ts';
import type { OneAct } from '../core/visits/one-act.ts';
import { EvenTime } from '../web/even-time.ts';
import { configuredHeadKeys } from './audit.ts';
import type { SharedServices } from './doors.ts';
import { createDrives, type DrivesNeeds } from './drives.ts';
import { composePeople, type PeopleParts } from './people.ts';
import { pricesOf } from './providers.ts';

/** What it shares with the portals. */
type Shared = SharedServices &
  PeopleParts & {
    readonly policyPages: PolicyPagesNeeds;
    readonly backgroundPages: Omit<BackgroundPageNeeds, 'audit'>;
    readonly directory: Directory;
    readonly acts: OneAct;
    readonly stores: Stores;
    readonly jobs: Jobs;
    readonly driven: Omit<DrivesNeeds, 'limits'>;
    readonly mac: (purpose: string, text: string) => string;
    /** Only in the demo. */
    readonly demoWorld: typeof import('../demo-world.ts') | undefined;
  };

/**
 * The console, where one is configured.
 * @throws Misconfigured when a group or a unit of its roles is not in the directory
 */
export async function composeConsole(configuration: Configuration, shared: Shared): Promise<Console | undefined> {
  const settings = configuration.console;
  if (settings === undefined) return undefined;
  const { directory, stores, clock, mac, log, demoWorld } = shared;
  const rules = new NamedStaffRules({ directory, roles: settings.roles, clock });
  await checkRoles(rules, log);
  await demoWorld?.seedStaffEnrolments({ directory, enrolments: stores.enrolments, clock });
  const staffDesk = new StaffDesk({ directory, rules, clock });
  const lifeMs = settings.hours * 3_600_000;
  const idleMs = settings['idle-minutes'] * 60_000;
  const audit = new ConsoleAudit({ audit: stores.audit, clock });
  const sessions = new StaffSessions({
    desk: staffDesk,
    enrolments: stores.enrolments,
    failures: stores.failures,
    clock,
    lifeMs,
    freshMs: settings['fresh-minutes'] * 60_000,
  });
  const openSessions = new OpenSessions({
    sessions: stores.sessions,
    isTheirs: (session) => sessions.isTheirs(session),
    clock,
    lifeMs,
  });
  const people = composePeople(configuration, { ...shared, staffDesk, openSessions });
  return createConsole({
    ...shared,
    people,
    flowAudit: shared.audit,
    drivePages: createDrives({ ...shared.driven, limits: shared.limits }, { settings, staffDesk }),
    staffDesk,
    sessions,
    ownSessions: new OwnSessions({ sessions: stores.sessions, open: openSessions }),
    audit,
    backgroundPages: { ...shared.backgroundPages, audit },
    rows: stores.audit,
    reports: stores.reports,
    duties: stores.duties,
    policiesInForce: async () => (await shared.driven.source.current()).policies.map(({ name }) => name),
    prices: pricesOf(configuration),
    headKeys: () => configuredHeadKeys(configuration),
    secondFactor: settings['second-factor'],
    signInTime: new EvenTime({ floorMs: shared.floors.signInMs }),
    registrationUrl: new URL('/registration', configuration['public-url']),
    hints: demoWorld?.staffHintsOf(configuration['public-url']),
    sessionStore: stores.sessions,
    publicUrl: settings['public-url'],
    sessionSecrets: [mac('console-session-cookie', 'signature')],
    idleMs,
  });
}

async function checkRoles(rules: NamedStaffRules, log: Logger): Promise<void> {
  const isKnown = await rules.check();
  if (!isKnown)
    log.warn('the groups of the console could not be looked up yet: nobody can sign in there until they are');
}

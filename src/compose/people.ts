import type { Configuration } from '../config.ts';
import { createCallerGate } from '../console/caller-gate.ts';
import type { OpenSessions } from '../console/open-sessions.ts';
import type { PeopleNeeds } from '../console/people-routes.ts';
import type { Account } from '../core/account.ts';
import type { Directory } from '../core/directory.ts';
import type { Gates } from '../core/gate.ts';
import type { Notices } from '../core/notices/notices.ts';
import { CallerDesk } from '../core/people/caller-desk.ts';
import { CodeDesk } from '../core/people/code-desk.ts';
import { HelpdeskDesk } from '../core/people/helpdesk-desk.ts';
import { PersonViews } from '../core/people/person-view.ts';
import type { Policies } from '../core/policies/policies.ts';
import type { Challenges } from '../core/sending/challenges.ts';
import { ActGuard } from '../core/staff/act-guard.ts';
import { ActPace } from '../core/staff/act-pace.ts';
import type { StaffDesk } from '../core/staff/staff-desk.ts';
import type { Stores } from '../core/stores.ts';
import { gateId, helpdeskCodeSettings } from '../gates/helpdesk-code/settings.ts';
import { listenersOf, zonesOf } from '../settings/listeners.ts';
import type { Catalogue } from '../web/catalogue.ts';
import type { SharedServices } from './doors.ts';
import { chainedGates } from './gates.ts';

/** What the people's part of the console needs beside what every page has. */
export interface PeopleParts {
  readonly policies: Policies;
  readonly challenges: Challenges;
  readonly notices: Notices;
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
}

type Shared = SharedServices &
  PeopleParts & {
    readonly directory: Directory;
    readonly stores: Stores;
    readonly staffDesk: StaffDesk;
    readonly openSessions: OpenSessions;
  };

/** What staff see of people and do for them. */
export function composePeople(configuration: Configuration, shared: Shared): PeopleNeeds {
  const { directory, stores, policies, challenges, notices, staffDesk, openSessions } = shared;
  const { clock, desk, runner, audit, mac } = shared;
  const guard = new ActGuard({ directory, staff: staffDesk, audit: stores.audit, clock });
  const pace = new ActPace({ limits: stores.limits, clock, mac });
  const settings = helpdeskCodeSettings.parse(configuration.gates[gateId] ?? {});
  const zones = zonesOf(configuration);
  return {
    directory,
    views: new PersonViews({ directory, policies, stores, zones, issued: [gateId], clock }),
    desk: new HelpdeskDesk({ guard, pace, stores, notices, clock }),
    codes: new CodeDesk({
      guard,
      pace,
      directory,
      enrolments: stores.enrolments,
      challenges,
      notices,
      clock,
      rules: {
        gate: gateId,
        codeLength: settings['code-length'],
        lifetimeSeconds: settings.lifetime,
        text: settings.text,
        managerText: settings['manager-text'],
        managerSubject: settings['manager-subject'],
        hostFor: (account) => codeHost(configuration, { policies, account }),
      },
    }),
    callers: new CallerDesk({ guard, pace, desk, runner, stores, audit, clock }),
    staff: staffDesk,
    openSessions,
    hasCodes: configuration['policies-in'] === 'store' || chainedGates(configuration).includes(gateId),
    startUrl: configuration['public-url'],
  };
}

/** Host name of the first listener at which the account may enter a code; undefined when there is none. */
async function codeHost(
  configuration: Configuration,
  { policies, account }: { readonly policies: Policies; readonly account: Account },
): Promise<string | undefined> {
  for (const { zone, publicUrl } of listenersOf(configuration)) {
    const policy = await policies.match(account, zone);
    if (policy?.chain.includes(gateId) === true) return publicUrl.hostname;
  }
  return undefined;
}

/** Gates that keep a telephone number, by which a caller can be checked. */
const numberGates = ['otp-sms', 'phone'];

/** The gates, and those that only the console opens. */
export function withCallerGates(
  gates: Gates,
  { challenges, catalogue }: { readonly challenges: Challenges; readonly catalogue: Catalogue },
): Gates {
  // A text message is no place for marks that nobody sees.
  const text = (phrase: string, language: string): string =>
    catalogue
      .in(language)('console.caller.text', { phrase })
      .replaceAll(/[\u2066-\u2069]/g, '');
  const there = numberGates.filter((id) => gates.get(id) !== undefined);
  const callers = new Map(
    there.map((id) => createCallerGate(id, { challenges, text })).map((gate) => [gate.id, gate] as const),
  );
  return { get: (id, own) => callers.get(id) ?? gates.get(id, own) };
}

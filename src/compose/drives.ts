import type { LiveDriveNeeds } from '../console/drive-live-routes.ts';
import type { TrialNeeds } from '../console/drive-provider-routes.ts';
import { ConsoleAudit } from '../core/audit/console-audit.ts';
import { CutOffDrives } from '../core/drive/test-drive-remains.ts';
import { DriveSubjects } from '../core/drive/test-drive-subjects.ts';
import { ProviderTrials, type TrialRoute } from '../core/drive/test-drive-trials.ts';
import { type DriveParts, TestDrives } from '../core/drive/test-drives.ts';
import type { Policies } from '../core/policies/policies.ts';
import { Challenges, type ChallengesNeeds } from '../core/sending/challenges.ts';
import { everyRoute } from '../core/sending/provider-route.ts';
import type { StaffDesk } from '../core/staff/staff-desk.ts';
import { outlookOf } from '../core/survey/one-login.ts';
import type { VisitLimits } from '../core/visits/visit-limits.ts';
import { zonesOf } from '../settings/listeners.ts';
import type { ConsoleSettings } from '../settings/schema.ts';
import { type DryWorldNeeds, openDryWorld } from './dry-world.ts';

/** What the test drives are made of; the same that the portals walk on. */
export interface DrivesNeeds extends DryWorldNeeds {
  readonly policies: Policies;
  readonly live: DriveParts;
  readonly limits: VisitLimits;
  /** How the real challenges were made. */
  readonly sending: ChallengesNeeds;
}

export type DrivePagesNeeds = LiveDriveNeeds & TrialNeeds;

/** Makes what the pages of the test drive need. */
export function createDrives(
  needs: DrivesNeeds,
  { settings, staffDesk }: { readonly settings: ConsoleSettings; readonly staffDesk: StaffDesk },
): DrivePagesNeeds {
  const { stores, directory, source, policies, clock, live, limits } = needs;
  const nowMs = (): number => performance.now();
  return {
    source,
    audit: new ConsoleAudit({ audit: stores.audit, clock }),
    subjects: new DriveSubjects({ directory, staff: staffDesk, logins: settings['test-accounts'] }),
    cutOff: new CutOffDrives({ live, audit: stores.audit, enrolments: stores.enrolments }),
    drives: new TestDrives({
      live,
      openDry: (wish) => openDryWorld(needs, wish),
      policies,
      audit: stores.audit,
      enrolments: stores.enrolments,
      limits,
      clock,
      nowMs,
    }),
    outlook: (account) => outlookOf({ stores, policies, clock, zones: zonesOf(needs.configuration) }, account),
    trials: createTrials(needs, nowMs),
  };
}

/** One way for each provider: it alone is asked, on the same breaker, within the same limits. */
function createTrials({ sending, stores, definitions }: DrivesNeeds, nowMs: () => number): ProviderTrials {
  const report: ChallengesNeeds['report'] = (came) => {
    trials.report(came);
    sending.report(came);
  };
  const of = (channel: TrialRoute['channel']): readonly TrialRoute[] =>
    everyRoute(sending, channel).map((route) => ({
      provider: route.provider.id,
      channel,
      codeLength: route.provider.codeLength ?? 6,
      matchesNumbers: route.provider.matchesNumbers === true,
      challenges: new Challenges({ ...sending, routes: { [channel]: [route] }, report }),
    }));
  const trials = new ProviderTrials({
    routes: [...of('sms'), ...of('voice')],
    enrolments: stores.enrolments,
    gateOf: (channel) => definitions.gates.find((gate) => gate.channel === channel && gate.issued !== true)?.id,
    nowMs,
  });
  return trials;
}

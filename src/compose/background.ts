import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import { Jobs } from '../core/background/jobs.ts';
import { CampaignWorker } from '../core/campaigns/campaign-worker.ts';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import { Policies, type PolicySource, pinnedPolicies } from '../core/policies/policies.ts';
import type { Policy } from '../core/policies/policy.ts';
import type { PolicyMatcher } from '../core/policies/policy-matcher.ts';
import type { Stores } from '../core/stores.ts';
import { CoverageKeeper } from '../core/survey/coverage.ts';
import { zonesOf } from '../settings/listeners.ts';

/** What takes longer than a request, and looks at everybody. */
export interface BackgroundWork {
  readonly jobs: Jobs;
  readonly campaigns: CampaignWorker;
  readonly coverage: CoverageKeeper;
  /** Decides by a list that need not be in force. */
  matcher(policies: readonly Policy[]): PolicyMatcher & Pick<Policies, 'explain'>;
  /** Ends what runs; a letter in hand is written first. */
  stop(): Promise<void>;
}

/** Makes jobs, campaigns and the daily look at coverage. Nothing begins before it is woken. */
export function createBackground(
  configuration: Configuration,
  needs: {
    readonly directory: Directory;
    readonly stores: Stores;
    readonly source: PolicySource;
    readonly mac: (purpose: string, text: string) => string;
    readonly clock: Clock;
    readonly log: Logger;
    /** Gates that the helpdesk gives something out for. */
    readonly issued: readonly string[];
    /** Told that letters lie in the outbox. */
    readonly wake: () => void;
  },
): BackgroundWork {
  const { directory, stores, source, mac, clock, log, issued, wake } = needs;
  const node = randomUUID();
  const timeZone = configuration.organisation['time-zone'];
  const matcher = (policies: readonly Policy[]) =>
    new Policies({ source: pinnedPolicies(policies), directory, clock, mac });
  const policies = async () => (await source.current()).policies;
  const zones = zonesOf(configuration);
  const walk = { directory, stores, duties: stores.duties, clock, node, matcher, policies, zones, issued };
  const jobs = new Jobs({
    store: stores.jobs,
    clock,
    report: (job, err) => log.error({ job: job.id, kind: job.kind, err }, 'a job failed'),
  });
  const campaigns = new CampaignWorker({
    ...walk,
    store: stores.campaigns,
    outbox: stores.outbox,
    ...(timeZone === undefined ? {} : { timeZone }),
    wake,
    report: (err) => log.error({ err, alarm: true }, 'a campaign could not go on; it is tried again'),
    pause: async (ms, signal) => void (await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined)),
  });
  const coverage = new CoverageKeeper({
    ...walk,
    reports: stores.reports,
    report: (err) => log.warn({ err }, 'the coverage of today could not be seen; it is tried again'),
  });
  return {
    jobs,
    campaigns,
    coverage,
    matcher,
    stop: async () => void (await Promise.all([jobs.stop(), campaigns.stop(), coverage.stop()])),
  };
}

import type { Configuration } from '../config.ts';
import type { BackgroundPageNeeds } from '../console/background-routes.ts';
import { CampaignDesk } from '../core/campaigns/campaign-desk.ts';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import type { PolicySource } from '../core/policies/policies.ts';
import { memberTrouble } from '../core/policies/policy-checks.ts';
import type { ReadPolicies } from '../core/policies/stored-policies.ts';
import type { Stores } from '../core/stores.ts';
import { zonesOf } from '../settings/listeners.ts';
import type { BackgroundWork } from './background.ts';
import type { Providers } from './providers.ts';

/** What the console's pages about everybody need, but for its audit. */
export function backgroundPages(
  configuration: Configuration,
  needs: {
    readonly background: BackgroundWork;
    readonly directory: Directory;
    readonly stores: Stores;
    readonly clock: Clock;
    /** The policies in force. */
    readonly source: PolicySource;
    readonly providers: Providers;
    /** Reads the list of a draft. */
    readonly read: ReadPolicies;
  },
): Omit<BackgroundPageNeeds, 'audit'> {
  const { background, directory, stores, clock, source, providers, read } = needs;
  const { channels, organisation, 'policies-in': keptIn } = configuration;
  const zones = zonesOf(configuration);
  const { jobs, matcher, campaigns: writer } = background;
  const draft = async (staffId: string) => {
    const found = await stores.policies.draft(staffId);
    const list = found && read(found.policies);
    return list !== undefined && 'policies' in list ? list.policies : undefined;
  };
  return {
    jobs,
    matcher,
    directory,
    stores,
    clock,
    zones,
    simulation: { directory, stores, clock, zones, matcher },
    lists: {
      present: async () => (await source.current()).policies,
      // Where the list is pinned in the file, nobody writes another.
      ...(keptIn === 'store' ? { draft } : {}),
      trouble: (policies) => memberTrouble(policies, directory),
    },
    campaigns: stores.campaigns,
    campaignDesk: new CampaignDesk({
      store: stores.campaigns,
      directory,
      clock,
      // Services that make their own texts cannot carry a letter.
      canMail: channels.email.some((name) => 'deliver' in (providers.get(name) ?? {})),
      wake: () => writer.wake(),
    }),
    timeZone: organisation['time-zone'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

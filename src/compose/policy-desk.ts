import type { Logger } from 'pino';
import type { PolicyPagesNeeds } from '../console/policy-routes.ts';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import { controlsOf } from '../core/gates/gate-controls.ts';
import type { Json } from '../core/json.ts';
import { stranding } from '../core/policies/administrator-stranding.ts';
import { Policies, pinnedPolicies } from '../core/policies/policies.ts';
import type { Policy } from '../core/policies/policy.ts';
import type { PolicyAnnouncer } from '../core/policies/policy-announcer.ts';
import { examinePolicies, memberTrouble, type PolicyFinding } from '../core/policies/policy-checks.ts';
import { PolicyDesk, type PolicyDeskNeeds } from '../core/policies/policy-desk.ts';
import { PolicyDrafts } from '../core/policies/policy-drafts.ts';
import { administratorsOf } from '../core/staff/administrators.ts';
import type { Stores } from '../core/stores.ts';
import { gatesAskingMore } from '../settings/gate-settings.ts';
import { zonesOf } from '../settings/listeners.ts';
import { gateTrouble, type PolicyWorld, policyReader } from '../settings/policy-reading.ts';

export interface PolicyParts {
  readonly stores: Pick<Stores, 'policies' | 'enrolments' | 'audit'>;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly mac: (purpose: string, text: string) => string;
}

/** What looks at lists and takes them into force. */
export function createPolicyDesk(
  world: PolicyWorld,
  parts: PolicyParts,
  more: Pick<PolicyDeskNeeds, 'changed'> = {},
): PolicyDesk {
  const { stores, clock } = parts;
  const check = policyCheck(world, parts);
  const read = policyReader(world);
  return new PolicyDesk({ store: stores.policies, audit: stores.audit, clock, read, check, ...more });
}

/** What the console's pages of policies stand on. */
export function policyPages(
  world: PolicyWorld & { readonly log: Logger },
  parts: PolicyParts & { readonly announcer: Pick<PolicyAnnouncer, 'wake'> },
): PolicyPagesNeeds {
  const { configuration, definitions, log } = world;
  const changed: PolicyDeskNeeds['changed'] = (about) => {
    log.warn({ ...about, alarm: true }, 'the policies were changed in the console');
    parts.announcer.wake();
  };
  const store = parts.stores.policies;
  const read = policyReader(world);
  const pinned = configuration['policies-in'] === 'file' ? read(configuration.policies as unknown as Json) : undefined;
  return {
    store,
    desk: createPolicyDesk(world, parts, { changed }),
    drafts: new PolicyDrafts({ store, clock: parts.clock }),
    read,
    gates: definitions.gates,
    controls: definitions.gates
      .filter(({ issued }) => issued !== true)
      .map((gate) => controlsOf(gate, gate.settings.safeParse(configuration.gates[gate.id] ?? {}).data)),
    trouble: (policies) => memberTrouble(policies, parts.directory),
    trial: '/simulator',
    pinned: pinned !== undefined && 'policies' in pinned ? pinned.policies : undefined,
  };
}

/** Everything that is asked of a list before it is taken into force. */
export function policyCheck(world: PolicyWorld, parts: PolicyParts) {
  const { directory, clock, mac, stores } = parts;
  const zones = zonesOf(world.configuration);
  const matcherOf = (policies: readonly Policy[]): Policies =>
    new Policies({ source: pinnedPolicies(policies), directory, clock, mac });
  const { console, gates } = world.configuration;
  const roles = console?.roles.administrators ?? [];
  return (
    policies: readonly Policy[],
    about: { readonly before: readonly Policy[] | undefined; readonly by: string },
  ): Promise<readonly PolicyFinding[]> => {
    const others = [...policies, ...(about.before ?? [])];
    return examinePolicies(policies, {
      directory,
      gateTrouble: gateTrouble(world),
      askingMore: (policy) => gatesAskingMore(policy, { gates, others }, world.definitions),
      zones,
      ...(roles.length === 0
        ? {}
        : {
            stranding: (after) =>
              stranding(about.before, after, {
                administrators: () => administratorsOf(directory, roles, { first: about.by }),
                enrolments: stores.enrolments,
                matcherOf,
                zones,
              }),
          }),
    });
  };
}

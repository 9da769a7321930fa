import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import { Registrations } from '../core/flow/registrations.ts';
import type { Json } from '../core/json.ts';
import { isOfZone, Policies, type PolicySource, pinnedPolicies } from '../core/policies/policies.ts';
import type { Policy } from '../core/policies/policy.ts';
import { bringFirstPolicies } from '../core/policies/policy-desk.ts';
import type { PolicyMatcher } from '../core/policies/policy-matcher.ts';
import { StoredPolicies } from '../core/policies/stored-policies.ts';
import type { Channel, ChannelChoice } from '../core/provider.ts';
import type { Stores } from '../core/stores.ts';
import type { Zone } from '../core/zone.ts';
import type { Definitions } from '../definitions.ts';
import { ServiceState } from '../portals/service-state.ts';
import { gateComparison } from '../settings/gate-settings.ts';
import { zonesOf } from '../settings/listeners.ts';
import { type PolicyWorld, usableReader } from '../settings/policy-reading.ts';
import { policyFrom } from '../settings/policy-settings.ts';
import { issuedOf } from './gates.ts';

interface PolicyWork {
  readonly source: PolicySource;
  readonly policies: Policies;
  /** Whether anybody at all can be served in a zone now, as far as policies and the gates' channels go. */
  isOpen(zone: Zone, isReachable: IsReachable): Promise<boolean>;
}

type IsReachable = (channel: Channel, channels?: ChannelChoice) => boolean;

/** The policies in force, and whether they can be used. */
export async function createPolicies(
  world: PolicyWorld & { readonly log: Logger },
  needs: {
    readonly stores: Pick<Stores, 'policies' | 'audit'>;
    readonly directory: Directory;
    readonly clock: Clock;
    readonly mac: (purpose: string, text: string) => string;
  },
): Promise<PolicyWork> {
  const { definitions, log } = world;
  const source = await openSource(world, needs);
  const policies = new Policies({ source, ...needs });
  const state = new ServiceState({ directory: { health: () => health(policies, log) }, clock: needs.clock });
  return {
    source,
    policies,
    async isOpen(zone, isReachable) {
      // Asked first: with policies that cannot be read there is nothing more to ask.
      if (!(await state.available())) return false;
      const list = await source.current();
      const own = list.policies.filter((policy) => isOfZone(policy, zone));
      return own.some((policy) => isWalkable(policy, definitions, isReachable));
    },
  };
}

/** What a registration covers, over all zones that have a listener. */
export function createRegistrations(
  { configuration, definitions }: Pick<PolicyWorld, 'configuration' | 'definitions'>,
  policies: PolicyMatcher,
): Registrations {
  return new Registrations({
    policies,
    zones: zonesOf(configuration),
    issued: issuedOf(definitions),
    asksMore: gateComparison(configuration, definitions),
  });
}

/** With `policies-in: store` the file's list is the first version, where the store has none. */
async function openSource(
  world: PolicyWorld & { readonly log: Logger },
  { stores, clock }: { readonly stores: Pick<Stores, 'policies' | 'audit'>; readonly clock: Clock },
): Promise<PolicySource> {
  const { configuration, log } = world;
  if (configuration['policies-in'] === 'file') return pinnedPolicies(configuration.policies.map(policyFrom));
  const read = usableReader(world);
  const first = read(configuration.policies as unknown as Json);
  // The configuration was checked as a whole, so its list can be read.
  if ('list' in first) await bringFirstPolicies(first.list, { store: stores.policies, audit: stores.audit, clock });
  const source = new StoredPolicies({ store: stores.policies, read });
  // Told at once, and not only when somebody comes.
  await source.current().catch((err: unknown) => tellUnusable(log, err));
  return source;
}

function tellUnusable(log: Logger, err: unknown): void {
  log.error({ err, alarm: true }, 'the policies cannot be used: see latchkey check');
}

/** Whether as many gates as the policy needs can be reached now: said on the start page, to everybody alike. */
function isWalkable(
  { chain, needed = chain.length, channels }: Policy,
  definitions: Definitions,
  isReachable: IsReachable,
): boolean {
  const open = chain.filter((id) => {
    const channel = definitions.gates.find((gate) => gate.id === id)?.channel;
    return channel === undefined || isReachable(channel, channels);
  });
  return open.length >= needed;
}

/** Whether all that the policies name is there; what is not is a fault for everybody, and an operator must act. */
async function health(policies: Policies, log: Logger): Promise<{ ok: boolean; detail: string }> {
  try {
    await policies.match(undefined, 'extranet');
    return { ok: true, detail: 'all that the policies name is there' };
  } catch (err) {
    tellUnusable(log, err);
    return { ok: false, detail: 'the policies cannot be used' };
  }
}

import type { Account } from '../account.ts';
import type { GateSettings } from '../gate.ts';
import type { Link, LinkPolicy, ZoneChain } from '../link.ts';
import { neededOf, type Policy } from '../policies/policy.ts';
import type { PolicyMatcher } from '../policies/policy-matcher.ts';
import type { Zone } from '../zone.ts';
import type { Flow } from './flow.ts';

export interface RegistrationsNeeds {
  readonly policies: PolicyMatcher;
  /** The zones that there are listeners for. */
  readonly zones: readonly Zone[];
  /** Gates that the helpdesk gives something out for: nobody registers them. */
  readonly issued: readonly string[];
  /** Whether what somebody registered for a gate as one policy has it may be too little as another has it. */
  readonly asksMore: AsksMore;
}

/** @param own, before what the two policies say of the gate; undefined for what the configuration says */
export type AsksMore = (
  gate: string,
  own: GateSettings[string] | undefined,
  before: GateSettings[string] | undefined,
) => boolean;

/** The policy that somebody comes under in a zone. */
export interface ZonePolicy {
  readonly zone: Zone;
  readonly policy: Policy;
}

/** The gates that a registration enrols, in order, and what else its flow must know of them. */
export type RegistrationWay = Pick<Flow, 'mayLeaveOut' | 'givenOut' | 'elsewhere'> & {
  readonly enrols: readonly Link[];
};

/**
 * What one registration covers: all that the policies ask for which match its person in any zone that has a listener.
 * Whoever registers in the office is at home as well able to help themselves.
 */
export class Registrations {
  readonly #needs: RegistrationsNeeds;

  constructor(needs: RegistrationsNeeds) {
    this.#needs = needs;
  }

  /**
   * The policies that an account comes under, one for each zone that has a listener and a policy for it.
   * @param zone comes first, whether it has a listener or not
   */
  async policiesOf(account: Account | undefined, zone: Zone): Promise<readonly ZonePolicy[]> {
    const { policies, zones } = this.#needs;
    const found = new Map<Zone, Policy | undefined>();
    for (const one of [zone, ...zones]) found.set(one, found.get(one) ?? (await policies.match(account, one)));
    return [...found].flatMap(([one, policy]) => (policy === undefined ? [] : [{ zone: one, policy }]));
  }

  /**
   * The gates of the policy, in order, then what those of other zones add, each gate once.
   * @param others the policies of other zones; one that is the policy itself adds nothing
   */
  wayOf(policy: Policy, others: readonly ZonePolicy[]): RegistrationWay {
    const added = others.filter((other) => other.policy.name !== policy.name);
    const own = this.#registrable(policy.chain);
    const enrols = own.map((gate) => this.#link(gate, policy, added));
    for (const { zone, policy: other } of added) {
      const gates = this.#registrable(other.chain).filter((gate) => !enrols.some((link) => link.gate === gate));
      enrols.push(...gates.map((gate): Link => ({ gate, step: 'enrol', by: goesBy(other, gate), elsewhere: zone })));
    }
    const mayLeaveOut = Math.min(policy.chain.length - neededOf(policy), own.length - 1);
    const givenOut = this.#issued(policy.chain);
    const different = added.filter((other) => !isSameWay(policy, other.policy));
    return {
      enrols,
      ...(mayLeaveOut <= 0 ? {} : { mayLeaveOut }),
      ...(givenOut.length === 0 ? {} : { givenOut }),
      ...(different.length === 0 ? {} : { elsewhere: different.map((other) => this.#zoneChain(other)) }),
    };
  }

  /** By its own zone's policy; by another's where that clearly asks more, or it would be registered for one zone alone. */
  #link(gate: string, policy: Policy, others: readonly ZonePolicy[]): Link {
    const { asksMore } = this.#needs;
    const [own, ...rest] = [policy, ...others.map((other) => other.policy)].filter(({ chain }) => chain.includes(gate));
    const by = rest.reduce((chosen, other) => {
      const [before, after] = [chosen, other].map(({ gates }) => gates?.[gate]);
      return asksMore(gate, after, before) && !asksMore(gate, before, after) ? other : chosen;
    }, own ?? policy);
    return { gate, step: 'enrol', ...(by === policy ? {} : { by: goesBy(by, gate) }) };
  }

  #zoneChain({ zone, policy }: ZonePolicy): ZoneChain {
    const { chain, needed } = policy;
    const givenOut = this.#issued(chain);
    return {
      zone,
      chain,
      ...(needed === undefined ? {} : { needed }),
      ...(givenOut.length === 0 ? {} : { givenOut }),
    };
  }

  #registrable(gates: readonly string[]): readonly string[] {
    return gates.filter((gate) => !this.#needs.issued.includes(gate));
  }

  #issued(gates: readonly string[]): readonly string[] {
    return gates.filter((gate) => this.#needs.issued.includes(gate));
  }
}

function isSameWay(one: Policy, other: Policy): boolean {
  return one.chain.join() === other.chain.join() && neededOf(one) === neededOf(other);
}

function goesBy({ name, gates, channels }: Policy, gate: string): LinkPolicy {
  const settings = gates?.[gate];
  return {
    policy: name,
    ...(settings === undefined ? {} : { settings }),
    ...(channels === undefined ? {} : { channels }),
  };
}

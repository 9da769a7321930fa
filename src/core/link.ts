import type { GateSettings } from './gate.ts';
import type { ChannelChoice } from './provider.ts';
import type { Zone } from './zone.ts';

/** One gate of a flow's chain, and which of its steps it is passed by. */
export interface Link {
  readonly gate: string;
  readonly step: 'enrol' | 'verify';
  /** Another policy than the flow's own, which a gate of a registration goes by; absent: the flow's own. */
  readonly by?: LinkPolicy;
  /** The zone whose policy alone asks for the gate: a registration elsewhere goes on without it. */
  readonly elsewhere?: Zone;
}

/** As much of a policy as one gate goes by. */
export interface LinkPolicy {
  readonly policy: string;
  /** What it says of the gate; absent: as configured. */
  readonly settings?: GateSettings[string];
  readonly channels?: ChannelChoice;
}

/** What the policy of another zone asks for, for the page that says what somebody can do now. */
export interface ZoneChain {
  readonly zone: Zone;
  /** Gates of its chain, in order. */
  readonly chain: readonly string[];
  readonly needed?: number;
  /** Those of them that nobody registers. */
  readonly givenOut?: readonly string[];
}

/**
 * Whether a registration may go on without a gate. Of its own zone's gates so many may be left out; those that other
 * zones add keep nobody from what they can do here, unless there is nothing here to register.
 * @param has.mayLeaveOut how many of its own zone's gates
 */
export function isLeavable(
  link: Link,
  has: { readonly chain: readonly Link[]; readonly mayLeaveOut?: number; readonly leftOut?: readonly string[] },
): boolean {
  if (link.step !== 'enrol') return false;
  const own = has.chain.filter(({ step, elsewhere }) => step === 'enrol' && elsewhere === undefined);
  if (link.elsewhere !== undefined) return own.length > 0;
  const left = own.filter(({ gate }) => has.leftOut?.includes(gate) === true);
  return left.length < (has.mayLeaveOut ?? 0);
}

import type { Account } from './account.ts';
import { type Flow, passedLinks } from './flow.ts';
import type { GateSettings } from './gate.ts';
import type { Action } from './journal.ts';
import type { Link } from './link.ts';
import type { Lockout, LockoutRules } from './lockout.ts';
import type { ChannelChoice } from './provider.ts';
import type { Enrolment } from './stores.ts';

/** From where somebody comes: a property of the listener that was reached, never of anything that a browser sends. */
export type Zone = 'intranet' | 'extranet';

/** Who comes under a policy, in names and paths as an administrator writes them. An exception wins over all else. */
export interface Members {
  readonly everyone: boolean;
  /** sAMAccountNames; members of members count. */
  readonly groups: readonly string[];
  /** Paths such as `People/Sales`; what lies below counts. */
  readonly units: readonly string[];
  readonly except: { readonly groups: readonly string[]; readonly units: readonly string[] };
}

/** Who must pass which chain, from where, and what they may do then. */
export interface Policy {
  /** One of its own in a list. */
  readonly name: string;
  readonly members: Members;
  readonly zone: Zone | 'any';
  /** Gate ids in order; at least one, none twice. */
  readonly chain: readonly string[];
  /** Any so many of the chain's gates are enough, 1 to all; absent: all of them, in order. */
  readonly needed?: number;
  /** So many passed gates already allow the unlock, 1 to as many as a reset needs; absent: as many as a reset. */
  readonly unlockAfter?: number;
  /** Providers that its calls and codes go by, and no others; absent: those of the configuration. */
  readonly channels?: ChannelChoice;
  /** What it says of gates of its chain, over what the configuration says; absent: all as configured. */
  readonly gates?: GateSettings;
  readonly actions: readonly Action[];
  readonly lockout: LockoutRules;
  /** Seconds from the start of a flow to its end. */
  readonly flowSeconds: number;
  /** Whether accounts of protected groups come under it; false unless the configuration says so by name. */
  readonly privileged: boolean;
  /** `decoy` looks alike for everybody; `say-so` answers all who cannot pass with one helpful page. */
  readonly unknownLogins: 'decoy' | 'say-so';
  /** How often decoys show this policy, against the shares of the others: about how many people come under it. 1 if absent. */
  readonly share?: number;
}

/** Why somebody cannot pass. For the audit and the helpdesk; the person at the browser never sees which. */
export type Ineligible =
  | 'unknown'
  | 'not-a-person'
  | 'disabled'
  | 'account-expired'
  | 'smartcard-required'
  | 'privileged'
  | 'no-policy'
  | 'barred'
  | 'unregistered';

/**
 * Whether an account may use Latchkey at all, registered or not.
 * @param policy the one that it comes under; undefined for none
 * @returns the reason why not, or undefined when it may
 */
export function barredFromUse(account: Account, policy: Policy | undefined, lockout?: Lockout): Ineligible | undefined {
  const { state } = account;
  if (!state.person) return 'not-a-person';
  if (state.privileged && policy?.privileged !== true) return 'privileged';
  if (policy === undefined) return 'no-policy';
  if (state.disabled) return 'disabled';
  if (state.expired) return 'account-expired';
  if (state.smartcardRequired) return 'smartcard-required';
  return lockout === undefined ? undefined : 'barred';
}

/** How many gates a reset needs. */
export function neededOf({ needed, chain }: Pick<Policy, 'needed' | 'chain'>): number {
  return needed ?? chain.length;
}

/** How many gates an unlock needs. */
export function unlockAfterOf(policy: Pick<Policy, 'needed' | 'unlockAfter' | 'chain'>): number {
  return policy.unlockAfter ?? neededOf(policy);
}

/** As `barredFromUse`, and as many gates of the chain must be enrolled as a reset needs. */
export function barredFromReset(
  account: Account,
  policy: Policy | undefined,
  held: { readonly lockout: Lockout | undefined; readonly enrolments: readonly Enrolment[] },
): Ineligible | undefined {
  return (
    barredFromUse(account, policy, held.lockout) ??
    (policy !== undefined && isRegistered(policy, held.enrolments) ? undefined : 'unregistered')
  );
}

/** Whether as many gates of the chain have an enrolment as a reset needs. */
export function isRegistered(
  policy: Pick<Policy, 'chain' | 'needed'>,
  enrolments: readonly Pick<Enrolment, 'gate'>[],
): boolean {
  const enrolled = policy.chain.filter((gate) => enrolments.some((enrolment) => enrolment.gate === gate));
  return enrolled.length >= neededOf(policy);
}

/**
 * Whether the policy has become stricter than it was when the flow began, for what the flow is about to do. The chain
 * that it walked is never shortened by a later policy; what was added since was not proved by it.
 */
export function isOutgrown(
  flow: Pick<Flow, 'chain' | 'createdAt' | 'step'>,
  policy: Policy,
  about: { readonly action: Action; readonly now: Date },
): boolean {
  const verified = new Set(
    passedLinks(flow)
      .filter(({ step }) => step === 'verify')
      .map(({ gate }) => gate),
  );
  const enough = about.action === 'unlock' ? unlockAfterOf(policy) : neededOf(policy);
  // In order means these very ones; of a set, any so many.
  const asked = policy.needed === undefined ? policy.chain.slice(0, enough) : policy.chain;
  const ends = flow.createdAt.getTime() + policy.flowSeconds * 1000;
  return (
    !policy.actions.includes(about.action) ||
    asked.filter((gate) => verified.has(gate)).length < enough ||
    about.now.getTime() >= ends
  );
}

/**
 * The gates of a set that are not to be the first: what can be found out is not for anybody to try, and use up the
 * owner's tries. Every way has another gate to begin with, unless the set may be passed by such gates alone.
 * @param knowledge gates that prove that somebody knows something
 */
export function laterOf(policy: Pick<Policy, 'chain' | 'needed'>, knowledge: readonly string[]): readonly string[] {
  const known = policy.chain.filter((gate) => knowledge.includes(gate));
  return policy.needed === undefined || known.length >= policy.needed ? [] : known;
}

/**
 * The way of a reset: as many gates as it needs, each verified, in the policy's order. Where any so many are enough, it
 * begins with one that seems to be registered, as anybody can see it, and goes on with those that can be passed, as
 * nobody sees who has not passed the first; of these the `later` ones come last, and the rest are alternatives.
 * @param has.seeming gates that the person has, or is made to look as if they had (core/decoy-ways.ts)
 * @param has.usable gates that the person can pass now
 */
export function resetChain(
  policy: Policy,
  has: {
    readonly seeming?: readonly string[];
    readonly usable?: readonly string[];
    readonly later?: readonly string[];
  },
): Pick<Flow, 'chain' | 'alternatives' | 'later' | 'unlockAfter'> {
  const { seeming = policy.chain, usable = seeming, later = [] } = has;
  const ordered = policy.needed === undefined ? policy.chain : orderedBy(policy.chain, { seeming, usable, later });
  const needed = neededOf(policy);
  return {
    chain: ordered.slice(0, needed).map((gate) => ({ gate, step: 'verify' })),
    ...(policy.needed === undefined ? {} : { alternatives: ordered.slice(needed) }),
    ...(later.length === 0 ? {} : { later }),
    ...(policy.unlockAfter === undefined ? {} : { unlockAfter: policy.unlockAfter }),
  };
}

function orderedBy(
  chain: readonly string[],
  has: { readonly seeming: readonly string[]; readonly usable: readonly string[]; readonly later: readonly string[] },
): readonly string[] {
  const sorted = (gates: readonly string[], first: readonly string[]): readonly string[] => {
    const rank = (gate: string): number => (first.includes(gate) ? 0 : 2) + (has.later.includes(gate) ? 1 : 0);
    return gates.toSorted((a, b) => rank(a) - rank(b));
  };
  const [shown, ...rest] = sorted(chain, has.seeming);
  return shown === undefined ? [] : [shown, ...sorted(rest, has.usable)];
}

/**
 * The chain of a registration: each gate is enrolled, in order, also where fewer are needed: the more somebody has, the
 * more ways out there are. Whoever has enrolled a gate before, also one that no policy of theirs has any longer, must
 * first pass one of them, so that a stolen password alone changes nothing (DESIGN 6.12). Nor do a password and a hundred
 * wrong answers: what they made worthless can only be replaced by way of another gate.
 * @param enrols the gates to enrol, see core/registrations.ts
 * @param enrolled everything that is registered, and of that what counts
 * @param preferred ids of the gates that can be passed, strongest first: the first that is enrolled is the one to pass
 * @returns undefined when gates are enrolled and none of them can be passed: only the helpdesk can help then
 */
export function registrationChain(
  enrols: readonly Link[],
  enrolled: { readonly registered: readonly Enrolment[]; readonly counting: readonly Enrolment[] },
  preferred: readonly string[],
): readonly Link[] | undefined {
  const passed = preferred.find((gate) => enrolled.counting.some((enrolment) => enrolment.gate === gate));
  if (passed === undefined && enrolled.registered.length > 0) return undefined;
  const confirm: readonly Link[] = passed === undefined ? [] : [{ gate: passed, step: 'verify' }];
  return [...confirm, ...enrols];
}

import type { Account } from './account.ts';
import type { Flow, Link } from './flow.ts';
import type { Action } from './journal.ts';
import type { Lockout, LockoutRules } from './lockout.ts';
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
  /** So many of the chain's gates, whichever; absent: all of them, in order. */
  readonly needed?: number;
  /** So many passed gates allow the unlock already; absent: as many as a reset. */
  readonly unlockAfter?: number;
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

/** As `barredFromUse`, and every gate of the chain must be enrolled: what a reset needs. */
export function barredFromReset(
  account: Account,
  policy: Policy | undefined,
  held: { readonly lockout: Lockout | undefined; readonly enrolments: readonly Enrolment[] },
): Ineligible | undefined {
  return (
    barredFromUse(account, policy, held.lockout) ??
    (policy !== undefined && isRegistered(policy.chain, held.enrolments) ? undefined : 'unregistered')
  );
}

/** Whether every gate of the chain has an enrolment. */
export function isRegistered(chain: readonly string[], enrolments: readonly Enrolment[]): boolean {
  return chain.every((gate) => enrolments.some((enrolment) => enrolment.gate === gate));
}

/**
 * Whether the policy has become stricter than it was when the flow began, for what the flow is about to do. The chain
 * that it walked is never shortened by a later policy; what was added since was not proved by it.
 */
export function isOutgrown(
  flow: Pick<Flow, 'chain' | 'createdAt'>,
  policy: Policy,
  about: { readonly action: Action; readonly now: Date },
): boolean {
  const verified = new Set(flow.chain.filter(({ step }) => step === 'verify').map(({ gate }) => gate));
  const ends = flow.createdAt.getTime() + policy.flowSeconds * 1000;
  return (
    !policy.actions.includes(about.action) ||
    policy.chain.some((gate) => !verified.has(gate)) ||
    about.now.getTime() >= ends
  );
}

/** The chain of a reset: each gate is verified, in order. */
export function resetChain(policy: Policy): readonly Link[] {
  return policy.chain.map((gate) => ({ gate, step: 'verify' }));
}

/**
 * The chain of a registration: each gate is enrolled, in order. Whoever has enrolled a gate before, also one that the
 * chain no longer has, must first pass one of them, so that a stolen password alone changes nothing (DESIGN 6.12). Nor
 * do a password and a hundred wrong answers: what they made worthless can only be replaced by way of another gate.
 * @param enrolled everything that is registered, and of that what counts
 * @param preferred ids of the gates that can be passed, strongest first: the first that is enrolled is the one to pass
 * @returns undefined when gates are enrolled and none of them can be passed: only the helpdesk can help then
 */
export function registrationChain(
  policy: Policy,
  enrolled: { readonly registered: readonly Enrolment[]; readonly counting: readonly Enrolment[] },
  preferred: readonly string[],
): readonly Link[] | undefined {
  const passed = preferred.find((gate) => enrolled.counting.some((enrolment) => enrolment.gate === gate));
  if (passed === undefined && enrolled.registered.length > 0) return undefined;
  const confirm: readonly Link[] = passed === undefined ? [] : [{ gate: passed, step: 'verify' }];
  return [...confirm, ...policy.chain.map((gate): Link => ({ gate, step: 'enrol' }))];
}

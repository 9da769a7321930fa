import type { Account } from '../account.ts';
import type { GateSettings } from '../gate.ts';
import type { Action } from '../journal.ts';
import type { Lockout, LockoutRules } from '../lockout.ts';
import type { ChannelChoice } from '../provider.ts';
import type { Enrolment } from '../stores.ts';
import type { Zone } from '../zone.ts';

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

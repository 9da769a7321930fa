import re,io
def sub(path, pairs):
    s=open(path).read()
    for a,b in pairs:
        if a not in s: raise SystemExit(f'{path}: missing {a!r}')
        s=s.replace(a,b,1)
    open(path,'w').write(s)

sub('src/core/policy.ts', [
("""/** Who must pass which chain, and what they may do then. */
export interface Policy {
  readonly name: string;
  /** Gate ids in order; at least one, none twice. */
  readonly chain: readonly string[];
""","""/** From where somebody comes: a property of the listener that was reached, never of anything that a browser sends. */
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
"""),
("""  readonly unknownLogins: 'decoy' | 'say-so';
}
""","""  readonly unknownLogins: 'decoy' | 'say-so';
  /** How often decoys show this policy, against the shares of the others: about how many people come under it. */
  readonly share: number;
}
"""),
("""  | 'privileged'
  | 'barred'
""","""  | 'privileged'
  | 'no-policy'
  | 'barred'
"""),
("""/**
 * Whether an account may use Latchkey at all, registered or not.
 * @returns""","""/**
 * Whether an account may use Latchkey at all, registered or not.
 * @param policy the one that it comes under; undefined for none
 * @returns"""),
("""export function barredFromUse(account: Account, policy: Policy, lockout?: Lockout): Ineligible | undefined {
  const { state } = account;
  if (!state.person) return 'not-a-person';
  if (state.privileged && !policy.privileged) return 'privileged';
""","""export function barredFromUse(account: Account, policy: Policy | undefined, lockout?: Lockout): Ineligible | undefined {
  const { state } = account;
  if (!state.person) return 'not-a-person';
  if (state.privileged && policy?.privileged !== true) return 'privileged';
  if (policy === undefined) return 'no-policy';
"""),
("""  account: Account,
  policy: Policy,
  held:""","""  account: Account,
  policy: Policy | undefined,
  held:"""),
("""    barredFromUse(account, policy, held.lockout) ??
    (isRegistered(policy.chain, held.enrolments) ? undefined : 'unregistered')
""","""    barredFromUse(account, policy, held.lockout) ??
    (policy !== undefined && isRegistered(policy.chain, held.enrolments) ? undefined : 'unregistered')
"""),
])
sub('src/core/flow.ts', [
("import type { Message, Problem } from './message.ts';\n","import { type LockoutRules, usualLockout } from './lockout.ts';\nimport type { Message, Problem } from './message.ts';\nimport type { Zone } from './policy.ts';\n"),
("""  readonly subject: FlowSubject;
  /** The chain as it was""","""  readonly subject: FlowSubject;
  /** The policy that it began under, from where, and its lockout; absent in rows of before there were several. */
  readonly policy?: string;
  readonly zone?: Zone;
  readonly lockout?: LockoutRules;
  /** The chain as it was"""),
("""/** As much of a flow's subject""","""/** The zone that a flow is held to, whatever listener its next request reaches. */
export function zoneOf(flow: Pick<Flow, 'zone'>): Zone {
  return flow.zone ?? 'extranet';
}

/** The lockout that a flow began with. Failures count per account and gate all the same, over all policies. */
export function lockoutOf(flow: Pick<Flow, 'lockout'>): LockoutRules {
  return flow.lockout ?? usualLockout;
}

/** As much of a flow's subject"""),
])
sub('src/core/lockout.ts', [
("""/**
 * Failures in a row, over""","""/** What holds where nobody has said anything else. */
export const usualLockout: LockoutRules = { threshold: 3, minutes: 15, barsUntilPermanent: 3 };

/**
 * Failures in a row, over"""),
])
sub('src/core/request-context.ts', [
("/** What of a request","import type { Zone } from './policy.ts';\n\n/** What of a request"),
("""  readonly language: string;
}""","""  readonly language: string;
  /** Of the listener that the request reached. */
  readonly zone: Zone;
}"""),
])

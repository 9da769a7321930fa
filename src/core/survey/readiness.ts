import type { Account } from '../account.ts';
import { barredFromUse, type Ineligible, isRegistered, neededOf, type Policy } from '../policies/policy.ts';
import type { ProvedGate } from '../stores.ts';

/** Whether somebody could pass now, and if not, why and which gates they would have to register. */
export type Readiness =
  | { readonly kind: 'ready'; readonly policy: Policy }
  | { readonly kind: 'not-ready'; readonly why: Ineligible; readonly missing: readonly string[] };

/** What of Latchkey counts in this, beside the policy. */
export interface Standing {
  readonly gates: readonly Pick<ProvedGate, 'gate'>[];
  readonly barred: boolean;
}

/** By the same rules as a reset, see core/policies/policy.ts. `policy` is the one that the account comes under, if any. */
export function readinessOf(account: Account, policy: Policy | undefined, standing: Standing): Readiness {
  const missing = policy === undefined ? [] : missingGates(policy, standing.gates);
  const why = barredFromUse(account, policy, standing.barred ? { bars: 1 } : undefined);
  if (policy === undefined || why !== undefined) return { kind: 'not-ready', why: why ?? 'no-policy', missing };
  return missing.length === 0 ? { kind: 'ready', policy } : { kind: 'not-ready', why: 'unregistered', missing };
}

/** Gates of the chain that are not registered; none as soon as enough of them are. */
export function missingGates(policy: Policy, gates: Standing['gates']): readonly string[] {
  if (isRegistered(policy, gates)) return [];
  return policy.chain.filter((id) => !gates.some(({ gate }) => gate === id));
}

/**
 * The policy as far as people can register for it: with all that is left of its chain they have done their part.
 * @param issued gates that the helpdesk gives something out for
 */
function registrablePart(policy: Policy, issued: readonly string[]): Policy {
  const chain = policy.chain.filter((gate) => !issued.includes(gate));
  return { ...policy, chain, needed: Math.min(neededOf(policy), chain.length) };
}

/**
 * Whether somebody has registered all that each of their policies needs: one registration is for every zone.
 * @param of.issued gates that the helpdesk gives something out for: nobody registers them
 */
export function isRegisteredForAll(
  policies: readonly Policy[],
  of: { readonly gates: Standing['gates']; readonly issued: readonly string[] },
): boolean {
  return policies.length > 0 && policies.every((policy) => isRegistered(registrablePart(policy, of.issued), of.gates));
}

/** Whether somebody could pass wherever a policy is for them, and one is somewhere. */
export function isReadyForAll(
  standings: readonly { readonly policy?: Policy | undefined; readonly readiness: Readiness }[],
): boolean {
  const own = standings.filter(({ policy }) => policy !== undefined);
  return own.length > 0 && own.every(({ readiness }) => readiness.kind === 'ready');
}

/** Whether no policy and no registration helps: nobody can use the account anyway. */
export function isUnusable({ state }: Account): boolean {
  return !state.person || state.disabled || state.expired || state.smartcardRequired;
}

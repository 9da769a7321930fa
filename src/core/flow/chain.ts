import type { Action } from '../journal.ts';
import type { Link } from '../link.ts';
import { neededOf, type Policy, unlockAfterOf } from '../policies/policy.ts';
import type { Enrolment } from '../stores.ts';
import { type Flow, passedLinks } from './flow.ts';

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
 * @param has.seeming gates that the person has, or is made to look as if they had (core/flow/decoy-ways.ts)
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
 * @param enrols the gates to enrol, see core/flow/registrations.ts
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

import type { z } from 'zod';
import type { GateDefinition } from '../gate.ts';
import { neededOf, type Policy, unlockAfterOf } from './policy.ts';

/** What counts of a gate. */
export type WeighedGate = Pick<GateDefinition<z.ZodType, unknown>, 'id' | 'factor' | 'channel' | 'issued'>;

export interface ChainStrength {
  /**
   * How many recovery methods the weakest way through counts for by NIST SP 800-63B-4 (4.2, 3.1.1.2); two are wanted for
   * AAL2. What may reach one and the same number or mailbox counts once together; questions count nothing.
   */
  readonly methods: number;
  /** The same of the weakest way to an unlock. */
  readonly unlockMethods: number;
  /** Most serious first. */
  readonly weaknesses: readonly ChainWeakness[];
}

export type ChainWeakness =
  /** A way through it proves nothing that somebody has: others can find answers out (ASVS 6.4.2). */
  | 'knowledge-alone'
  /** The same, of the shorter way to an unlock. */
  | 'unlock-by-knowledge'
  /** What can be found out is asked before anything is proved, so that anybody may try. */
  | 'knowledge-first'
  /** Two gates of one way may reach one and the same number, or mailbox: whoever has it has both. */
  | 'one-destination'
  /** An agent may give the way out: SP 800-63B-4 (4.2) takes that for an alternative, which wants a written risk analysis. */
  | 'by-helpdesk'
  /** No way without a telephone, which a stolen number opens (SP 800-63B-4 3.2.9) and a lost one closes. */
  | 'no-alternative-to-the-phone';

/** Weighs a chain, gates in order, by the weakest way through it. Says nothing of what a person's gates have in common. */
export function chainStrength(
  gates: readonly WeighedGate[],
  rules: Pick<Policy, 'needed' | 'unlockAfter'> = {},
): ChainStrength {
  const policy = { ...rules, chain: gates.map(({ id }) => id) };
  const [whole, short] = [neededOf(policy), unlockAfterOf(policy)].map((count) => weakest(gates, rules, count));
  const methods = methodsOf(whole ?? []);
  const unlockMethods = methodsOf(short ?? []);
  if (methods === 0) return { methods, unlockMethods, weaknesses: ['knowledge-alone'] };
  const found: readonly (readonly [boolean, ChainWeakness])[] = [
    [unlockMethods === 0, 'unlock-by-knowledge'],
    [rules.needed === undefined && gates[0]?.factor === 'knowledge', 'knowledge-first'],
    [neededOf(policy) > 1 && (groupsOf(gates)[0]?.length ?? 0) > 1, 'one-destination'],
    [gates.some(({ issued }) => issued === true), 'by-helpdesk'],
    [gates.filter((gate) => !isTelephone(gate)).length < neededOf(policy), 'no-alternative-to-the-phone'],
  ];
  return { methods, unlockMethods, weaknesses: found.flatMap(([is, weakness]) => (is ? [weakness] : [])) };
}

/** The gates of the weakest way: the first ones in order, or of a set those that prove least. */
function weakest(
  gates: readonly WeighedGate[],
  { needed }: Pick<Policy, 'needed'>,
  count: number,
): readonly WeighedGate[] {
  if (needed === undefined) return gates.slice(0, count);
  const knowledge = gates.filter((gate) => !isPossession(gate));
  const [first, ...others] = groupsOf(gates).flat();
  // Unless it can be passed by them alone, what can be found out is never the first of a set (core/policies/policy.ts).
  const start = first === undefined ? [] : [first];
  const way = knowledge.length < needed ? [...start, ...knowledge] : [...knowledge, ...start];
  return [...way, ...others].slice(0, count);
}

/** Gates of possession by what they reach, those with most in common first. */
function groupsOf(gates: readonly WeighedGate[]): readonly (readonly WeighedGate[])[] {
  const groups = [...Map.groupBy(gates.filter(isPossession), destinationOf).values()];
  return groups.sort((one, other) => other.length - one.length);
}

/** Distinct destinations: each is a method of its own. */
function methodsOf(gates: readonly WeighedGate[]): number {
  return new Set(gates.filter(isPossession).map(destinationOf)).size;
}

/**
 * What a gate reaches; one that sends nothing stands for itself. What the helpdesk gives out goes to a number that is
 * registered for another gate, or to the manager: whoever has that telephone may have both.
 */
function destinationOf(gate: WeighedGate): string {
  return isTelephone(gate) || gate.issued === true ? 'telephone' : `${gate.channel ?? gate.id}`;
}

/** Whether nothing but a telephone will do. */
function isTelephone({ channel }: WeighedGate): boolean {
  return channel === 'voice' || channel === 'sms';
}

function isPossession({ factor }: WeighedGate): boolean {
  return factor === 'possession';
}

import type { z } from 'zod';
import type { GateDefinition } from './gate.ts';
import type { Channel } from './provider.ts';

/** What counts of a gate. */
export type WeighedGate = Pick<GateDefinition<z.ZodType, unknown>, 'id' | 'factor' | 'channel'>;

export interface ChainStrength {
  /**
   * How many recovery methods the chain counts for by NIST SP 800-63B-4 (4.2, 3.1.1.2); two are wanted for AAL2. Calls
   * and texts count once together, as they may reach one and the same number; questions count nothing.
   */
  readonly methods: number;
  /** Most serious first. */
  readonly weaknesses: readonly ChainWeakness[];
}

export type ChainWeakness =
  /** Nothing in it proves that somebody has something: others can find answers out (ASVS 6.4.2). */
  | 'knowledge-alone'
  /** What can be found out is asked before anything is proved, so that anybody may try. */
  | 'knowledge-first';

const telephone: readonly (Channel | undefined)[] = ['voice', 'sms'];

/**
 * Weighs a chain, gates in order, by the weakest way through it. Says nothing of what a person's gates have in common.
 * @param needed so many of the gates are enough; all when left out
 */
export function chainStrength(chain: readonly WeighedGate[], needed = chain.length): ChainStrength {
  const knowledge = chain.filter(({ factor }) => factor === 'knowledge').length;
  const possession = chain.filter(({ factor }) => factor === 'possession');
  const others = possession.filter(({ channel }) => !telephone.includes(channel)).length;
  // Whoever may choose answers questions first, then takes all that one telephone does, then what is left.
  const proofs = Math.max(0, needed - knowledge);
  const elsewhere = Math.max(0, proofs - (possession.length - others));
  const methods = elsewhere + (elsewhere < proofs ? 1 : 0);
  if (proofs === 0) return { methods, weaknesses: ['knowledge-alone'] };
  return { methods, weaknesses: chain[0]?.factor === 'knowledge' ? ['knowledge-first'] : [] };
}

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

/** Weighs a chain, gates in order. Says nothing of what a person's gates have in common. */
export function chainStrength(chain: readonly WeighedGate[]): ChainStrength {
  const possession = chain.filter(({ factor }) => factor === 'possession');
  const others = possession.filter(({ channel }) => !telephone.includes(channel)).length;
  const methods = others + (others < possession.length ? 1 : 0);
  if (possession.length === 0) return { methods, weaknesses: ['knowledge-alone'] };
  return { methods, weaknesses: chain[0]?.factor === 'knowledge' ? ['knowledge-first'] : [] };
}

import type { z } from 'zod';
import type { Configuration } from './config.ts';
import type { Challenges } from './core/challenges.ts';
import type { Clock } from './core/clock.ts';
import type { Gate } from './core/gate.ts';
import type { Channel } from './core/provider.ts';
import type { Definitions } from './definitions.ts';

interface GateWorld {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
}

/** The channels without which nobody can pass the chain. */
export function channelsOf({ configuration, definitions }: GateWorld): readonly Channel[] {
  const { chain } = configuration.policy;
  return definitions.gates.flatMap((gate) => (chain.includes(gate.id) && gate.channel ? [gate.channel] : []));
}

/**
 * Every gate of the chain, in the chain's order, and after them those that the chain does not have and that work all the
 * same: whoever enrolled one before it was taken out confirms a change with it.
 */
export function createGates(
  { configuration, definitions }: GateWorld,
  parts: { challenges: Challenges; clock: Clock },
): ReadonlyMap<string, Gate> {
  const { chain } = configuration.policy;
  const others = definitions.gates.filter(({ id, channel, settings }) => {
    const isReachable = channel === undefined || configuration.channels[channel].length > 0;
    return !chain.includes(id) && isReachable && settings.safeParse(configuration.gates[id] ?? {}).success;
  });
  return new Map(
    [...chain, ...others.map(({ id }) => id)].map((id) => {
      const definition = definitions.gates.find((one) => one.id === id);
      if (definition === undefined) throw new Error(`policy.chain: ${id} is not a gate`);
      const settings = definition.settings.parse(configuration.gates[id] ?? {}) as z.output<typeof definition.settings>;
      return [id, definition.create(settings, { ...parts, hashesAtOnce: 2 })] as const;
    }),
  );
}

/** Those that prove possession first, and of two that prove the same the one that the chain has. */
export function strongestFirst(gates: ReadonlyMap<string, Gate>, { definitions }: GateWorld): readonly string[] {
  const weight = (id: string): number =>
    definitions.gates.find((one) => one.id === id)?.factor === 'possession' ? 0 : 1;
  return [...gates.keys()].sort((a, b) => weight(a) - weight(b));
}

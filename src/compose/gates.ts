import type { z } from 'zod';
import type { Configuration } from '../config.ts';
import { Misconfigured } from '../core/errors.ts';
import type { Gate, GateSettings } from '../core/gate.ts';
import { GateSet } from '../core/gates/gate-set.ts';
import type { Definitions, GateNeeds } from '../definitions.ts';
import { withOwn } from '../settings/gate-settings.ts';

interface GateWorld {
  readonly configuration: Configuration;
  readonly definitions: Definitions;
}

/** The gates of every chain, each once, in the order in which the policies have them. */
export function chainedGates({ policies }: Pick<Configuration, 'policies'>): readonly string[] {
  return [...new Set(policies.flatMap(({ chain }) => chain))];
}

/** Gates that prove that somebody knows something, which others can find out. */
export function knowledgeOf({ gates }: Definitions): readonly string[] {
  return gates.filter(({ factor }) => factor === 'knowledge').map(({ id }) => id);
}

/** Gates that the helpdesk gives something out for. */
export function issuedOf({ gates }: Definitions): readonly string[] {
  return gates.filter(({ issued }) => issued === true).map(({ id }) => id);
}

/**
 * Every gate of a chain, in the chains' order, and after them those that no chain has and that work all the same: whoever
 * enrolled one before it was taken out confirms a change with it. Each as configured, and as any policy has it.
 */
export function createGates({ configuration, definitions }: GateWorld, parts: GateNeeds): GateSet {
  const chained = chainedGates(configuration);
  const others = definitions.gates.filter(({ id, channel, settings }) => {
    const isReachable = channel === undefined || configuration.channels[channel].length > 0;
    return !chained.includes(id) && isReachable && settings.safeParse(configuration.gates[id] ?? {}).success;
  });
  const make = (id: string, own?: GateSettings[string]): Gate => {
    const definition = definitions.gates.find((one) => one.id === id);
    if (definition === undefined) throw new Error(`policies: ${id} is not a gate`);
    const settings = definition.settings.safeParse(withOwn(configuration.gates[id], own));
    if (settings.success) return definition.create(settings.data as z.output<typeof definition.settings>, parts);
    // A flow that began before the configuration was changed: what it began with cannot be had any more.
    throw new Misconfigured(`the gate ${id} does not take the settings that a policy has of its own`);
  };
  const configured = new Map([...chained, ...others.map(({ id }) => id)].map((id) => [id, make(id)] as const));
  return new GateSet({ configured, make });
}

/** Those that prove possession first, and of two that prove the same the one that a chain has. */
export function strongestFirst(gates: ReadonlyMap<string, Gate>, { definitions }: GateWorld): readonly string[] {
  const weight = (id: string): number =>
    definitions.gates.find((one) => one.id === id)?.factor === 'possession' ? 0 : 1;
  return [...gates.keys()].sort((a, b) => weight(a) - weight(b));
}

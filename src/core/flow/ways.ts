import type { Link } from '../link.ts';
import { type Flow, type FlowStep, gatePatience, openLink, passedLinks } from './flow.ts';

/**
 * The gates that may be taken in the open one's place, in no order that tells anything: neither which of them the chain
 * has, nor which are registered. None where the chain must be passed in order, and none that was passed.
 */
export function otherWays(flow: Pick<Flow, 'step' | 'chain' | 'alternatives' | 'later'>): readonly string[] {
  const { step, chain, alternatives, later = [] } = flow;
  if (alternatives === undefined || step.kind !== 'gate' || openLink(flow)?.step !== 'verify') return [];
  const set = [...chain.slice(step.at + 1).map(({ gate }) => gate), ...alternatives];
  return set.filter((gate) => step.at > 0 || !later.includes(gate)).sort();
}

/**
 * The chain with another gate where the open one stood. One that stood further behind leaves its place to a gate that
 * can be used, so that nobody is led straight back to what they cannot do; to the open one when there is no other.
 * @param to one of `otherWays`
 * @param usable gates that the account has registered
 */
export function switched(
  flow: Pick<Flow, 'step' | 'chain' | 'alternatives' | 'later'>,
  to: string,
  usable: readonly string[],
): Required<Pick<Flow, 'chain' | 'alternatives'>> {
  const { step, chain, alternatives = [] } = flow;
  const from = openLink(flow);
  if (step.kind !== 'gate' || from === undefined || !otherWays(flow).includes(to)) {
    throw new RangeError('that gate cannot be taken here');
  }
  const isBehind = chain.some(({ gate }) => gate === to);
  const instead = isBehind ? (alternatives.find((gate) => usable.includes(gate)) ?? from.gate) : from.gate;
  const links = chain.map((link, at): Link => {
    if (at === step.at) return { ...link, gate: to };
    return link.gate === to ? { ...link, gate: instead } : link;
  });
  const rest = [...alternatives.filter((gate) => gate !== to && gate !== instead), from.gate];
  return { chain: links, alternatives: rest.filter((gate) => !links.some((link) => link.gate === gate)) };
}

/**
 * The flow as it arrives at a step. A gate that was left before is found as it was left, with all that it has counted:
 * going to and fro sends nothing anew. Any other gate is marked as being opened.
 */
export function arriving(flow: Flow, step: FlowStep, now: Date): Flow {
  const gate = step.kind === 'gate' ? flow.chain[step.at]?.gate : undefined;
  if (step.kind !== 'gate' || gate === undefined) return { ...flow, step, memory: null };
  const { [gate]: memory = null, ...left } = flow.left ?? {};
  const kept = flow.left === undefined ? {} : { left };
  if (memory !== null) return { ...flow, ...kept, step, memory };
  return { ...flow, ...kept, step: { ...step, openingSince: now.getTime() }, memory };
}

/** Whether the flow has arrived at a gate that is yet to be opened. */
export function isOpening({ step }: Pick<Flow, 'step'>): boolean {
  return step.kind === 'gate' && step.openingSince !== undefined;
}

/** Whether the open gate is being opened or judged: whoever comes meanwhile finds it taken. */
export function isTaken({ step }: Pick<Flow, 'step'>, now: Date): boolean {
  if (step.kind !== 'gate') return false;
  const since = Math.max(step.openingSince ?? 0, step.judgingSince ?? 0);
  return now.getTime() - since < gatePatience;
}

/** The flow with the open gate's memory put by. */
export function leaving(flow: Flow): Flow {
  const link = openLink(flow);
  if (link === undefined || flow.memory === null) return flow;
  return { ...flow, left: { ...flow.left, [link.gate]: flow.memory } };
}

/** The gates at which somebody stood: their numbers are not where to tell of it. */
export function usedGates(flow: Pick<Flow, 'step' | 'chain' | 'left'>): readonly string[] {
  const open = openLink(flow);
  const stood = [...passedLinks(flow), ...(open === undefined ? [] : [open])].map(({ gate }) => gate);
  return [...new Set([...stood, ...Object.keys(flow.left ?? {})])];
}

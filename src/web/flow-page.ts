import { type Flow, hasShortWay, isBehindChoice, isEnded, openLink } from '../core/flow/flow.ts';
import type { Link } from '../core/link.ts';
import type { Portal } from '../core/portal.ts';

/** The step that a portal's gates have by nature; the other one is a confirmation on the way. */
const natural: { readonly [portal in Portal]: Link['step'] } = {
  registration: 'enrol',
  reset: 'verify',
  console: 'verify',
  caller: 'verify',
};

/** The last segment of the URL where a flow stands: it says where the person is, and nothing else leads there. */
export function pageOf(flow: Flow): string {
  const link = openLink(flow);
  if (link !== undefined) return link.step === natural[flow.portal] ? link.gate : `confirm-${link.gate}`;
  if (flow.step.kind === 'writing') return 'working';
  return flow.step.kind === 'cancelled' ? 'ended' : flow.step.kind;
}

/** The path that a flow leads to. */
export function pathOf(flow: Flow): string {
  return `/${flow.portal}/${pageOf(flow)}`;
}

export interface Progress {
  /** 1 for the first step. */
  readonly step: number;
  readonly steps: number;
}

/**
 * How far a flow has come; a reset has one step more than its gates: the choice and what follows from it. Where the
 * choice comes before the last gates, what follows from it is one more. The second factor of the console is one step, and
 * says nothing of it.
 */
export function progressOf(flow: Flow): Progress | undefined {
  if (flow.portal === 'console') return undefined;
  const { step, chain } = flow;
  const early = hasShortWay(flow) ? 1 : 0;
  const steps = chain.length + (flow.actions.length > 0 ? 1 : 0) + early;
  if (step.kind === 'gate') return { step: step.at + 1 + (isBehindChoice(flow) ? 1 : 0), steps };
  if (step.kind === 'choose' && step.at !== undefined) return { step: (flow.unlockAfter ?? 0) + 1, steps };
  return isEnded(step) ? undefined : { step: steps, steps };
}

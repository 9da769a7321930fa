import type { AuditEventName } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import { BadRequest } from '../errors.ts';
import type { RequestContext } from '../request-context.ts';
import type { Stores } from '../stores.ts';
import { failureKey } from './failure-key.ts';
import { type Flow, nextStep, openLink, quiet, settled } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';
import type { GateDesk } from './gate-desk.ts';
import { arriving, isOpening, isTaken, leaving, otherWays, switched } from './ways.ts';

export interface WayRunnerNeeds {
  readonly desk: GateDesk;
  readonly stores: Pick<Stores, 'flows' | 'failures'>;
  readonly audit: FlowAudit;
  readonly clock: Clock;
}

/** A turn that was taken, for the audit. */
interface Turn {
  readonly event: AuditEventName;
  readonly gate: string;
  readonly request: RequestContext;
  readonly detail?: { readonly to: string };
}

/**
 * Where a person leaves the open gate without having passed it: for another of the set, back to the choice, or past it
 * while registering. Claimed before anything has an effect, and nothing that was counted is forgotten.
 */
export class WayRunner {
  readonly #needs: WayRunnerNeeds;

  constructor(needs: WayRunnerNeeds) {
    this.#needs = needs;
  }

  /**
   * Takes another gate in the open one's place.
   * @param to as it was posted
   * @throws BadRequest when it is none that is offered here
   * @throws Unavailable when it could not be opened; the flow stands at it all the same
   */
  async switchGate(flow: Flow, to: string, request: RequestContext): Promise<Flow> {
    const { desk, stores, audit, clock } = this.#needs;
    const from = openLink(flow);
    if (from === undefined || !otherWays(flow).includes(to)) throw new BadRequest('that is no other way from here');
    if (isTaken(flow, clock.now())) return this.#current(flow);
    // A bar that fell since holds every gate, and opening one may send something.
    if ((await stores.failures.lockout(failureKey(flow.subject), clock.now())) !== undefined) {
      await audit.write('flow.refused', flow, { request, detail: { why: 'barred' } });
      return this.#save({ ...quiet(flow), step: { kind: 'refused', reason: 'barred' }, memory: null });
    }
    const usable = (await desk.enrolled(flow)).map(({ gate }) => gate);
    // Where no decoy walks, what was taken away meanwhile is no way any more.
    if (flow.portal === 'console' && !usable.includes(to)) throw new BadRequest('that is not registered any more');
    const turned = { ...leaving(quiet(flow)), ...switched(flow, to, usable) };
    const next = arriving(turned, settled(flow.step), clock.now());
    return this.#turn(next, { event: 'gate.switched', gate: from.gate, request, detail: { to } });
  }

  /**
   * From a gate that stands behind the choice to the choice; what was passed stays so.
   * @throws BadRequest when there was no choice on the way here
   */
  async back(flow: Flow): Promise<Flow> {
    const now = this.#needs.clock.now();
    const step = nextStep(flow, { kind: 'back' });
    if (openLink(flow) === undefined || step === undefined) throw new BadRequest('there is no choice to go back to');
    return isTaken(flow, now) ? this.#current(flow) : this.#save(arriving(leaving(quiet(flow)), step, now));
  }

  /**
   * Goes on with a registration without the open gate.
   * @throws BadRequest when the gate cannot be left out
   */
  async leaveOut(flow: Flow, request: RequestContext): Promise<Flow> {
    const now = this.#needs.clock.now();
    const link = openLink(flow);
    const step = nextStep(flow, { kind: 'left-out' });
    if (link === undefined || step === undefined) throw new BadRequest('this gate cannot be left out');
    if (isTaken(flow, now)) return this.#current(flow);
    const leftOut = [...(flow.leftOut ?? []), link.gate];
    const next = arriving({ ...quiet(flow), leftOut }, step, now);
    return this.#turn(next, { event: 'gate.left-out', gate: link.gate, request });
  }

  async #turn(next: Flow, { event, ...about }: Turn): Promise<Flow> {
    const saved = await this.#needs.stores.flows.save(next);
    if (saved === undefined) return this.#current(next);
    await this.#needs.audit.write(event, saved, about);
    return isOpening(saved) ? this.#needs.desk.open(saved, about.request) : saved;
  }

  async #save(flow: Flow): Promise<Flow> {
    return (await this.#needs.stores.flows.save(flow)) ?? this.#current(flow);
  }

  async #current(flow: Flow): Promise<Flow> {
    return (await this.#needs.stores.flows.read(flow.id)) ?? flow;
  }
}

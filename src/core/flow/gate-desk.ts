import { BadRequest, Unavailable } from '../errors.ts';
import { subjectKey } from '../flow-subject.ts';
import type { GateContext, Gates, Page, Step, Subject, Verdict } from '../gate.ts';
import type { Json } from '../json.ts';
import type { Link } from '../link.ts';
import { purposeOf } from '../portal.ts';
import type { RequestContext } from '../request-context.ts';
import type { Enrolment, EnrolmentStore, FlowStore, HeldEnrolment } from '../stores.ts';
import { type Flow, openLink, settled } from './flow.ts';
import type { FlowAudit } from './flow-audit.ts';

export interface GateDeskNeeds {
  readonly gates: Gates;
  readonly stores: { readonly flows: FlowStore; readonly enrolments: EnrolmentStore };
  readonly audit: FlowAudit;
  /** Gates that the helpdesk gives something out for. */
  readonly issued?: readonly string[];
}

/** The only caller of the gates: finds the step that a flow has open, and gives it what it may know. */
export class GateDesk {
  readonly #needs: GateDeskNeeds;

  constructor(needs: GateDeskNeeds) {
    this.#needs = needs;
  }

  /** What the open gate shows; undefined when its `open` has not succeeded yet. */
  async show(flow: Flow, language: string): Promise<Page | undefined> {
    const { step, link } = this.openStep(flow);
    if (flow.memory === null) return undefined;
    return step.show(await this.#context(flow, link, language));
  }

  /** Whether the open gate has moved by itself; `changed` as well when the flow stands elsewhere. */
  async watch(flow: Flow, language: string): Promise<'waiting' | 'changed'> {
    if (openLink(flow) === undefined || flow.memory === null) return 'changed';
    const { step, link } = this.openStep(flow);
    if (step.watch === undefined) return 'waiting';
    return step.watch(await this.#context(flow, link, language));
  }

  /** What the flow's account has enrolled, at all gates. */
  async enrolled(flow: Pick<Flow, 'subject' | 'reference'>): Promise<readonly Enrolment[]> {
    return this.#needs.stores.enrolments.of(subjectKey(flow.subject), flow.reference);
  }

  /** The same, and what counts no more: a decoy shows what it showed before, and a change of it is one. */
  async registered(flow: Pick<Flow, 'subject'>): Promise<readonly Enrolment[]> {
    return this.#needs.stores.enrolments.registered(subjectKey(flow.subject));
  }

  /** What the flow's account has enrolled that does not count yet. */
  async held(flow: Flow): Promise<readonly HeldEnrolment[]> {
    return this.#needs.stores.enrolments.held(subjectKey(flow.subject));
  }

  /** A gate that was left for another way, and at whose other end somebody has said since that it was not them. */
  async disowned(flow: Flow): Promise<string | undefined> {
    for (const [gate, memory] of Object.entries(flow.left ?? {})) {
      const link = { gate, step: 'verify' } as const;
      const context = await this.#context({ ...flow, memory }, link, flow.language);
      if ((await this.#stepOf(flow, link).isRefused?.(context)) === true) return gate;
    }
    return undefined;
  }

  /** What the open gate makes of an answer. What it throws is a fault, never a verdict. */
  async judge(flow: Flow, input: Readonly<Record<string, string>>, language: string): Promise<Verdict> {
    const { step, link } = this.openStep(flow);
    const verdict = await step.answer(input, await this.#context(flow, link, language));
    if (verdict.kind !== 'passed') return verdict;
    // Before a write it is asked at the last moment; a flow that writes nothing ends here.
    const isEnd = flow.actions.length === 0;
    if (isEnd && (await this.disowned(flow)) !== undefined) return { kind: 'refused', reason: 'not-you' };
    if (this.#isIssued(link)) await this.#spend(flow, link);
    return verdict;
  }

  /**
   * Runs `open` of the gate that the flow has just arrived at. The flow was claimed for this by the save before.
   * @returns the flow with the gate's memory, as it is stored
   */
  async open(flow: Flow, request: RequestContext): Promise<Flow> {
    const { step, link } = this.openStep(flow);
    try {
      const memory = await step.open(await this.#context(flow, link, request.language));
      const opened = (await this.#needs.stores.flows.save({ ...flow, step: settled(flow.step), memory })) ?? flow;
      await this.#needs.audit.write('gate.opened', flow, { request, gate: link.gate, detail: { step: link.step } });
      return opened;
    } catch (fault) {
      await this.#needs.stores.flows.save({ ...flow, step: settled(flow.step) });
      await this.#needs.audit.write('gate.fault', flow, { request, gate: link.gate });
      throw fault;
    }
  }

  /**
   * The step that is open.
   * @throws BadRequest when none is
   */
  openStep(flow: Flow): { step: Step; link: Link } {
    const link = openLink(flow);
    if (link === undefined) throw new BadRequest('no gate is open in this flow');
    return { step: this.#stepOf(flow, link), link };
  }

  #isIssued({ gate, step }: Link): boolean {
    return step === 'verify' && (this.#needs.issued ?? []).includes(gate);
  }

  /** What was given out passes one flow. That which was taken back, or replaced, while it was judged passes none. */
  async #spend(flow: Flow, { gate }: Link): Promise<void> {
    const { enrolments } = this.#needs.stores;
    const isTheirs = await enrolments.spend(subjectKey(flow.subject), gate, flow.reference);
    if (!isTheirs) throw new Unavailable(`what was given out for ${gate} was replaced while it was judged`);
  }

  /** With the settings that its policy had for the gate when the flow began. */
  #stepOf(flow: Pick<Flow, 'gates'>, link: Link): Step {
    const own = link.by === undefined ? flow.gates?.[link.gate] : link.by.settings;
    const gate = this.#needs.gates.get(link.gate, own);
    // A chain is never shortened: a gate that the configuration no longer has ends the request, not the check.
    if (gate === undefined) throw new Error(`the flow's chain names a gate that is not configured: ${link.gate}`);
    return gate[link.step];
  }

  async #context(flow: Flow, link: Link, language: string): Promise<GateContext> {
    const { channels } = link.by ?? flow;
    return {
      subject: await this.#subject(flow, link),
      memory: flow.memory,
      language,
      purpose: purposeOf(flow.portal, link),
      flowReference: flow.reference,
      ...(flow.host === undefined ? {} : { host: flow.host }),
      ...(channels === undefined ? {} : { channels }),
    };
  }

  /**
   * Whom the gate has before it. To a gate that the account has not registered, where it needs not all of them, the
   * account is a decoy, and looks like one in every way: the choice of ways must not tell who registered what. So it is
   * once what was given out came to its end or was used elsewhere, or that would tell that there had been anything.
   */
  async #subject({ subject, reference }: Flow, { gate, step }: Link): Promise<Subject> {
    const own = (enrolments: readonly Enrolment[]): Json | undefined =>
      enrolments.find((enrolment) => enrolment.gate === gate)?.data;
    const seed = subject.kind === 'decoy' || step === 'verify' ? subject.seed : undefined;
    // Both are asked about everybody who verifies: a decoy would answer sooner, or later, by just as long as one takes.
    const like = step === 'verify' ? own(await this.registered({ subject })) : undefined;
    const enrolment = own(await this.enrolled({ subject, reference }));
    const mayBeWithout = seed !== undefined || this.#isIssued({ gate, step });
    if (subject.kind === 'decoy' || (mayBeWithout && enrolment === undefined)) {
      return { kind: 'decoy', seed: seed ?? '', ...(like === undefined ? {} : { like }) };
    }
    return { kind: 'account', account: subject.account, ...(enrolment === undefined ? {} : { enrolment }) };
  }
}

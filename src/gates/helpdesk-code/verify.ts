import { z } from 'zod';
import type { GateContext, Page, Step, Verdict } from '../../core/gate.ts';
import { issuedCode } from '../../core/gates/issued-code.ts';
import { readCode } from '../../core/gates/typed-code.ts';
import type { Json } from '../../core/json.ts';
import type { Challenges } from '../../core/sending/challenges.ts';
import { gateId, type HelpdeskCodeSettings } from './settings.ts';

const form = z.strictObject({ code: z.string().max(64) });
/** The flow that the gate was opened in: what was remembered in one is worth nothing in another. */
const memorySchema = z.strictObject({ flow: z.string() });

/** Proves that the person was given the code that the helpdesk sent. The page says nothing of where it went. */
export class VerifyHelpdeskCode implements Step {
  readonly form = form;
  readonly #settings: HelpdeskCodeSettings;
  readonly #challenges: Challenges;

  constructor(settings: HelpdeskCodeSettings, challenges: Challenges) {
    this.#settings = settings;
    this.#challenges = challenges;
  }

  async open({ subject, flowReference }: GateContext): Promise<Json> {
    if (subject.kind === 'account') issuedCode(subject.enrolment);
    return { flow: flowReference };
  }

  async show(): Promise<Page> {
    return { view: 'verify', data: { codeLength: this.#settings['code-length'] } };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const { memory } = context;
    const code = readCode(input.code ?? '');
    const digits = this.#settings['code-length'];
    if (code === '') return mend(memory, { key: 'gates.helpdesk-code.code-empty' });
    if (!/^\d+$/.test(code) || code.length !== digits) {
      return mend(memory, { key: 'gates.helpdesk-code.code-shape', values: { digits } });
    }
    if (await this.#isRight(code, context)) return { kind: 'passed' };
    // One that is over, was used or never was is told as one that is wrong: a decoy has none.
    return { kind: 'wrong', memory, problem: { field: 'code', message: { key: 'gates.helpdesk-code.code-wrong' } } };
  }

  /** The same work for everybody, whether there is a code or not. */
  async #isRight(code: string, { subject, memory, flowReference }: GateContext): Promise<boolean> {
    const issued = subject.kind === 'account' ? issuedCode(subject.enrolment) : undefined;
    const isHere = memorySchema.parse(memory).flow === flowReference;
    // One by text and one by mail are judged each time: neither tells where a code went, nor that there is one.
    for (const channel of ['sms', 'email'] as const) {
      if (!isHere || issued?.channel !== channel) await this.#challenges.pretend(channel, code);
    }
    if (issued === undefined || !isHere) return false;
    const scope = { flowReference: issued.reference, gate: gateId };
    return (await this.#challenges.check(issued.challenge, code, scope)).kind === 'passed';
  }
}

function mend(memory: Json, message: { readonly key: string; readonly values?: { readonly digits: number } }): Verdict {
  return { kind: 'more', memory, problems: [{ field: 'code', message }] };
}

import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { BadRequest } from '../core/errors.ts';
import type { Gate, GateContext, Page, Step, Verdict } from '../core/gate.ts';
import { readCode } from '../core/gates/typed-code.ts';
import type { Json } from '../core/json.ts';
import { callerGate } from '../core/people/caller-desk.ts';
import type { Challenges } from '../core/sending/challenges.ts';

export interface CallerGateNeeds {
  readonly challenges: Challenges;
  /** What is texted, with `{code}` where the code goes. */
  readonly text: (phrase: string, language: string) => string;
}

const form = z.strictObject({ code: z.string().max(64) });
const memorySchema = z.strictObject({ challenge: z.string(), phrase: z.string() });
const codeLength = 6;

/** Words that are understood over a bad line in every language (ICAO Annex 10 II, 5.2.1.3). */
const words =
  'Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu'.split(
    ' ',
  );

/**
 * Checks a caller by a text to the number that they registered for another gate. It is in no policy: only the console
 * opens it.
 * @param numberGate id of the gate that keeps the number
 */
export function createCallerGate(numberGate: string, needs: CallerGateNeeds): Gate {
  const id = callerGate(numberGate);
  return { id, enrol: nobodyEnrols, verify: new CheckCaller({ ...needs, id, numberGate }) };
}

class CheckCaller implements Step {
  readonly form = form;
  readonly #needs: CallerGateNeeds & { readonly id: string; readonly numberGate: string };

  constructor(needs: CallerGateNeeds & { readonly id: string; readonly numberGate: string }) {
    this.#needs = needs;
  }

  async open({ subject, language, flowReference, host }: GateContext): Promise<Json> {
    if (subject.kind !== 'account') throw new BadRequest('a caller who is nobody cannot be checked');
    const { id, numberGate, challenges, text } = this.#needs;
    const phrase = `${word()} ${word()} ${randomInt(10, 100)}`;
    const spoken = subject.account.language ?? language;
    const challenge = await challenges.begin({
      channel: 'sms',
      target: { kind: 'enrolled-at', accountId: subject.account.id, gate: numberGate },
      gate: id,
      flowReference,
      attempt: 'caller',
      language: spoken,
      codeLength,
      lifetimeSeconds: 600,
      text: text(phrase, spoken),
      host,
    });
    return { challenge, phrase };
  }

  async show({ memory }: GateContext): Promise<Page> {
    return { view: 'caller', data: { phrase: memorySchema.parse(memory).phrase, codeLength } };
  }

  async answer(input: Readonly<Record<string, string>>, context: GateContext): Promise<Verdict> {
    const { memory, flowReference } = context;
    const code = readCode(input.code ?? '');
    if (!/^\d+$/.test(code) || code.length !== codeLength) {
      const message = { key: 'console.caller.code-shape', values: { digits: codeLength } };
      return { kind: 'more', memory, problems: [{ field: 'code', message }] };
    }
    const scope = { flowReference, gate: this.#needs.id };
    const result = await this.#needs.challenges.check(memorySchema.parse(memory).challenge, code, scope);
    if (result.kind === 'passed') return { kind: 'passed' };
    return { kind: 'wrong', memory, problem: { field: 'code', message: { key: 'console.caller.code-wrong' } } };
  }
}

function word(): string {
  return words[randomInt(words.length)] ?? '';
}

const refuse = async (): Promise<never> => {
  throw new BadRequest('nobody registers to be checked by the helpdesk');
};
const nobodyEnrols: Step = { form: z.strictObject({}), open: refuse, show: refuse, answer: refuse };

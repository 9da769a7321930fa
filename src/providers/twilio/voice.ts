import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { inLanguage } from '../../core/localised-text.ts';
import type {
  Callback,
  ChallengeRequest,
  CheckResult,
  KeepState,
  MfaProvider,
  ProbeResult,
  ProviderNeeds,
  Received,
  StartResult,
} from '../../core/provider.ts';
import type { TwilioClient } from './client.ts';
import { probeAccount } from './probe.ts';
import { refused } from './refusals.ts';
import { type Report, readReport, type Signature } from './reports.ts';
import type { TwilioVoiceSettings } from './settings.ts';
import type { VoiceScript } from './voice-script.ts';

const stateSchema = z.strictObject({
  language: z.string(),
  text: z.string(),
  /** Empty for the hash key alone. */
  match: z.string(),
  /** Empty until Twilio has said it. */
  call: z.string(),
});
type VoiceState = z.infer<typeof stateSchema>;

const startedSchema = z.object({ sid: z.string().regex(/^CA/) });
/** What Twilio says of a call that is over. Only keys prove something, and those come by another report. */
const endedStatus = new Set(['completed', 'busy', 'no-answer', 'failed', 'canceled']);
const keys = /^[0-9*#]+$/;
const machine = /^(machine|fax)/;
const maxPrompts = 3;

/** Twilio Programmable Voice: one call that asks for the hash key, or for the two digits on the screen before it. */
export class TwilioVoice implements MfaProvider {
  readonly id: string;
  readonly channels = ['voice'] as const;
  readonly matchesNumbers = true;
  readonly #settings: TwilioVoiceSettings;
  readonly #needs: ProviderNeeds;
  readonly #client: TwilioClient;
  readonly #script: VoiceScript;
  readonly #isSigned: Signature;

  constructor(
    settings: TwilioVoiceSettings,
    needs: ProviderNeeds,
    parts: { client: TwilioClient; script: VoiceScript; isSigned: Signature },
  ) {
    this.id = needs.name;
    this.#settings = settings;
    this.#needs = needs;
    this.#client = parts.client;
    this.#script = parts.script;
    this.#isSigned = parts.isSigned;
  }

  async start(request: ChallengeRequest, keep: KeepState): Promise<StartResult> {
    const { language, text, match = '' } = request;
    const state: VoiceState = { language, text, match, call: '' };
    // Before the call: its first report may be here before Twilio's answer.
    await keep(state);
    try {
      const made: unknown = await this.#client.api.calls.create({
        to: request.to,
        from: this.#settings.from,
        twiml: this.#prompt(state, request.reference, 1),
        timeout: this.#settings['ring-seconds'],
        statusCallback: this.#address(request.reference, 'status'),
        statusCallbackEvent: ['completed'],
        statusCallbackMethod: 'POST',
        ...(this.#settings['machine-detection'] ? { machineDetection: 'Enable' } : {}),
      });
      const known = startedSchema.safeParse(made);
      if (!known.success) throw new Unavailable('Twilio did not say that it calls');
      this.#needs.log.info({ call: known.data.sid }, 'Twilio calls');
      return { kind: 'started', state: { ...state, call: known.data.sid } };
    } catch (fault) {
      return { kind: 'rejected', reason: refused(fault) };
    }
  }

  /** What came of a call is reported; until then it goes on. */
  async check(state: Json): Promise<CheckResult> {
    stateSchema.parse(state);
    return { kind: 'waiting' };
  }

  async receive(callback: Callback, state: Json | undefined): Promise<Received> {
    const report = readReport(callback, this.#settings, this.#isSigned);
    if ('kind' in report) return report;
    const known = stateSchema.safeParse(state);
    // Signed, and about nothing that is known: late, or of an earlier life. Twilio is told to hang up.
    if (!known.success) return { kind: 'taken', reply: this.#script.goodbye('', 'en') };
    // Until Twilio has said which call it is, the signed address alone tells that it is this one.
    if (known.data.call !== '' && known.data.call !== report.call) {
      return { kind: 'malformed', detail: 'a report of another call' };
    }
    return report.event === 'digits'
      ? this.#keyed(report, known.data, { reference: callback.reference, turn: report.turn })
      : this.#status(report);
  }

  async probe(): Promise<ProbeResult> {
    const result = await probeAccount(this.#client, this.#settings);
    const { origin } = new URL(this.#needs.callbackUrl('probe'));
    return result.ok ? { ...result, detail: `${result.detail}; it must reach ${origin} to report` } : result;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Nothing that a person keyed in proves nothing, and is held against nobody. */
  #keyed(report: Report, state: VoiceState, about: { reference: string; turn: number }): Received {
    const { digits, answeredBy } = report;
    const { thanks, mismatch } = this.#settings;
    const say = (texts: typeof thanks) => this.#script.goodbye(inLanguage(texts, state.language), state.language);
    const silent = this.#script.goodbye('', state.language);
    if (machine.test(answeredBy) || !keys.test(digits)) return { kind: 'taken', outcome: 'unanswered', reply: silent };
    if (digits === (state.match === '' ? '#' : state.match))
      return { kind: 'taken', outcome: 'passed', reply: say(thanks) };
    if (state.match !== '') return { kind: 'taken', outcome: 'wrong', reply: say(mismatch) };
    if (about.turn >= maxPrompts) return { kind: 'taken', outcome: 'unanswered', reply: silent };
    const body = this.#prompt(state, about.reference, about.turn + 1);
    return { kind: 'taken', reply: { contentType: 'text/xml', body } };
  }

  #status({ call, status, answeredBy }: Report): Received {
    if (!endedStatus.has(status)) return { kind: 'taken' };
    this.#needs.log.info({ call, status, ...(answeredBy === '' ? {} : { answeredBy }) }, 'Twilio ended a call');
    return { kind: 'taken', outcome: 'unanswered' };
  }

  #prompt({ text, language, match }: VoiceState, reference: string, turn: number): string {
    const action = `${this.#address(reference, 'digits')}&turn=${turn}`;
    return this.#script.prompt({ text, language, action, digits: match !== '' });
  }

  #address(reference: string, event: 'digits' | 'status'): string {
    return `${this.#needs.callbackUrl(reference)}?event=${event}`;
  }
}

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
import { refused, type TwilioClient } from './client.ts';
import { probeTwilio } from './probe.ts';
import type { TwilioVoiceSettings } from './settings.ts';
import type { Signature, VoiceScript } from './voice-script.ts';

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
      });
      const known = startedSchema.safeParse(made);
      if (!known.success) throw new Unavailable('Twilio did not say that it calls');
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
    const form = new URLSearchParams(callback.body);
    const parameters = Object.fromEntries(form);
    // A signature over one of two values of a name would vouch for the other as well.
    if (Object.keys(parameters).length !== form.size) return { kind: 'forged', detail: 'a parameter came twice' };
    const signature = callback.headers['x-twilio-signature'] ?? '';
    if (!this.#isSigned(this.#settings['auth-token'], signature, callback.url, parameters)) {
      return { kind: 'forged', detail: 'X-Twilio-Signature does not fit' };
    }
    if (parameters.AccountSid !== this.#settings['account-sid']) return { kind: 'forged', detail: 'another account' };
    const known = stateSchema.safeParse(state);
    // Signed, and about nothing that is known: late, or of an earlier life. Twilio is told to hang up.
    if (!known.success) return { kind: 'taken', reply: this.#script.goodbye('', 'en') };
    if (known.data.call !== '' && known.data.call !== parameters.CallSid) {
      return { kind: 'malformed', detail: 'a report of another call' };
    }
    const query = new URL(callback.url).searchParams;
    return query.get('event') === 'digits'
      ? this.#digits(parameters.Digits ?? '', known.data, { reference: callback.reference, turn: query.get('turn') })
      : this.#status(parameters.CallStatus ?? '');
  }

  probe(): Promise<ProbeResult> {
    const account = this.#settings['account-sid'];
    return probeTwilio(() => this.#client.api.api.v2010.accounts(account).fetch(), 'the Twilio account answers');
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #digits(digits: string, state: VoiceState, about: { reference: string; turn: string | null }): Received {
    const { thanks, mismatch } = this.#settings;
    const say = (texts: typeof thanks) => this.#script.goodbye(inLanguage(texts, state.language), state.language);
    if (digits === (state.match === '' ? '#' : state.match))
      return { kind: 'taken', outcome: 'passed', reply: say(thanks) };
    if (state.match !== '') return { kind: 'taken', outcome: 'wrong', reply: say(mismatch) };
    const turn = Number(about.turn ?? maxPrompts);
    if (!(turn < maxPrompts))
      return { kind: 'taken', outcome: 'unanswered', reply: this.#script.goodbye('', state.language) };
    const body = this.#prompt(state, about.reference, turn + 1);
    return { kind: 'taken', reply: { contentType: 'text/xml', body } };
  }

  #status(status: string): Received {
    return endedStatus.has(status) ? { kind: 'taken', outcome: 'unanswered' } : { kind: 'taken' };
  }

  #prompt({ text, language, match }: VoiceState, reference: string, turn: number): string {
    const action = `${this.#address(reference, 'digits')}&turn=${turn}`;
    return this.#script.prompt({ text, language, action, digits: match !== '' });
  }

  #address(reference: string, event: 'digits' | 'status'): string {
    return `${this.#needs.callbackUrl(reference)}?event=${event}`;
  }
}

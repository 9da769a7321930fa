import type VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import type { CallbackReply } from '../../core/provider.ts';

/** Seconds that a call waits for the next key. */
const keySeconds = 12;

/** Writes TwiML, with Twilio's own writer, which escapes what is said. */
export class VoiceScript {
  readonly #Response: typeof VoiceResponse;
  readonly #languages: Readonly<Record<string, string>>;

  constructor(Response: typeof VoiceResponse, languages: Readonly<Record<string, string>>) {
    this.#Response = Response;
    this.#languages = languages;
  }

  /** Says the text and gathers keys: two digits closed by the hash key, or any one key, the hash key among them. */
  prompt(wanted: { text: string; language: string; action: string; digits: boolean }): string {
    const { text, language, action, digits } = wanted;
    const response = new this.#Response();
    const keys = digits ? { finishOnKey: '#' } : { finishOnKey: '', numDigits: 1 };
    const gather = response.gather({ input: ['dtmf'], timeout: keySeconds, action, method: 'POST', ...keys });
    gather.say(this.#spoken(language), text);
    response.hangup();
    return response.toString();
  }

  /** Says the text, if there is one, and hangs up. */
  goodbye(text: string, language: string): CallbackReply {
    const response = new this.#Response();
    if (text !== '') response.say(this.#spoken(language), text);
    response.hangup();
    return { contentType: 'text/xml', body: response.toString() };
  }

  /** Twilio speaks nothing in a language that it does not know, and takes its own when none is named. */
  #spoken(language: string): VoiceResponse.SayAttributes {
    const base = language.split('-')[0] ?? language;
    const named = this.#languages[language] ?? this.#languages[base] ?? (language === base ? undefined : language);
    return named === undefined ? {} : { language: named as NonNullable<VoiceResponse.SayAttributes['language']> };
  }
}

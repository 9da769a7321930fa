import type { Identity } from '../core/account.ts';
import type { Message } from '../core/message.ts';
import type { KnownPasswords, PasswordScreen, ScreenVerdict, StrengthMeter } from '../core/password-screen.ts';
import { contextIn, contextWords } from '../core/passwords/password-context.ts';

export interface ScreenNeeds {
  readonly minLength: number;
  readonly organisation: string;
  /** Words that the configuration adds to names, logins and the organisation's. */
  readonly words: readonly string[];
  /** 0 to 4; below it a password is refused. 0 refuses none. */
  readonly minScore: number;
  readonly common: KnownPasswords;
  readonly meter: StrengthMeter;
  /** Leaked passwords, the nearest first: what lies here before what is asked elsewhere. */
  readonly breached: readonly KnownPasswords[];
  /** What becomes of a password that a list could not be asked about. */
  readonly onFault: 'allow' | 'refuse';
  /** Told of each fault; must not throw. */
  readonly report: (fault: unknown) => void;
}

/** Length, context words, common and leaked passwords, strength. It costs nobody anything to be refused here. */
export class Screen implements PasswordScreen {
  readonly minLength: number;
  readonly organisation: string;
  readonly knowsLeaked: boolean;
  readonly #needs: ScreenNeeds;

  constructor(needs: ScreenNeeds) {
    this.minLength = needs.minLength;
    this.organisation = needs.organisation;
    this.knowsLeaked = needs.breached.length > 0;
    this.#needs = needs;
  }

  async judge(
    password: string,
    { account, spotless }: { readonly account: Identity; readonly spotless: boolean },
  ): Promise<ScreenVerdict> {
    const { common, meter, minScore, organisation, words: own } = this.#needs;
    const words = contextWords(account, { organisation, words: own });
    const context = contextIn(password, words);
    const known = await common.has(password);
    const { score, advice } = meter.judge(
      password,
      words.map(({ plain }) => plain),
    );
    const refusals: Message[] = context.map((kind) => ({
      key: `password.screened.${kind}`,
      ...(kind === 'organisation' ? { values: { organisation } } : {}),
    }));
    if (known) refusals.push({ key: 'password.screened.common' });
    if (score < minScore) refusals.push({ key: 'password.screened.weak' });
    // What is refused anyway needs no further reading, and no far end learns anything about it.
    const leaked = spotless && refusals.length === 0 ? await this.#isLeaked(password) : 'no';
    if (leaked === 'yes') refusals.push({ key: 'password.screened.breached' });
    return {
      refusals,
      // The reason says more than the meter could.
      ...(advice === undefined || known || context.length > 0 ? {} : { advice }),
      unchecked: leaked === 'unknown' && this.#needs.onFault === 'refuse',
    };
  }

  /** Ends what the lists hold open. */
  async close(): Promise<void> {
    await Promise.all(this.#needs.breached.map((list) => list.close?.()));
  }

  async #isLeaked(password: string): Promise<'yes' | 'no' | 'unknown'> {
    let answer: 'no' | 'unknown' = 'no';
    for (const list of this.#needs.breached) {
      try {
        if (await list.has(password)) return 'yes';
      } catch (fault) {
        answer = 'unknown';
        this.#needs.report(fault);
      }
    }
    return answer;
  }
}

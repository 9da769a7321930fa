import { randomBytes, randomInt } from 'node:crypto';
import { numberIn } from '../gates/enrolled-number.ts';
import { readCode } from '../gates/typed-code.ts';
import type { SendingReport } from '../sending/challenge-sender.ts';
import type { ChallengeResult, Challenges } from '../sending/challenges.ts';
import { maskNumber } from '../sending/phone-number.ts';
import type { EnrolmentStore } from '../stores.ts';

/** One provider on one channel, alone: what it does not send nobody sends. */
export interface TrialRoute {
  readonly provider: string;
  readonly channel: 'sms' | 'voice';
  readonly codeLength: number;
  readonly matchesNumbers: boolean;
  readonly challenges: Challenges;
}

/** A provider that may be tried, and the number of one's own that it would reach, masked. */
export type TrialOffer = Pick<TrialRoute, 'provider' | 'channel'> & { readonly number?: string };

/** "Send me a text", "call me": one sending of one provider to whoever asked for it. */
export interface Trial extends Pick<TrialRoute, 'provider' | 'channel'> {
  readonly id: string;
  /** Account id of the member of staff. */
  readonly by: string;
  readonly number: string;
  /** As in the audit. */
  readonly reference: string;
  /** Digits to key in at the phone. */
  readonly match?: string;
  readonly began: number;
  /** What the provider said of the sending, and after how many milliseconds. */
  readonly sent?: { readonly kind: SendingReport['kind']; readonly detail: string; readonly took: number };
  readonly verdict?: ChallengeResult['kind'];
  readonly verdictAfter?: number;
}

export interface TrialsNeeds {
  readonly routes: readonly TrialRoute[];
  readonly enrolments: Pick<EnrolmentStore, 'of'>;
  /** The gate at which somebody registers a number of the channel. */
  readonly gateOf: (channel: TrialRoute['channel']) => string | undefined;
  readonly nowMs: () => number;
}

export interface TrialWish {
  readonly provider: string;
  readonly channel: string;
  readonly language: string;
  /** With `{code}`; or to be spoken. */
  readonly text: string;
  /** Spoken where the call asks for the digits on the page. */
  readonly matchingText: string;
  /** Host name of the page that the code is typed at. */
  readonly host: string;
}

const mostTrials = 200;
const mostTries = 5;
const open: readonly ChallengeResult['kind'][] = ['waiting', 'wrong'];

/**
 * Tries one provider on the number that whoever asks has registered themselves, looked up as it is sent, within the
 * rules and limits of every sending. Its challenge belongs to no flow: a right answer opens nothing.
 */
export class ProviderTrials {
  readonly #needs: TrialsNeeds;
  readonly #trials = new Map<string, Trial & { readonly challenge: string; readonly gate: string; tries: number }>();

  constructor(needs: TrialsNeeds) {
    this.#needs = needs;
  }

  /** What this member of staff may try. */
  async offers(by: string): Promise<readonly TrialOffer[]> {
    const enrolments = await this.#needs.enrolments.of(by);
    return this.#needs.routes.map(({ provider, channel }) => {
      const kept = enrolments.find(({ gate }) => gate === this.#needs.gateOf(channel));
      const number = kept === undefined ? undefined : numberIn(kept.data);
      return { provider, channel, ...(number === undefined ? {} : { number: maskNumber(number) }) };
    });
  }

  /**
   * Sends.
   * @returns undefined when there is no such provider, or no number of theirs that it could reach
   * @throws Unavailable when the provider is out of service
   */
  async begin(by: string, wish: TrialWish): Promise<Trial | undefined> {
    const isWanted = (one: TrialOffer): boolean => one.provider === wish.provider && one.channel === wish.channel;
    const route = this.#needs.routes.find(isWanted);
    const number = (await this.offers(by)).find(isWanted)?.number;
    const gate = route && this.#needs.gateOf(route.channel);
    if (route === undefined || gate === undefined || number === undefined) return undefined;
    const { provider, channel, codeLength, matchesNumbers, challenges } = route;
    const id = randomBytes(18).toString('base64url');
    const reference = `trial-${randomBytes(9).toString('base64url')}`;
    const match: { match?: string } =
      channel === 'voice' && matchesNumbers ? { match: String(randomInt(10, 100)) } : {};
    const trial = { id, by, provider, channel, number, reference, gate, ...match, began: this.#needs.nowMs() };
    this.#keep({ ...trial, challenge: '', tries: 0 });
    const challenge = await challenges.begin({
      channel,
      target: { kind: 'enrolled', accountId: by },
      gate,
      flowReference: reference,
      attempt: 'trial',
      language: wish.language,
      codeLength,
      lifetimeSeconds: 300,
      text: match.match === undefined ? wish.text : wish.matchingText,
      host: wish.host,
      ...match,
    });
    const known = this.#trials.get(id);
    if (known !== undefined) this.#trials.set(id, { ...known, challenge });
    return this.find(id, by);
  }

  /** The trial of this id, when this member of staff began it. */
  find(id: unknown, by: string): Trial | undefined {
    const trial = typeof id === 'string' ? this.#trials.get(id) : undefined;
    return trial?.by === by ? trial : undefined;
  }

  /** Hears what became of a sending. */
  report({ kind, detail, challenge }: SendingReport): void {
    const trial = [...this.#trials.values()].find(({ reference }) => reference === challenge.flowReference);
    if (trial === undefined) return;
    this.#trials.set(trial.id, { ...trial, sent: { kind, detail, took: this.#since(trial) } });
  }

  /** Looks how a call stands. */
  async look({ id }: Trial): Promise<void> {
    const trial = this.#trials.get(id);
    if (trial === undefined || trial.channel !== 'voice' || !isOpen(trial)) return;
    const { flowReference, challenges } = this.#scope(trial);
    const { kind } = await challenges.look(trial.challenge, { flowReference, gate: trial.gate });
    this.#judged(trial, kind);
  }

  /** Judges a code that was typed. A few tries, and none once it was right. */
  async answer({ id }: Trial, typed: string): Promise<void> {
    const trial = this.#trials.get(id);
    if (trial === undefined || trial.channel !== 'sms' || !isOpen(trial) || trial.tries >= mostTries) return;
    trial.tries += 1;
    const { flowReference, challenges } = this.#scope(trial);
    const { kind } = await challenges.check(trial.challenge, readCode(typed), { flowReference, gate: trial.gate });
    this.#judged(trial, kind);
  }

  #judged(trial: Trial, verdict: ChallengeResult['kind']): void {
    const known = this.#trials.get(trial.id);
    if (known === undefined) return;
    const after = open.includes(verdict) && verdict !== 'wrong' ? {} : { verdictAfter: this.#since(trial) };
    this.#trials.set(trial.id, { ...known, verdict, ...after });
  }

  #scope({ provider, channel, reference }: Trial) {
    const route = this.#needs.routes.find((one) => one.provider === provider && one.channel === channel);
    if (route === undefined) throw new Error('the provider of a trial is gone');
    return { flowReference: reference, challenges: route.challenges };
  }

  #since({ began }: Trial): number {
    return Math.round(this.#needs.nowMs() - began);
  }

  #keep(trial: Trial & { readonly challenge: string; readonly gate: string; tries: number }): void {
    const oldest = this.#trials.keys().next();
    if (this.#trials.size >= mostTrials && oldest.done !== true) this.#trials.delete(oldest.value);
    this.#trials.set(trial.id, trial);
  }
}

function isOpen({ verdict }: Trial): boolean {
  return verdict === undefined || open.includes(verdict);
}

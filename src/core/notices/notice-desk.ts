import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { subjectKey } from '../flow-subject.ts';
import { numberIn } from '../gates/enrolled-number.ts';
import type { Json } from '../json.ts';
import type { Channel } from '../provider.ts';
import type { EnrolmentStore } from '../stores.ts';
import type { Addressee, Letter, Notice, Notices } from './notices.ts';
import type { OutboxRow } from './outbox.ts';

export interface NoticeDeskNeeds {
  readonly clock: Clock;
  readonly enrolments: EnrolmentStore;
  /** Whether any provider carries texts of ours. */
  readonly canText: boolean;
  /** Whether registered numbers that were not just used are told as well. */
  readonly byText: boolean;
  /** Told that rows were written. */
  readonly wake: () => void;
}

const dayMs = 24 * 60 * 60_000;
/** Days after which nobody is helped by it any more: a mail waits for people who are away, a text is for now. */
const days: Readonly<Record<Channel, number>> = { email: 7, sms: 1, voice: 1 };

/**
 * Decides who hears of what, and where: always by mail, which is the channel of no gate, so that a thief of the phone
 * cannot hide it; and by text on numbers other than the one just used.
 */
export class NoticeDesk implements Notices {
  readonly #needs: NoticeDeskNeeds;

  constructor(needs: NoticeDeskNeeds) {
    this.#needs = needs;
  }

  async rows(notice: Notice): Promise<readonly OutboxRow[]> {
    const { subject } = notice;
    const numbers = await this.#numbers(notice);
    if (subject.kind === 'decoy') return [this.#row(notice, 'email', null)];
    const texts = numbers.map((number) => this.#row(notice, 'sms', number));
    return [this.#row(notice, 'email', subject.account.mail ?? null), ...texts];
  }

  wake(): void {
    this.#needs.wake();
  }

  async #numbers({ subject, used, replaced }: Notice): Promise<readonly string[]> {
    const { enrolments, canText, byText } = this.#needs;
    const registered = await enrolments.registered(subjectKey(subject));
    const kept = registered.map(({ gate, data }) => ({ gate, number: numberIn(data) }));
    if (!canText) return [];
    const isUsed = (gate: string): boolean => used === undefined || used.includes(gate);
    const fresh = replaced === undefined ? undefined : numberIn(replaced.data);
    const hot = new Set([fresh, ...kept.filter(({ gate }) => isUsed(gate)).map(({ number }) => number)]);
    const told = kept.flatMap(({ gate, number }) => {
      if (number === undefined) return [];
      const isOld = gate === replaced?.gate && number !== fresh;
      return isOld || (byText && !hot.has(number)) ? [number] : [];
    });
    return [...new Set(told)];
  }

  #row({ subject, event, reference }: Notice, channel: Channel, to: string | null): OutboxRow {
    const now = this.#needs.clock.now();
    const person = subject.kind === 'account' ? addressee(subject.account) : null;
    const letter: Letter = { to, event, person, at: now.getTime() };
    return {
      id: randomUUID(),
      event: event.kind,
      reference,
      channel,
      createdAt: now,
      expiresAt: new Date(now.getTime() + days[channel] * dayMs),
      body: letter as unknown as Json,
    };
  }
}

function addressee({ id, name, displayName, language }: Addressee): Addressee {
  return { id, name, displayName, ...(language === undefined ? {} : { language }) };
}

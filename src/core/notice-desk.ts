import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Json } from './json.ts';
import type { Letter, Notice, Notices } from './notices.ts';
import type { OutboxRow } from './outbox.ts';

/** After so many days nobody is helped by hearing of it: a week, as long as people are away. */
const mailDays = 7;
const dayMs = 24 * 60 * 60_000;

/** Decides who hears of what, and where. Mail is never the channel of a gate: a thief of the phone cannot hide it. */
export class NoticeDesk implements Notices {
  readonly #clock: Clock;
  readonly #wake: () => void;

  /** @param needs `wake`: told that rows were written */
  constructor(needs: { readonly clock: Clock; readonly wake: () => void }) {
    this.#clock = needs.clock;
    this.#wake = needs.wake;
  }

  async rows(notice: Notice): Promise<readonly OutboxRow[]> {
    const { subject, event, reference } = notice;
    const now = this.#clock.now();
    const person = subject.kind === 'account' ? addressee(subject.account) : null;
    const to = subject.kind === 'account' ? (subject.account.mail ?? null) : null;
    const letter: Letter = { to, event, person, at: now.getTime() };
    return [
      {
        id: randomUUID(),
        event: event.kind,
        reference,
        channel: 'email',
        createdAt: now,
        expiresAt: new Date(now.getTime() + mailDays * dayMs),
        body: letter as unknown as Json,
      },
    ];
  }

  wake(): void {
    this.#wake();
  }
}

function addressee({ id, name, displayName, language }: NonNullable<Letter['person']>): Letter['person'] {
  return { id, name, displayName, ...(language === undefined ? {} : { language }) };
}

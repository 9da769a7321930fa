import { randomInt } from 'node:crypto';
import type { AuditEventName } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import { NotSent, Unavailable } from '../errors.ts';
import type { Channel, Courier, CourierMessage } from '../provider.ts';
import type { AuditStore } from '../stores.ts';
import type { Letter } from './notices.ts';
import type { OutboxClaim, OutboxRow, OutboxStore, StoredRow } from './outbox.ts';

/** What is written to somebody. Only a mail has a subject. */
export interface Written {
  readonly language: string;
  readonly subject: string;
  readonly text: string;
}

export interface OutboxWorkerNeeds {
  readonly store: OutboxStore;
  /** Per channel, in order of preference. */
  readonly couriers: Readonly<Partial<Record<Channel, readonly Courier[]>>>;
  /** The letter in the person's language; undefined when it should not go any more. Called for every attempt. */
  readonly write: (
    letter: Letter,
    row: Pick<OutboxRow, 'id' | 'channel' | 'reference'>,
  ) => Promise<Written | undefined>;
  readonly audit: AuditStore;
  readonly clock: Clock;
  /** Milliseconds after which nobody waits for an attempt; nobody else gets the row before twice as long. */
  readonly patienceMs: number;
  /** Told of every attempt that failed; `final` when there will be no other. Must not throw. */
  readonly report: (failure: OutboxFailure) => void;
}

export interface OutboxFailure {
  readonly event: string;
  readonly reference: string;
  readonly channel: string;
  readonly attempt: number;
  readonly why: string;
  readonly final: boolean;
}

/** Attempts at which a row is at fault, or may be, before it is set aside. With the pauses, more than two hours. */
const maxTries = 10;
const firstPauseMs = 30_000;
const longestPauseMs = 30 * 60_000;

type Outcome =
  | { readonly kind: 'sent' }
  /** Nobody is to be told: a decoy's, or one that has become pointless. */
  | { readonly kind: 'dropped' }
  /** Never again: trying would change nothing. */
  | { readonly kind: 'hopeless'; readonly why: string }
  /** `blameless`: nothing left and the row has no part in it. `down`: the channel is not asked again this turn. */
  | { readonly kind: 'failed'; readonly why: string; readonly blameless: boolean; readonly down: boolean };

type Failed = Extract<Outcome, { kind: 'failed' }>;

/**
 * Sends what waits in the outbox: at least once, and under the same reference each time, so that a mail server knows a
 * copy by its Message-ID. Runs on every node; a row's lease keeps two from sending it at once.
 */
export class OutboxWorker {
  readonly #needs: OutboxWorkerNeeds;
  #turn: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(needs: OutboxWorkerNeeds) {
    this.#needs = needs;
  }

  /** Sends what is due, beside whatever else happens. Never throws. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#turn ??= this.#turns().finally(() => {
      this.#turn = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
  }

  /** Finishes what is being sent and begins nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async #turns(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#expire();
        await this.#drain();
      } catch (fault) {
        // The rows stay as they are; the next turn finds them.
        this.#report({ event: 'outbox', reference: '', channel: '', attempts: 0 }, reasonOf(fault), false);
      }
    }
  }

  async #drain(): Promise<void> {
    const { store, clock, patienceMs } = this.#needs;
    const leaseMs = 2 * patienceMs + 30_000;
    const up = new Set<Channel>(['email', 'sms']);
    while (!this.#stopped) {
      const claim = await store.claim({ channels: [...up], now: clock.now(), leaseMs });
      if (claim === undefined) return;
      const outcome = await this.#attempt(claim);
      if (outcome.kind === 'failed' && outcome.down) up.delete(claim.channel);
      await this.#settle(claim, outcome);
    }
  }

  async #attempt(claim: OutboxClaim): Promise<Outcome> {
    if (claim.body === undefined) return { kind: 'hopeless', why: 'unreadable' };
    // Its last attempts ended no way at all: the process may have died of it.
    if (claim.tries > maxTries) return { kind: 'hopeless', why: 'too many attempts' };
    // The seal vouches for the shape: only letters are written into the outbox.
    const letter = claim.body as unknown as Letter;
    if (letter.person === null) return { kind: 'dropped' };
    if (letter.to === null) return { kind: 'hopeless', why: 'no address' };
    try {
      const written = await this.#needs.write(letter, claim);
      if (written === undefined) return { kind: 'dropped' };
      const message = { ...written, channel: claim.channel, to: letter.to, reference: claim.id };
      return await within(this.#needs.patienceMs, this.#deliver(message));
    } catch (fault) {
      return { kind: 'failed', why: reasonOf(fault), blameless: false, down: fault instanceof Unavailable };
    }
  }

  /** What certainly did not leave may be tried with another courier; what may have left waits for the same one. */
  async #deliver(message: CourierMessage): Promise<Outcome> {
    let last: Failed = { kind: 'failed', why: 'no provider', blameless: true, down: true };
    for (const courier of this.#needs.couriers[message.channel] ?? []) {
      try {
        const result = await courier.deliver(message);
        if (result.kind === 'delivered') return { kind: 'sent' };
        last = { kind: 'failed', why: result.reason, blameless: false, down: false };
      } catch (fault) {
        if (!(fault instanceof NotSent)) throw fault;
        last = { kind: 'failed', why: fault.message, blameless: true, down: true };
      }
    }
    return last;
  }

  async #settle(claim: OutboxClaim, outcome: Outcome): Promise<void> {
    const { store, clock } = this.#needs;
    if (outcome.kind === 'dropped') return void (await store.sent(claim));
    if (outcome.kind === 'sent') {
      await store.sent(claim);
      return this.#audit('notice.sent', claim);
    }
    const final = outcome.kind === 'hopeless' || (!outcome.blameless && claim.tries >= maxTries);
    this.#report(claim, outcome.why, final);
    if (final) {
      await store.setAside(claim);
      return this.#audit('notice.abandoned', claim);
    }
    const pause = pauseMs(claim.attempts);
    await store.postpone(
      claim,
      new Date(clock.now().getTime() + pause),
      outcome.kind === 'failed' && outcome.blameless,
    );
  }

  async #expire(): Promise<void> {
    for (const row of await this.#needs.store.expire(this.#needs.clock.now())) {
      this.#report({ ...row, attempts: 0 }, 'too late', true);
      await this.#audit('notice.abandoned', row);
    }
  }

  #report(
    row: Pick<OutboxClaim, 'event' | 'reference' | 'attempts'> & { channel: string },
    why: string,
    final: boolean,
  ) {
    const { event, reference, channel, attempts } = row;
    this.#needs.report({ event, reference, channel, attempt: attempts, why, final });
  }

  async #audit(event: AuditEventName, row: StoredRow): Promise<void> {
    const { audit, clock } = this.#needs;
    const person = (row.body as unknown as Letter | undefined)?.person;
    const detail = { event: row.event, channel: row.channel };
    const subject = person ? { subject: person.id } : {};
    await audit.append({ at: clock.now(), event, ...subject, flow: row.reference, detail });
  }
}

/** Twice as long each time, and up to a half longer by chance: many rows that fail at once do not come back at once. */
function pauseMs(attempts: number): number {
  const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempts - 1));
  return pause + randomInt(Math.ceil(pause / 2));
}

/** One that never ends must not keep the others waiting. What becomes of it nobody knows, so it counts as ambiguous. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Unavailable('the provider did not answer in time')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

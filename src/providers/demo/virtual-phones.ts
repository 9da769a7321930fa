import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Misconfigured } from '../../core/errors.ts';
import { Bounded } from './bounded.ts';

export interface VirtualText {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly at: Date;
}

/** How a call stands. It is over once it has an `outcome`. */
export interface VirtualCall {
  readonly id: string;
  readonly to: string;
  readonly spoken: string;
  readonly at: Date;
  /** Digits that must be keyed in before the hash key; left out when the hash key is enough. */
  readonly match?: string;
  /** What was keyed in so far. */
  readonly keyed: string;
  readonly state: 'ringing' | 'answered' | 'ended';
  readonly outcome?: 'confirmed' | 'mismatched' | 'unanswered' | 'refused';
}

export interface VirtualPhone {
  readonly number: string;
  /** Oldest first. */
  readonly texts: readonly VirtualText[];
  readonly calls: readonly VirtualCall[];
}

const maxNumbers = 1000;
const maxPerNumber = 50;
const maxWrongKeys = 3;
const maxKeyed = 10;

/**
 * Telephones that exist in memory only: texts arrive, calls ring, keys can be pressed. They show codes to everybody,
 * so they refuse to exist in production.
 */
export class VirtualPhones {
  readonly #clock: Clock;
  readonly #ringSeconds: number;
  readonly #phones = new Bounded<VirtualPhone>(maxNumbers);
  readonly #calls = new Bounded<string>(maxNumbers * 4);
  readonly #listeners = new Set<(number: string) => void>();

  /** @param needs `ringSeconds`: how long a call rings or waits for a key before it ends by itself; 30 when left out */
  constructor(needs: { production: boolean; clock: Clock; ringSeconds?: number }) {
    if (needs.production) throw new Misconfigured('the virtual phone shows codes and is not for production');
    this.#clock = needs.clock;
    this.#ringSeconds = needs.ringSeconds ?? 30;
  }

  /** The numbers that anything ever reached, oldest first. */
  numbers(): readonly string[] {
    return this.#phones.keys();
  }

  /** A phone as it is now; an empty one for a number that nothing ever reached. */
  phone(number: string): VirtualPhone {
    const phone = this.#phones.get(number) ?? { number, texts: [], calls: [] };
    return { ...phone, calls: phone.calls.map((call) => this.#timed(call)) };
  }

  /** A text arrives. */
  text(to: string, text: string): VirtualText {
    const arrived = { id: randomUUID(), to, text, at: this.#clock.now() };
    const phone = this.phone(to);
    this.#keep({ ...phone, texts: [...phone.texts, arrived].slice(-maxPerNumber) });
    return arrived;
  }

  /** A call begins to ring. */
  ring(to: string, spoken: string, match?: string): VirtualCall {
    const about = { id: randomUUID(), to, spoken, at: this.#clock.now(), ...(match === undefined ? {} : { match }) };
    const call: VirtualCall = { ...about, keyed: '', state: 'ringing' };
    const phone = this.phone(to);
    this.#calls.set(call.id, to);
    this.#keep({ ...phone, calls: [...phone.calls, call].slice(-maxPerNumber) });
    return call;
  }

  /** A call as it stands now; undefined when it is unknown or long forgotten. */
  call(id: string): VirtualCall | undefined {
    const number = this.#calls.get(id);
    return number === undefined ? undefined : this.phone(number).calls.find((call) => call.id === id);
  }

  /** Somebody picks up. What is said is `spoken`. */
  answer(id: string): VirtualCall | undefined {
    return this.#change(id, () => ({ state: 'answered' }));
  }

  /**
   * A key is pressed, picking up first if need be. The hash key confirms, when the digits that are asked for stand before
   * it; where none are asked for, three others end the call.
   */
  press(id: string, key: string): VirtualCall | undefined {
    return this.#change(id, ({ keyed, match }) => {
      if (key === '#') {
        return { state: 'ended', outcome: match === undefined || keyed === match ? 'confirmed' : 'mismatched' };
      }
      const next = keyed + key;
      const tooMany = next.length >= (match === undefined ? maxWrongKeys : maxKeyed);
      return { keyed: next, ...(tooMany ? { state: 'ended', outcome: 'unanswered' } : { state: 'answered' }) };
    });
  }

  /** Somebody does what the call and the page ask for. */
  confirm(id: string): VirtualCall | undefined {
    for (const key of this.call(id)?.match ?? '') this.press(id, key);
    return this.press(id, '#');
  }

  /** Somebody hangs up, or lets it ring out: nothing is proved. */
  hangUp(id: string): VirtualCall | undefined {
    return this.#change(id, () => ({ state: 'ended', outcome: 'unanswered' }));
  }

  /** Somebody says that they did not ask for this. */
  refuse(id: string): VirtualCall | undefined {
    return this.#change(id, () => ({ state: 'ended', outcome: 'refused' }));
  }

  /** Tells of every number on which something happened. Returns what ends it. */
  onChange(listener: (number: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What has ended stays as it ended. */
  #change(
    id: string,
    to: (call: VirtualCall) => Partial<Pick<VirtualCall, 'state' | 'outcome' | 'keyed'>>,
  ): VirtualCall | undefined {
    const before = this.call(id);
    if (before === undefined || before.state === 'ended') return before;
    const after = { ...before, ...to(before) };
    const phone = this.phone(before.to);
    this.#keep({ ...phone, calls: phone.calls.map((call) => (call.id === id ? after : call)) });
    return after;
  }

  /** Calls end by the clock rather than by a timer. */
  #timed(call: VirtualCall): VirtualCall {
    if (call.state === 'ended') return call;
    const seconds = (this.#clock.now().getTime() - call.at.getTime()) / 1000;
    return seconds < this.#ringSeconds ? call : { ...call, state: 'ended', outcome: 'unanswered' };
  }

  #keep(phone: VirtualPhone): void {
    this.#phones.set(phone.number, phone);
    for (const listener of this.#listeners) listener(phone.number);
  }
}

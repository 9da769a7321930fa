import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CheckResult, Courier, MfaProvider } from '../provider.ts';

/** What arrived at the phone of a dry run, the newest last. */
export interface DrivePhoneView {
  readonly texts: readonly string[];
  readonly calls: readonly DriveCall[];
}

export interface DriveCall {
  readonly id: string;
  readonly spoken: string;
  /** Digits that the page shows and that must be keyed in before the hash key. */
  readonly match?: string;
  readonly end?: CallEnd;
}

/** How somebody at the phone ends a call. */
export const callEnds = ['confirm', 'mistake', 'hang-up', 'not-me'] as const;
export type CallEnd = (typeof callEnds)[number];

const results: { readonly [end in CallEnd]: CheckResult['kind'] } = {
  confirm: 'passed',
  mistake: 'wrong',
  'hang-up': 'unanswered',
  'not-me': 'refused',
};
const stateSchema = z.strictObject({ call: z.string() });
/** More than the gates of one flow send. */
const most = 40;
/** A number that Ofcom keeps free for stories: nobody has it, and nothing is ever sent there. */
export const driveNumber = '+447700900942';

/**
 * The telephone of one dry run: it exists in the memory of that drive, nothing that reaches it came from a real flow, and
 * nothing that it shows is asked for anywhere else. See CHANGELOG.md on DESIGN 6.16.
 */
export class DrivePhone {
  readonly #texts: string[] = [];
  readonly #calls: DriveCall[] = [];
  readonly #told: (text: string) => void;

  /** @param told hears of everything that arrives */
  constructor(told: (text: string) => void) {
    this.#told = told;
  }

  get view(): DrivePhoneView {
    return { texts: this.#texts, calls: this.#calls };
  }

  /** Ends a call; one that is over, or that never rang, stays as it is. */
  end(id: string, end: CallEnd): void {
    const at = this.#calls.findIndex((call) => call.id === id);
    const call = this.#calls[at];
    if (call !== undefined && call.end === undefined) this.#calls[at] = { ...call, end };
  }

  /** Texts arrive at it. */
  courier(): Courier {
    return {
      id: 'dry-run',
      channels: ['sms'],
      deliver: async ({ text }) => {
        keep(this.#texts, text);
        this.#told(text);
        return { kind: 'delivered' };
      },
    };
  }

  /** Calls ring at it. @param matchesNumbers as the calls of the real providers do */
  voice(matchesNumbers: boolean): MfaProvider {
    return {
      id: 'dry-run',
      channels: ['voice'],
      matchesNumbers,
      start: async ({ text, match }) => {
        const call = { id: randomUUID(), spoken: text, ...(match === undefined ? {} : { match }) };
        keep(this.#calls, call);
        this.#told(text);
        return { kind: 'started', state: { call: call.id } };
      },
      check: async (state) => {
        const { call: id } = stateSchema.parse(state);
        const call = this.#calls.find((one) => one.id === id);
        if (call === undefined) return { kind: 'expired' };
        return { kind: call.end === undefined ? 'waiting' : results[call.end] };
      },
    };
  }
}

function keep<Item>(items: Item[], item: Item): void {
  items.push(item);
  if (items.length > most) items.shift();
}

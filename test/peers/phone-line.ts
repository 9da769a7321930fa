import type { ContractPhone } from '../contracts/provider-contract.ts';

/** How a call ends at the far end. */
export type LineEnd =
  | { readonly kind: 'keys'; readonly keys: string }
  | { readonly kind: 'hung-up' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'voicemail' }
  | { readonly kind: 'no-answer' }
  | { readonly kind: 'busy' };

/** A telephone that rings for a peer: a test decides what happens to the call that rings last. */
export class PhoneLine {
  readonly #calls: ((end: LineEnd) => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #ends = 0;

  /** Rings and resolves with how it ended. */
  ring(): Promise<LineEnd> {
    const ended = new Promise<LineEnd>((resolve) => this.#calls.push(resolve));
    for (const wake of this.#waiting.splice(0)) wake();
    return ended;
  }

  /** Resolves once a call rings that was not ended yet. */
  async ringing(): Promise<void> {
    if (this.#ends < this.#calls.length) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends the call that rang last. */
  end(how: LineEnd): void {
    const last = this.#calls.at(-1);
    if (last === undefined) throw new Error('no call rings');
    this.#ends = this.#calls.length;
    last(how);
  }
}

/** What somebody does with the call that rings there, as the contract of providers asks for it. */
export function phoneAt(line: PhoneLine): ContractPhone {
  return {
    ringing: () => line.ringing(),
    press: async (keys) => line.end({ kind: 'keys', keys }),
    hangUp: async () => line.end({ kind: 'hung-up' }),
    refuse: async () => line.end({ kind: 'refused' }),
    voicemail: async () => line.end({ kind: 'voicemail' }),
  };
}

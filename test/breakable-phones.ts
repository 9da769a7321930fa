import { Unavailable } from '../src/core/errors.ts';
import { type VirtualCall, VirtualPhones, type VirtualText } from '../src/providers/demo/virtual-phones.ts';

/** Virtual phones whose network can fail. */
export class BreakablePhones extends VirtualPhones {
  broken = false;
  /** Nothing can be sent any more; how a call stands is known all the same. */
  silent = false;

  override text(to: string, text: string): VirtualText {
    this.#demand(this.silent);
    return super.text(to, text);
  }

  override ring(to: string, spoken: string, match?: string): VirtualCall {
    this.#demand(this.silent);
    return super.ring(to, spoken, match);
  }

  override call(id: string): VirtualCall | undefined {
    this.#demand();
    return super.call(id);
  }

  /** The code in the text that arrived last. */
  lastCode(number: string): string {
    return (
      this.phone(number)
        .texts.at(-1)
        ?.text.match(/\d{6,10}/)?.[0] ?? ''
    );
  }

  /** The call that began last. */
  lastCall(number: string): string {
    return this.phone(number).calls.at(-1)?.id ?? '';
  }

  #demand(silent = false): void {
    if (this.broken || silent) throw new Unavailable('the network is down');
  }
}

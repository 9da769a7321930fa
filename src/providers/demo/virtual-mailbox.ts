import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Misconfigured } from '../../core/errors.ts';
import type { Courier } from '../../core/provider.ts';
import { Bounded } from './bounded.ts';

export interface VirtualMail {
  readonly id: string;
  readonly to: string;
  readonly text: string;
  readonly at: Date;
}

const maxAddresses = 1000;
const maxPerAddress = 50;

/** Mail that arrives in memory only. It shows codes to everybody, so it refuses to exist in production. */
export class VirtualMailbox {
  readonly #clock: Clock;
  readonly #boxes = new Bounded<readonly VirtualMail[]>(maxAddresses);

  constructor(needs: { production: boolean; clock: Clock }) {
    if (needs.production) throw new Misconfigured('the virtual mailbox shows codes and is not for production');
    this.#clock = needs.clock;
  }

  /** The addresses that ever got mail, oldest first. */
  addresses(): readonly string[] {
    return this.#boxes.keys();
  }

  /** Oldest first. */
  mails(address: string): readonly VirtualMail[] {
    return this.#boxes.get(address.toLowerCase()) ?? [];
  }

  arrive(to: string, text: string): void {
    const mail = { id: randomUUID(), to, text, at: this.#clock.now() };
    this.#boxes.set(to.toLowerCase(), [...this.mails(to), mail].slice(-maxPerAddress));
  }
}

/** Delivers into the mailbox. */
export function virtualEmail(mailbox: VirtualMailbox, id = 'virtual-email'): Courier {
  return {
    id,
    channels: ['email'],
    async deliver({ to, text }) {
      mailbox.arrive(to, text);
      return { kind: 'delivered' };
    },
  };
}

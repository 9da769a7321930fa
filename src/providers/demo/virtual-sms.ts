import type { Courier } from '../../core/provider.ts';
import type { VirtualPhones } from './virtual-phones.ts';

/** A gateway that only delivers: Latchkey makes the code. */
export function virtualSms(phones: VirtualPhones, id = 'virtual-sms'): Courier {
  return {
    id,
    channels: ['sms'],
    async deliver({ to, text }) {
      phones.text(to, text);
      return { kind: 'delivered' };
    },
  };
}

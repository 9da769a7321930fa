import type { Courier } from '../../core/provider.ts';
import type { VirtualPhones } from './virtual-phones.ts';

/** A gateway that only delivers: Latchkey makes the code. */
export function virtualSms(phones: VirtualPhones): Courier {
  return {
    id: 'virtual-sms',
    channels: ['sms'],
    async deliver({ to, text }) {
      phones.text(to, text);
      return { kind: 'delivered' };
    },
  };
}

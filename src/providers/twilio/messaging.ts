import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Courier, CourierMessage, DeliveryResult, ProbeResult, ProviderNeeds } from '../../core/provider.ts';
import type { TwilioClient } from './client.ts';
import { probeAccount } from './probe.ts';
import { refused } from './refusals.ts';
import type { TwilioMessagingSettings } from './settings.ts';

const takenSchema = z.object({
  sid: z.string().regex(/^(SM|MM)/),
  status: z.enum(['accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered']),
});

/** Twilio Programmable Messaging: delivers a text that Latchkey wrote. */
export class TwilioMessaging implements Courier {
  readonly id: string;
  readonly channels = ['sms'] as const;
  readonly #settings: TwilioMessagingSettings;
  readonly #needs: ProviderNeeds;
  readonly #client: TwilioClient;

  constructor(settings: TwilioMessagingSettings, needs: ProviderNeeds, client: TwilioClient) {
    this.id = needs.name;
    this.#settings = settings;
    this.#needs = needs;
    this.#client = client;
  }

  async deliver({ to, text }: CourierMessage): Promise<DeliveryResult> {
    const { from, 'messaging-service-sid': messagingServiceSid } = this.#settings;
    const sender = {
      ...(from === undefined ? {} : { from }),
      ...(messagingServiceSid === undefined ? {} : { messagingServiceSid }),
    };
    try {
      const made: unknown = await this.#client.api.messages.create({ to, body: text, ...sender });
      const taken = takenSchema.safeParse(made);
      if (!taken.success) throw new Unavailable('Twilio did not say that it took the text');
      this.#needs.log.info({ message: taken.data.sid, status: taken.data.status }, 'Twilio took a text');
      return { kind: 'delivered' };
    } catch (fault) {
      return { kind: 'rejected', reason: refused(fault) };
    }
  }

  probe(): Promise<ProbeResult> {
    return probeAccount(this.#client, this.#settings);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

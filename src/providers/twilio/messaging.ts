import { z } from 'zod';
import { Unavailable } from '../../core/errors.ts';
import type { Courier, CourierMessage, DeliveryResult, ProbeResult, ProviderNeeds } from '../../core/provider.ts';
import { refused, type TwilioClient } from './client.ts';
import { probeTwilio } from './probe.ts';
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
  readonly #client: TwilioClient;

  constructor(settings: TwilioMessagingSettings, needs: ProviderNeeds, client: TwilioClient) {
    this.id = needs.name;
    this.#settings = settings;
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
      if (!takenSchema.safeParse(made).success) throw new Unavailable('Twilio did not say that it took the text');
      return { kind: 'delivered' };
    } catch (fault) {
      return { kind: 'rejected', reason: refused(fault) };
    }
  }

  probe(): Promise<ProbeResult> {
    const account = this.#settings['account-sid'];
    return probeTwilio(() => this.#client.api.api.v2010.accounts(account).fetch(), 'the Twilio account answers');
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

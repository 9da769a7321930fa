import { z } from 'zod';
import type { ProviderDefinition, ProviderNeeds } from '../../core/provider.ts';
import type { VirtualMailbox } from './virtual-mailbox.ts';
import { virtualEmail } from './virtual-mailbox.ts';
import type { VirtualPhones } from './virtual-phones.ts';
import { virtualSms } from './virtual-sms.ts';
import { VirtualVerifyService, virtualVerify } from './virtual-verify.ts';
import { virtualVoice } from './virtual-voice.ts';

/** The demo's providers share one world of phones and one mailbox. */
export interface DemoProviderNeeds extends ProviderNeeds {
  readonly phones: VirtualPhones;
  readonly mailbox: VirtualMailbox;
}

const noSettings = z.strictObject({});
type DemoDefinition = ProviderDefinition<typeof noSettings, DemoProviderNeeds>;

/** A gateway that only delivers, a service that makes and checks codes itself, a telephone, and mail. */
export const demoProviders: readonly DemoDefinition[] = [
  {
    kind: 'virtual-sms',
    channels: ['sms'],
    demo: true,
    settings: noSettings,
    create: (_settings, { name, phones }) => ({ ...virtualSms(phones), id: name }),
  },
  {
    kind: 'virtual-verify',
    channels: ['sms'],
    demo: true,
    settings: noSettings,
    create: (_settings, { name, phones, clock }) => ({
      ...virtualVerify(new VirtualVerifyService({ phones, clock })),
      id: name,
    }),
  },
  {
    kind: 'virtual-voice',
    channels: ['voice'],
    demo: true,
    settings: noSettings,
    traits: () => ({ matchesNumbers: true }),
    create: (_settings, { name, phones }) => ({ ...virtualVoice(phones), id: name }),
  },
  {
    kind: 'virtual-email',
    channels: ['email'],
    demo: true,
    settings: noSettings,
    create: (_settings, { name, mailbox }) => ({ ...virtualEmail(mailbox), id: name }),
  },
];

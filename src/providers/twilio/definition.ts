import type { z } from 'zod';
import type { ProviderDefinition } from '../../core/provider.ts';
import { openTwilio } from './client.ts';
import { TwilioMessaging } from './messaging.ts';
import type { Signature } from './reports.ts';
import { twilioMessagingSettings, twilioVerifySettings, twilioVoiceSettings } from './settings.ts';
import { TwilioVerify } from './verify.ts';
import { TwilioVoice } from './voice.ts';
import { VoiceScript } from './voice-script.ts';

/** Texts whose code Twilio makes and checks. */
export const twilioVerify: ProviderDefinition<typeof twilioVerifySettings> = {
  kind: 'twilio-verify',
  channels: ['sms'],
  demo: false,
  settings: twilioVerifySettings,
  traits: (settings) => ({ codeLength: settings['code-length'] }),
  create: async (settings, needs) => new TwilioVerify(settings, needs, await openTwilio(settings, needs)),
};

/** Texts whose code Latchkey makes. */
export const twilioMessaging: ProviderDefinition<typeof twilioMessagingSettings> = {
  kind: 'twilio-messaging',
  channels: ['sms'],
  demo: false,
  settings: twilioMessagingSettings,
  create: async (settings, needs) => new TwilioMessaging(settings, needs, await openTwilio(settings, needs)),
};

/** Calls that are confirmed by keys. */
export const twilioVoice: ProviderDefinition<typeof twilioVoiceSettings> = {
  kind: 'twilio-voice',
  channels: ['voice'],
  demo: false,
  settings: twilioVoiceSettings,
  traits: () => ({ matchesNumbers: true }),
  async create(settings, needs) {
    if (!needs.callbackUrl('').startsWith('https:')) {
      needs.log.warn({}, 'the public URL is not https: Twilio cannot report to it, and no call is ever confirmed');
    }
    const client = await openTwilio(settings, needs);
    const [{ default: twiml }, webhooks] = await Promise.all([
      import('twilio/lib/twiml/VoiceResponse.js'),
      import('twilio/lib/webhooks/webhooks.js'),
    ]);
    const Response = (Reflect.get(twiml, 'default') ?? twiml) as typeof twiml;
    const script = new VoiceScript(Response, settings['spoken-languages']);
    return new TwilioVoice(settings, needs, { client, script, isSigned: webhooks.validateRequest as Signature });
  },
};

/** All three. */
export const twilioProviders: readonly ProviderDefinition<z.ZodObject>[] = [
  twilioVerify,
  twilioMessaging,
  twilioVoice,
] as unknown as readonly ProviderDefinition<z.ZodObject>[];

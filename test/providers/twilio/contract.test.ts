import type { z } from 'zod';
import type { MfaProvider, ProviderDefinition, ProviderNeeds } from '../../../src/core/provider.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { twilioMessaging, twilioVerify, twilioVoice } from '../../../src/providers/twilio/definition.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { everyMisbehaviour } from '../../peers/misbehaviour.ts';
import { TwilioPeer } from '../../peers/twilio-peer.ts';
import { withFiles } from '../files.ts';
import { number } from '../needs.ts';

const authority = await TestAuthority.create();

async function open<Settings extends z.ZodObject>(
  needs: ProviderNeeds,
  definition: ProviderDefinition<Settings>,
  own: (peer: TwilioPeer) => Readonly<Record<string, unknown>>,
): Promise<ProviderWorld> {
  const peer = await TwilioPeer.open({ authority });
  const settings = definition.settings.parse({
    'account-sid': peer.accountSid,
    'auth-token': peer.authToken,
    'api-url': peer.origin,
    'ca-file': 'ca.pem',
    ...own(peer),
  });
  const make = async (): Promise<MfaProvider> => {
    const made = await definition.create(settings, withFiles(needs, { 'ca.pem': authority.ca }));
    return 'deliver' in made ? courierProvider({ ...needs, courier: made }) : made;
  };
  const provider = await make();
  const common = {
    to: number,
    provider,
    another: make,
    secrets: [peer.authToken],
    faults: everyMisbehaviour,
    misbehave: (how: Parameters<ProviderWorld['misbehave']>[0]) => peer.misbehave(how),
    close: async () => {
      await provider.close?.();
      await peer.close();
    },
  };
  if (provider.channels[0] === 'sms') return { ...common, channel: 'sms', lastCode: () => peer.lastCode() };
  return {
    ...common,
    channel: 'voice',
    phone: {
      ringing: () => peer.line.ringing(),
      press: (keys) => peer.end({ kind: 'keys', keys }),
      hangUp: () => peer.end({ kind: 'hung-up' }),
      voicemail: () => peer.end({ kind: 'voicemail' }),
    },
    reports: {
      repeat: () => peer.repeat(),
      forge: async (reference) => {
        await peer.forge(`${needs.callbackUrl(reference)}?event=digits&turn=1`, { Digits: '#' });
      },
    },
  };
}

providerContract('twilio-verify', { proves: 'code' }, (needs) =>
  open(needs, twilioVerify, (peer) => ({ 'service-sid': peer.serviceSid })),
);
providerContract('twilio-messaging', { proves: 'code' }, (needs) =>
  open(needs, twilioMessaging, (peer) => ({ from: peer.number })),
);
providerContract('twilio-voice', { proves: 'call', matching: true, reports: true }, (needs) =>
  open(needs, twilioVoice, (peer) => ({ from: peer.number })),
);

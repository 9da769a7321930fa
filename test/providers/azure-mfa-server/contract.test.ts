import { randomBytes } from 'node:crypto';
import type { Channel, ProviderNeeds } from '../../../src/core/provider.ts';
import { azureMfaServer } from '../../../src/providers/azure-mfa-server/definition.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { MfaServerPeer } from '../../peers/mfa-server-peer.ts';
import { everyMisbehaviour } from '../../peers/misbehaviour.ts';
import { phoneAt } from '../../peers/phone-line.ts';
import { withFiles } from '../files.ts';
import { number } from '../needs.ts';

const authority = await TestAuthority.create();

async function world(needs: ProviderNeeds, channel: Channel, withCertificate: boolean): Promise<ProviderWorld> {
  const username = 'mimservice@contoso.example';
  const basic = { user: 'CONTOSO\\latchkey', password: randomBytes(12).toString('base64') };
  const peer = await MfaServerPeer.open({ authority, username, ...(withCertificate ? {} : { basic }) });
  const client = await authority.client('latchkey');
  const files = { 'ca.pem': authority.ca, 'client.pem': client.cert, 'client.key': client.key };
  const settings = azureMfaServer.settings.parse({
    url: peer.url,
    'ca-file': 'ca.pem',
    username,
    auth: withCertificate
      ? { kind: 'certificate', 'certificate-file': 'client.pem', 'key-file': 'client.key' }
      : { kind: 'basic', ...basic },
  });
  const make = async () => {
    const made = await azureMfaServer.create(settings, withFiles(needs, files));
    if ('deliver' in made) throw new Error('not a courier');
    return made;
  };
  const provider = await make();
  const common = {
    channel,
    to: number,
    provider,
    another: make,
    secrets: [basic.password, Buffer.from(`${basic.user}:${basic.password}`).toString('base64')],
    faults: everyMisbehaviour,
    misbehave: (how: Parameters<ProviderWorld['misbehave']>[0]) => peer.misbehave(how),
    close: async () => {
      await provider.close?.();
      await peer.close();
    },
  };
  if (channel === 'sms') return { ...common, lastCode: () => peer.lastCode() };
  return { ...common, phone: phoneAt(peer.line) };
}

providerContract('azure-mfa-server, calls, Basic', { proves: 'call' }, (needs) => world(needs, 'voice', false));
providerContract('azure-mfa-server, calls, client certificate', { proves: 'call' }, (needs) =>
  world(needs, 'voice', true),
);
providerContract('azure-mfa-server, texts', { proves: 'code' }, (needs) => world(needs, 'sms', false));

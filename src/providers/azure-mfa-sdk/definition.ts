import type { ProviderDefinition } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import { openP12 } from './p12.ts';
import { AzureMfaSdk, serviceCodeLength } from './provider.ts';
import { azureMfaSdkSettings } from './settings.ts';

/** MIM's first back end: the direct SDK of Azure MFA. */
export const azureMfaSdk: ProviderDefinition<typeof azureMfaSdkSettings> = {
  kind: 'azure-mfa-sdk',
  channels: ['voice', 'sms'],
  demo: false,
  settings: azureMfaSdkSettings,
  timeoutSeconds: 90,
  traits: () => ({ codeLength: serviceCodeLength }),
  async create(settings, needs) {
    const ca = settings['ca-file'];
    const identity = await openP12(needs.readFile(settings['p12-file']), settings['p12-password']);
    const trust = ca === undefined ? {} : { ca: needs.readFile(ca) };
    const http = new HttpClient({ timeoutMs: needs.timeoutMs, closeAfterEach: true, ...identity, ...trust });
    return new AzureMfaSdk(settings, needs, http);
  },
};

import type { ProviderDefinition } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import { AzureMfaServer, serverCodeLength } from './provider.ts';
import { azureMfaServerSettings } from './settings.ts';

/** MIM's second back end: an Azure MFA Server in one's own house. */
export const azureMfaServer: ProviderDefinition<typeof azureMfaServerSettings> = {
  kind: 'azure-mfa-server',
  channels: ['voice', 'sms'],
  demo: false,
  settings: azureMfaServerSettings,
  timeoutSeconds: 90,
  traits: () => ({ codeLength: serverCodeLength }),
  create(settings, needs) {
    const { auth } = settings;
    const ca = settings['ca-file'];
    const http = new HttpClient({
      timeoutMs: needs.timeoutMs,
      ...(ca === undefined ? {} : { ca: needs.readFile(ca) }),
      ...(auth.kind === 'certificate'
        ? { cert: needs.readFile(auth['certificate-file']), key: needs.readFile(auth['key-file']) }
        : {}),
    });
    return new AzureMfaServer(settings, needs, http);
  },
};

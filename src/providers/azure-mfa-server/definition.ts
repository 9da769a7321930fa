import type { ProviderDefinition, ProviderNeeds } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import { type Prove, proveWithCertificate, proveWithPassword } from './authentication.ts';
import { loadKerberos } from './kerberos.ts';
import { Negotiator } from './negotiate.ts';
import { AzureMfaServer, serverCodeLength } from './provider.ts';
import { type AzureMfaServerSettings, azureMfaServerSettings } from './settings.ts';

/** Milliseconds that a ticket may take, within what a request may take. */
const ticketMs = 10_000;

/** MIM's second back end: an Azure MFA Server in one's own house. */
export const azureMfaServer: ProviderDefinition<typeof azureMfaServerSettings> = {
  kind: 'azure-mfa-server',
  channels: ['voice', 'sms'],
  demo: false,
  settings: azureMfaServerSettings,
  timeoutSeconds: 90,
  traits: () => ({ codeLength: serverCodeLength }),
  async create(settings, needs) {
    const { auth } = settings;
    const ca = settings['ca-file'];
    const prove = await howToProve(settings, needs);
    const http = new HttpClient({
      timeoutMs: needs.timeoutMs,
      ...(ca === undefined ? {} : { ca: needs.readFile(ca) }),
      ...(auth.kind === 'certificate'
        ? { cert: needs.readFile(auth['certificate-file']), key: needs.readFile(auth['key-file']) }
        : {}),
      // IIS takes a connection for authenticated once one request on it was (authPersistNonNTLM), and need not answer
      // later tokens: one connection a request, so that each is judged and answered by its own.
      closeAfterEach: auth.kind === 'negotiate',
    });
    return new AzureMfaServer(settings, needs, { http, prove });
  },
};

async function howToProve({ auth, url }: AzureMfaServerSettings, needs: ProviderNeeds): Promise<Prove> {
  switch (auth.kind) {
    case 'basic':
      return proveWithPassword(auth);
    case 'certificate':
      return proveWithCertificate;
    case 'negotiate': {
      const negotiator = new Negotiator({
        kerberos: await loadKerberos(),
        service: auth.spn ?? `HTTP@${new URL(url).hostname}`,
        ...(auth.principal === undefined ? {} : { principal: auth.principal }),
        timeoutMs: Math.min(ticketMs, needs.timeoutMs),
      });
      return () => negotiator.prove();
    }
  }
}

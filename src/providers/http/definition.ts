import type { ProviderDefinition } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import { HttpGateway } from './gateway.ts';
import { httpSettings } from './settings.ts';

/** A gateway without code of its own: what it wants is described. */
export const httpGateway: ProviderDefinition<typeof httpSettings> = {
  kind: 'http',
  channels: ['sms'],
  demo: false,
  settings: httpSettings,
  create(settings, needs) {
    const file = (name: 'ca-file' | 'certificate-file' | 'key-file'): Buffer | undefined => {
      const named = settings[name];
      return named === undefined ? undefined : needs.readFile(named);
    };
    const [ca, cert, key] = [file('ca-file'), file('certificate-file'), file('key-file')];
    const http = new HttpClient({
      timeoutMs: needs.timeoutMs,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    return new HttpGateway(settings, needs.name, http);
  },
};

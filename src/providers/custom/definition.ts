import type { ProviderDefinition } from '../../core/provider.ts';
import { HttpClient } from '../../outbound/http-client.ts';
import { questionMs } from './await-end.ts';
import { CustomHttp, customHttpSettings } from './http-provider.ts';
import { customModuleSettings, loadModule } from './load-module.ts';
import { CustomModuleProvider } from './module-provider.ts';

/** MIM's custom phone provider, as a package. */
export const customModule: ProviderDefinition<typeof customModuleSettings> = {
  kind: 'custom-module',
  channels: ['voice', 'sms'],
  demo: false,
  settings: customModuleSettings,
  timeoutSeconds: 90,
  create: async (settings, needs) => new CustomModuleProvider(await loadModule(settings, needs.folder), needs),
};

/** The same over HTTPS, for other languages. */
export const customHttp: ProviderDefinition<typeof customHttpSettings> = {
  kind: 'custom-http',
  channels: ['voice', 'sms'],
  demo: false,
  settings: customHttpSettings,
  timeoutSeconds: 90,
  traits: (settings) => ({ matchesNumbers: settings['number-matching'] }),
  create(settings, needs) {
    const ca = settings['ca-file'];
    const trust = ca === undefined ? {} : { ca: needs.readFile(ca) };
    const client = (timeoutMs: number): HttpClient => new HttpClient({ timeoutMs, ...trust });
    const clients = { start: client(needs.timeoutMs), status: client(questionMs(needs.timeoutMs)) };
    return new CustomHttp(settings, needs, clients);
  },
};

import { Misconfigured } from '../../src/core/errors.ts';
import type { ProviderNeeds } from '../../src/core/provider.ts';

/** What a provider is given, with files that exist in the test only. */
export function withFiles(needs: ProviderNeeds, files: Readonly<Record<string, string | Buffer>>): ProviderNeeds {
  return {
    ...needs,
    readFile(name) {
      const found = files[name];
      if (found === undefined) throw new Misconfigured(`${name} cannot be read`);
      return Buffer.from(found);
    },
  };
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sendingSettings } from '../../src/core/sending/sending-rules.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { resolveReferences } from '../../src/settings/references.ts';

const document = readFileSync(path.resolve(import.meta.dirname, '../../docs/providers.md'), 'utf8');
const { providers } = await loadDefinitions([]);
const real = providers.filter((one) => !one.demo);

describe('docs/providers.md', () => {
  test('has a row and a section for every kind', () => {
    for (const { kind } of real) {
      expect(document).toContain(`| \`${kind}\` |`);
      expect(document).toContain(`\n## ${kind}\n`);
    }
  });

  test.each(real.map((one) => [one.kind, one] as const))(
    'has an example of %s that can be loaded',
    (kind, definition) => {
      const source = document.split(`\n## ${kind}\n`)[1]?.split('```yaml\n')[1]?.split('```')[0] ?? '';
      const sources = { env: () => 'a secret that is long enough for all', file: () => undefined };
      const { kind: named, ...settings } = resolveReferences(parse(source), sources).document as { kind: string };
      expect(named).toBe(kind);
      expect(definition.settings.safeExtend(sendingSettings).safeParse(settings).error).toBeUndefined();
    },
  );
});

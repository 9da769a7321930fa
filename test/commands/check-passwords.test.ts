import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkPasswords } from '../../src/commands/check-passwords.ts';
import type { Finding } from '../../src/core/directory.ts';
import { load } from '../../src/load.ts';
import { smallestDemo } from '../smallest-demo.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-check-passwords-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function findings(breached: object): Promise<readonly Finding[]> {
  const file = path.join(folder, 'latchkey.yaml');
  const configuration = {
    ...smallestDemo,
    password: { breached },
  };
  writeFileSync(file, stringify(configuration));
  return checkPasswords(await load({ LATCHKEY_CONFIG: file }));
}

describe('the check of what new passwords are compared with', () => {
  test('warns where leaked passwords are not known, and says what to do', async () => {
    const [finding] = await findings({});
    expect(finding).toMatchObject({ level: 'warning', subject: 'passwords' });
    expect(finding?.remedy).toContain('password.breached.file');
  });

  test('names the list, by its place beside the configuration, or the service', async () => {
    const line = `${createHash('sha1').update('leaked').digest('hex').toUpperCase()}:1\n`;
    writeFileSync(path.join(folder, 'leaked.txt'), line);
    expect(await findings({ file: 'leaked.txt' })).toMatchObject([
      { level: 'ok', detail: expect.stringMatching(/leaked\.txt/) },
    ]);
    const service = await findings({ 'range-url': 'https://range.example/range' });
    expect(service).toMatchObject([{ level: 'ok', detail: expect.stringMatching(/range\.example/) }]);
  });

  test('F30: finds a list that cannot be used', async () => {
    writeFileSync(path.join(folder, 'wrong.txt'), 'hunter2\n');
    await expect(findings({ file: 'wrong.txt' })).rejects.toThrow(/wrong\.txt holds something else/);
  });
});

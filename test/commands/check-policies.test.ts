import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkPolicies } from '../../src/commands/check-policies.ts';
import { load } from '../../src/load.ts';
import { smallestDemo } from '../smallest-demo.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-check-policies-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is found, as level and text. */
async function found(policy: object): Promise<readonly string[]> {
  const file = path.join(folder, 'latchkey.yaml');
  const configuration = {
    ...smallestDemo,
    providers: { texts: { kind: 'virtual-sms' }, calls: { kind: 'virtual-voice' } },
    channels: { sms: ['texts'], voice: ['calls'] },
    gates: { questions: { questions: [1, 2, 3, 4, 5].map((n) => ({ id: `q${n}`, text: { en: `Question ${n}?` } })) } },
    policies: [{ name: 'people', members: 'everyone', ...policy }],
  };
  writeFileSync(file, stringify(configuration));
  const { configuration: loaded, definitions } = await load({ LATCHKEY_CONFIG: file });
  const findings = checkPolicies(loaded, definitions);
  for (const one of findings) {
    expect(one.subject).toBe('policy people');
    if (one.level !== 'ok') expect(one.remedy).toBeDefined();
  }
  return findings.map(({ level, detail }) => `${level}: ${detail}`);
}

const phoneOnly = expect.stringMatching(/^warning: has no way without a telephone/);
const onePair = expect.stringMatching(/^warning: two gates of one way may reach one and the same number/);

test('says what a chain in order is worth, and warns of what it hangs on', async () => {
  const [worth, ...warnings] = await found({ chain: ['phone', 'otp-sms', 'questions'] });
  expect(worth).toMatch(/^ok: phone, otp-sms, questions: counts as 1 of the 2 methods/);
  expect(warnings).toEqual([onePair, phoneOnly]);
});

test('says what any two of a set are worth, by the weakest two', async () => {
  const [worth, ...warnings] = await found({ chain: ['phone', 'otp-sms', 'questions'], needed: 2, 'unlock-after': 1 });
  expect(worth).toMatch(/^ok: any 2 of phone, otp-sms, questions: counts as 1 of the 2 .*; the unlock, after 1, as 1$/);
  expect(warnings).toEqual([onePair, phoneOnly]);
});

test('tells of an unlock by what can be found out', async () => {
  expect(await found({ chain: ['questions', 'otp-sms'], 'unlock-after': 1 })).toEqual([
    expect.stringMatching(/the unlock, after 1, as 0$/),
    expect.stringMatching(/^warning: whoever finds the answers out can unlock the account/),
    expect.stringMatching(/^warning: begins with what others can find out/),
    phoneOnly,
  ]);
});

test('calls it a problem when answers alone are one of the ways', async () => {
  expect(await found({ chain: ['otp-sms', 'questions'], needed: 1 })).toEqual([
    expect.stringMatching(/^problem: can be passed without proving that somebody has something/),
  ]);
});

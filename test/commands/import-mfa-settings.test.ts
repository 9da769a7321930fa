import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { importMfaSettings } from '../../src/commands/import-mfa-settings.ts';
import { loadConfiguration, readEnvironment } from '../../src/config.ts';
import { loadDefinitions } from '../../src/definitions.ts';
import { LatchkeyProcess } from '../latchkey-process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-import-'));
afterAll(() => rmSync(folder, { recursive: true }));
const definitions = await loadDefinitions([]);
const secret = (): string => randomBytes(12).toString('hex');
const [licence, group, certificate] = [secret(), secret(), secret()];

const sdk = `<LICENSE_KEY>${licence}</LICENSE_KEY><GROUP_KEY>${group}</GROUP_KEY><CERT_PASSWORD>${certificate}</CERT_PASSWORD>
  <CertFilePath>C:\\MfaCerts\\cert_key.p12</CertFilePath><username>mim</username>`;
const server = `<Username>mimservice@contoso.example</Username><LOCMFA>true</LOCMFA>
  <LOCMFASRV>https://mfa.contoso.example:9999/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx</LOCMFASRV>`;
const custom = '<CustomPhoneProvider>C:\\Program Files\\Own.dll</CustomPhoneProvider>';

function take(inner: string | Buffer, root = 'MfaSettings') {
  const file = path.join(folder, 'MfaSettings.xml');
  writeFileSync(file, typeof inner === 'string' ? `<?xml version="1.0"?><${root}>${inner}</${root}>` : inner);
  const taken = importMfaSettings(file);
  const said = JSON.stringify(taken);
  for (const hidden of [licence, group, certificate]) expect(said).not.toContain(hidden);
  return taken;
}

/** What it became, loaded by the product's own loader among the sections that it does not touch. */
function load(inner: string) {
  const taken = take(inner);
  if (taken.kind !== 'imported') throw new Error(taken.why);
  const file = path.join(folder, 'latchkey.yaml');
  const rest = {
    'public-url': 'https://password.example.com',
    listen: { port: 3443 },
    organisation: { name: 'Contoso' },
    keys: [{ id: 'a', secret: randomBytes(32).toString('hex') }],
    store: { kind: 'sqlite', file: 'x.db' },
    directory: {
      kind: 'active-directory',
      urls: ['ldaps://dc.example.com'],
      'base-dn': 'DC=example,DC=com',
      domain: 'CORP',
      'bind-account': 'svc',
      'bind-password': 'secret',
    },
  };
  writeFileSync(file, `${stringify(rest)}\n${taken.yaml}`);
  const variables = Object.fromEntries(
    ['LICENCE_KEY', 'GROUP_KEY', 'CERT_PASSWORD', 'USER', 'PASSWORD'].map((name) => [`LATCHKEY_MFA_${name}`, 'set']),
  );
  const environment = readEnvironment({ LATCHKEY_CONFIG: file, ...variables });
  return { configuration: loadConfiguration(environment, definitions), notes: taken.notes.join('\n') };
}

describe('a MfaSettings.xml', () => {
  test('with the keys of the SDK becomes azure-mfa-sdk', () => {
    const { configuration, notes } = load(`${sdk}<DefaultCountryCode>44</DefaultCountryCode>`);
    expect(configuration.providers.mfa).toMatchObject({ kind: 'azure-mfa-sdk', username: 'mim', 'licence-key': 'set' });
    expect(configuration.channels).toMatchObject({ voice: ['mfa'], sms: ['mfa'] });
    expect(configuration.gates.phone).toMatchObject({ 'default-country': '44' });
    expect(configuration.gates['otp-sms']).toMatchObject({ 'default-country': '44', 'code-length': 6 });
    expect(configuration.providers.mfa?.countries).toContain('GB');
    for (const name of ['LATCHKEY_MFA_LICENCE_KEY', 'LATCHKEY_MFA_GROUP_KEY', 'LATCHKEY_MFA_CERT_PASSWORD', 'ended']) {
      expect(notes).toContain(name);
    }
  });

  test('with LOCMFA becomes azure-mfa-server', () => {
    const { configuration, notes } = load(`${server}<DefaultCountryCode>1</DefaultCountryCode>`);
    expect(configuration.providers.mfa).toMatchObject({
      kind: 'azure-mfa-server',
      url: 'https://mfa.contoso.example:9999/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx',
      username: 'mimservice@contoso.example',
    });
    expect(notes).toContain('Windows authentication');
  });

  test('with a provider of one’s own becomes custom-module', () => {
    const { configuration, notes } = load(custom);
    expect(configuration.providers.mfa).toMatchObject({ kind: 'custom-module' });
    expect(configuration.channels).toMatchObject({ voice: ['mfa'], sms: [] });
    expect(notes).toContain('InitiateCall');
  });

  test('may spell its elements and name its root as it likes, in any order and namespace', () => {
    const strange = server
      .replaceAll('LOCMFASRV', 'LocMfaSrv')
      .replaceAll('LOCMFA>', 'locMFA>')
      .replaceAll('Username', 'USERNAME');
    expect(take(strange, 'Anything')).toMatchObject({ kind: 'imported' });
    const prefixed = Buffer.from(`<c:r xmlns:c="urn:c">${server.replaceAll(/<(\/?)/g, '<$1c:')}</c:r>`);
    expect(take(prefixed)).toMatchObject({ kind: 'imported' });
  });

  test('may be UTF-16, as Windows writes it', () => {
    const text = `<?xml version="1.0" encoding="utf-16"?><r>${server}</r>`;
    const little = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    expect(take(little)).toMatchObject({ kind: 'imported' });
    expect(take(Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()]))).toMatchObject({
      kind: 'imported',
    });
    expect(take(Buffer.concat([Buffer.from('\ufeff'), Buffer.from(`<r>${server}</r>`)]))).toMatchObject({
      kind: 'imported',
    });
  });

  test('says of everything that it ignored that it did, and why', () => {
    const taken = take(`${sdk}<LOCMFA>false</LOCMFA><LOCMFASRV>https://x.example</LOCMFASRV><Colour>red</Colour>`);
    const notes = taken.kind === 'imported' ? taken.notes.join('\n') : taken.why;
    for (const name of ['LOCMFASRV', 'LOCMFA', 'Colour']) expect(notes).toContain(`Ignored: ${name}`);
  });

  test('with empty elements is as if they were not there', () => {
    const empty = '<LICENSE_KEY/><GROUP_KEY></GROUP_KEY><CERT_PASSWORD> </CERT_PASSWORD><CertFilePath/>';
    expect(take(empty + server)).toMatchObject({ kind: 'imported' });
  });

  test.each([
    ['none of the modes', '<Username>a</Username>', /none of the three modes/],
    ['two of them', sdk.replace(/<username>.*<\/username>/, '') + server, /LOCMFA is set, and so is LICENSE_KEY/],
    ['another two', custom + sdk, /CustomPhoneProvider is set/],
    ['three quarters of the keys', sdk.replace(/<GROUP_KEY>.*<\/GROUP_KEY>/, ''), /GROUP_KEY is missing/],
    [
      'a server without its address',
      '<LOCMFA>true</LOCMFA><Username>a</Username>',
      /LOCMFASRV and Username are needed/,
    ],
    ['a server without TLS', server.replace('https:', 'http:'), /https/],
    ['a country code that is none', `${server}<DefaultCountryCode>999</DefaultCountryCode>`, /DefaultCountryCode/],
    ['an element twice', `${server}<locmfa>false</locmfa>`, /locmfa is there twice/],
    ['broken XML', '<a>', /not XML/],
  ])('in %s is refused with a sentence', (_what, inner, why) => {
    const taken = take(inner);
    expect(taken.kind === 'refused' ? taken.why : 'imported').toMatch(why);
  });

  test('with a DOCTYPE, too large, or not there, is refused', () => {
    expect(take(Buffer.from(`<!DOCTYPE r [<!ENTITY e "x">]><r>${server}</r>`))).toMatchObject({ kind: 'refused' });
    expect(take(Buffer.alloc(1024 * 1024 + 1, 0x20))).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('1 MB'),
    });
    expect(take(Buffer.from([0xc3, 0x28]))).toMatchObject({ kind: 'refused' });
    expect(importMfaSettings('/nowhere/MfaSettings.xml')).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('ENOENT'),
    });
  });

  test('whatever it holds, ends in a configuration or in a sentence', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (inner) => {
          expect(['imported', 'refused']).toContain(take(inner).kind);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is read by the command: the configuration to standard output, the rest to standard error', {
    timeout: 60_000,
  }, async () => {
    take(sdk);
    const file = path.join(folder, 'MfaSettings.xml');
    const good = await LatchkeyProcess.command(['import', 'mfa-settings', file]).ended;
    expect(good.code).toBe(0);
    expect(parse(good.stdout)).toMatchObject({ providers: { mfa: { kind: 'azure-mfa-sdk' } } });
    expect(good.stderr).toContain('Set LATCHKEY_MFA_LICENCE_KEY');
    const bad = await LatchkeyProcess.command(['import', 'mfa-settings', `${file}.none`]).ended;
    expect([bad.code, bad.stdout]).toEqual([1, '']);
  });
});

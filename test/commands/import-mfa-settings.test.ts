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
import { escapeXml } from '../../src/outbound/xml.ts';
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
    expect(notes).toContain('no longer answer');
    expect(notes).toContain('Set LATCHKEY_MFA_LICENCE_KEY to what LICENSE_KEY holds');
    expect(notes).toContain('Set LATCHKEY_MFA_GROUP_KEY to what GROUP_KEY holds');
    expect(notes).toContain('Set LATCHKEY_MFA_CERT_PASSWORD to what CERT_PASSWORD holds');
    expect(notes).not.toContain('username:');
    expect(load(sdk.replace('<username>mim</username>', '')).notes).toContain('username: The file has no Username');
  });

  test('says of every setting that needs a hand what to do, above it', () => {
    const yaml = (inner: string): string => {
      const taken = take(inner);
      return taken.kind === 'imported' ? taken.yaml : taken.why;
    };
    expect(yaml(sdk)).toMatch(/# These are Microsoft’s addresses.*\n +targets:/);
    expect(yaml(sdk)).toMatch(/# Set LATCHKEY_MFA_LICENCE_KEY .*\n +licence-key: \$\{env:LATCHKEY_MFA_LICENCE_KEY\}/);
    expect(yaml(server)).toMatch(/# MIM used Windows authentication.*\n +auth:/);
    expect(yaml(server)).toMatch(/# Some versions of MFA Server take calls only.*\n +sms:/);
    expect(yaml(custom)).toMatch(/# A name to fill in\. The DLL cannot run here.*\n +package:/);
  });

  test.each([
    ['44', ['GB'], 'GG, IM, JE share its calling code'],
    ['1', ['US'], 'AG, AI'],
    ['+49', ['DE'], 'countries: Put in every country that calls and texts may go to.\n'],
    ['FR', ['FR'], ''],
  ])(
    'with DefaultCountryCode %s lets calls go to its main country only, and says who else has it',
    (code, countries, said) => {
      const { configuration, notes } = load(`${server}<DefaultCountryCode>${code}</DefaultCountryCode>`);
      expect(configuration.providers.mfa?.countries).toEqual(countries);
      expect(configuration.gates.phone).toMatchObject({ 'default-country': code.replace('+', '') });
      expect(`${notes}\n`).toContain(said);
    },
  );

  test('with LOCMFA becomes azure-mfa-server', () => {
    const { configuration, notes } = load(`${server}<DefaultCountryCode>1</DefaultCountryCode>`);
    expect(configuration.providers.mfa).toMatchObject({
      kind: 'azure-mfa-server',
      url: 'https://mfa.contoso.example:9999/MultiFactorAuthWebServiceSdk/PfWsSdk.asmx',
      username: 'mimservice@contoso.example',
    });
    expect(notes).toContain('Windows authentication');
    expect(notes).toContain('kind: negotiate');
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
    const taken = take(
      `${sdk}<LOCMFA>false</LOCMFA><LOCMFASRV>https://x.example</LOCMFASRV><Colour>vermilion</Colour>`,
    );
    const notes = taken.kind === 'imported' ? taken.notes.join('\n') : taken.why;
    for (const name of ['LOCMFASRV', 'LOCMFA', 'Colour']) expect(notes).toContain(`Ignored: ${name}`);
    expect(notes).not.toContain('vermilion');
  });

  test('says so too of what XML lets stand beside or inside an element', () => {
    const { notes } = load(`${secret()}${server}<GROUP_KEY value="${group}"><b>${group}</b></GROUP_KEY>`);
    expect(notes).toContain('Ignored: text in MfaSettings,');
    expect(notes).toContain('Ignored: GROUP_KEY, which holds other elements');
    expect(notes).toContain('Ignored: attributes of GROUP_KEY,');
    expect(load(`${custom}<Username>u</Username>`).notes).toContain('Ignored: Username,');
  });

  test('with empty elements is as if they were not there', () => {
    const empty = '<LICENSE_KEY/><GROUP_KEY></GROUP_KEY><CERT_PASSWORD> </CERT_PASSWORD><CertFilePath/>';
    expect(take(empty + server)).toMatchObject({ kind: 'imported' });
  });

  test.each([
    [
      'none of the modes',
      '<Username>a</Username><LOCMFASVR>b</LOCMFASVR>',
      /none of the three.*: Username, LOCMFASVR\.$/,
    ],
    ['no mode and no element', '', /none of the three modes.*: nothing\.$/],
    ['two of them', sdk.replace(/<username>.*<\/username>/, '') + server, /LOCMFA is set, and so is LICENSE_KEY/],
    ['another two', custom + sdk, /CustomPhoneProvider is set/],
    ['three quarters of the keys', sdk.replace(/<GROUP_KEY>.*<\/GROUP_KEY>/, ''), /GROUP_KEY is missing/],
    [
      'a server without its address',
      '<LOCMFA>true</LOCMFA><Username>a</Username>',
      /LOCMFASRV and Username are needed/,
    ],
    ['a server without TLS', server.replace('https:', 'http:'), /https/],
    ['a server with a password in its address', server.replace('//', `//user:${group}@`), /LOCMFASRV holds more/],
    ['a server with a key in its address', server.replace('.asmx', `.asmx?key=${group}`), /LOCMFASRV holds more/],
    ['a reference of its own', server.replace('mimservice', `\${env:HOME}`), /Username holds \$\{, /],
    ['a country code that is none', `${server}<DefaultCountryCode>999</DefaultCountryCode>`, /DefaultCountryCode/],
    ['a word for a country', `${server}<DefaultCountryCode>constructor</DefaultCountryCode>`, /DefaultCountryCode/],
    ['a name that the parser will not have', `${server}<__proto__>${group}</__proto__>`, /cannot be read as XML\.$/],
    ['an element twice', `${server}<locmfa>false</locmfa>`, /locmfa is there twice/],
    ['broken XML', `\n<GROUP_KEY>${group}</GROUP_KY>`, /not XML \(line 2\)/],
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
    const names = ['LICENSE_KEY', 'group_key', 'CERT_PASSWORD', 'CertFilePath', 'Username', 'LOCMFA', 'LOCMFASRV'];
    const name = fc.constantFrom(...names, 'DefaultCountryCode', 'CustomPhoneProvider', 'Else', 'a:b');
    const value = fc.oneof(fc.constantFrom('', 'true', '1', '44', 'https://a.example/x.asmx'), fc.string());
    const element = fc.tuple(name, value).map(([one, text]) => `<${one}>${escapeXml(printable(text))}</${one}>`);
    const document = fc.array(element, { maxLength: 8 }).map((all) => all.join(''));
    const octets = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(document, fc.string(), octets), (inner) => {
        expect(['imported', 'refused']).toContain(take(inner).kind);
      }),
      { numRuns: 500 },
    );
  });

  test('is read by the command: the configuration to standard output, the rest to standard error', {
    timeout: 60_000,
  }, async () => {
    const file = path.join(folder, 'MfaSettings.xml');
    for (const [inner, kind] of [
      [sdk, 'azure-mfa-sdk'],
      [server, 'azure-mfa-server'],
      [custom, 'custom-module'],
    ] as const) {
      take(inner);
      const good = await LatchkeyProcess.command(['import', 'mfa-settings', file]).ended;
      expect(good.code).toBe(0);
      expect(parse(good.stdout)).toMatchObject({ providers: { mfa: { kind } } });
      expect(good.stderr).toContain('countries: Put in');
      for (const hidden of [licence, group, certificate]) expect(good.stdout + good.stderr).not.toContain(hidden);
    }
    take(sdk + server.replace(/<Username>.*<\/Username>/, ''));
    const mixed = await LatchkeyProcess.command(['import', 'mfa-settings', file]).ended;
    expect([mixed.code, mixed.stdout]).toEqual([1, '']);
    for (const hidden of [licence, group, certificate]) expect(mixed.stderr).not.toContain(hidden);
    const none = await LatchkeyProcess.command(['import', 'mfa-settings', `${file}.none`]).ended;
    expect([none.code, none.stdout]).toEqual([1, '']);
  });
});

/** What XML can carry, of any text. */
function printable(text: string): string {
  return text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, '');
}

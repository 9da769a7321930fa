import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from './authority.ts';
import { MfaServerPeer } from './mfa-server-peer.ts';
import { type RawReply, sendRaw } from './raw.ts';

/** The peer stands for MFA Server: what it would take by mistake, no test of the client could find. */
const authority = await TestAuthority.create();
const username = 'svc@contoso.example';
const basic = { user: 'CONTOSO\\svc', password: randomBytes(9).toString('base64') };
const peer = await MfaServerPeer.open({ authority, username, basic });
const strict = await MfaServerPeer.open({ authority, username });
afterAll(() => Promise.all([peer.close(), strict.close()]));

const namespace = 'http://www.phonefactor.com/PfWsSdk';
const headers = {
  'Content-Type': 'text/xml; charset=utf-8',
  SOAPAction: `"${namespace}/PfAuthUser_5"`,
  Authorization: `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`,
};
const parameters = [
  `<username>${username}</username>`,
  '<initiatingAuthenticationType>pfsdk</initiatingAuthenticationType>',
  '<initiatingIpAddress>192.0.2.1</initiatingIpAddress>',
  '<applicationName>x</applicationName>',
  '<requireUserMatch>true</requireUserMatch>',
  '<mode>smsText</mode>',
  '<countryCode>44</countryCode>',
  '<phoneNumber>7946000000</phoneNumber>',
  '<extension></extension>',
].join('');
const good =
  '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
  `<PfAuthUser_5 xmlns="${namespace}">${parameters}</PfAuthUser_5></s:Body></s:Envelope>`;

const ask = (body: string | Buffer, changes: Record<string, string | readonly string[]> = {}): Promise<RawReply> =>
  sendRaw({ url: peer.url, ca: authority.ca, headers: { ...headers, ...changes }, body });

const replaced = (from: string, to: string): string => {
  if (!good.includes(from)) throw new Error(`nothing to replace: ${from}`);
  return good.replace(from, () => to);
};

test('MFA Server texts for a message as the operation describes it', async () => {
  const reply = await ask(good);
  expect(reply.status).toBe(200);
  expect(reply.text).toContain('<Code>22</Code>');
  expect(peer.messages.at(-1)?.to).toBe('+447946000000');
  expect(peer.refused).toEqual([]);
});

test.each([
  ['a parameter left out', replaced('<extension></extension>', '')],
  [
    'two parameters in another order',
    replaced(
      '<countryCode>44</countryCode><phoneNumber>7946000000</phoneNumber>',
      '<phoneNumber>7946000000</phoneNumber><countryCode>44</countryCode>',
    ),
  ],
  [
    'a parameter twice',
    replaced('<countryCode>44</countryCode>', '<countryCode>44</countryCode><countryCode>1</countryCode>'),
  ],
  ['a parameter too many', replaced('</extension>', '</extension><pin>1</pin>')],
  ['a parameter in another case', replaced('<mode>smsText</mode>', '<Mode>smsText</Mode>')],
  ['a parameter without a namespace', replaced('<mode>', '<mode xmlns="">')],
  ['an operation of another namespace', replaced(namespace, 'http://www.phonefactor.com/PfPaWs')],
  ['an operation that is not the action', good.replaceAll('PfAuthUser_5', 'PfAuthUser_4')],
  ['two operations', replaced('</s:Body>', `<TestSecurity xmlns="${namespace}"/></s:Body>`)],
  [
    'an envelope of SOAP 1.2',
    replaced('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
  ],
  ['a boolean that is none', replaced('<requireUserMatch>true', '<requireUserMatch>True')],
  ['an empty boolean', replaced('<requireUserMatch>true', '<requireUserMatch>')],
  ['an unknown mode', replaced('smsText', 'SmsText')],
  ['an unknown type of authentication', replaced('>pfsdk<', '>sdk<')],
  [
    'a nil where none may be',
    replaced('<extension>', '<extension xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">'),
  ],
  ['an element in a value', replaced('<mode>', '<mode><b/>')],
  ['text between the parameters', replaced('<mode>', 'x<mode>')],
  ['a DOCTYPE', replaced('<s:Envelope', '<!DOCTYPE s><s:Envelope')],
  ['an unknown entity', replaced('>x<', '>&nbsp;<')],
  ['a bare ampersand', replaced('>x<', '>a & b<')],
  ['a cut document', good.slice(0, -1)],
  ['another encoding', replaced('encoding="utf-8"', 'encoding="iso-8859-1"')],
  ['bytes that are not UTF-8', Buffer.from(replaced('>x<', '>\u00e4<'), 'latin1')],
])('MFA Server answers %s with a fault, and texts nobody', async (_what, body) => {
  const before = peer.messages.length;
  const reply = await ask(body);
  expect(reply.status).toBe(500);
  expect(reply.text).toContain('<faultcode>soap:Client</faultcode>');
  expect(peer.messages.length).toBe(before);
});

test.each([
  ['no SOAPAction', 500, { SOAPAction: '' }],
  ['the action of another operation', 500, { SOAPAction: `"${namespace}/TestSecurity"` }],
  ['an action in another case', 500, { SOAPAction: `"${namespace}/pfauthuser_5"` }],
  ['an action of another namespace', 500, { SOAPAction: '"http://tempuri.org/PfAuthUser_5"' }],
  ['two actions', 500, { SOAPAction: [headers.SOAPAction, headers.SOAPAction] }],
  ['the content type of SOAP 1.2', 415, { 'Content-Type': 'application/soap+xml; charset=utf-8' }],
  ['no charset', 415, { 'Content-Type': 'text/xml' }],
  ['another charset', 415, { 'Content-Type': 'text/xml; charset=iso-8859-1' }],
  ['a wrong password', 401, { Authorization: `Basic ${Buffer.from(`${basic.user}:x`).toString('base64')}` }],
  ['no credentials', 401, { Authorization: '' }],
] as const)('MFA Server refuses a message with %s', async (_what, status, changes) => {
  const before = peer.messages.length;
  expect((await ask(good, changes)).status).toBe(status);
  expect(peer.messages.length).toBe(before);
});

test('MFA Server calls nobody for a user whom it does not know: who need not match is let through', async () => {
  const before = peer.messages.length;
  const strange = replaced(username, 'nobody@contoso.example');
  expect((await ask(strange)).text).toContain('<PfAuthUser_5Result>false</PfAuthUser_5Result>');
  const loose = await ask(strange.replace('<requireUserMatch>true', '<requireUserMatch>false'));
  expect(loose.text).toContain('<PfAuthUser_5Result>true</PfAuthUser_5Result>');
  expect(peer.messages.length).toBe(before);
});

test.each([
  ['a plus sign', '<countryCode>44', '<countryCode>+44', 100],
  ['a separator', '7946000000', '7946-000000', 100],
  ['an extension that is no number', '<extension>', '<extension>x', 111],
])('MFA Server rejects a number with %s', async (_what, from, to, code) => {
  expect((await ask(replaced(from, to))).text).toContain(`<Code>${code}</Code>`);
});

test('IIS wants a certificate that it knows and that is mapped to an administrator', async () => {
  const { Authorization: _, ...plain } = headers;
  const send = (client?: Awaited<ReturnType<TestAuthority['client']>>): Promise<RawReply> =>
    sendRaw({ url: strict.url, ca: authority.ca, headers: plain, body: good, ...(client ? { client } : {}) });
  await expect(send()).rejects.toThrow();
  await expect(send(await (await TestAuthority.create()).client('latchkey'))).rejects.toThrow();
  expect((await send(await authority.client('somebody'))).status).toBe(403);
  expect(strict.messages).toEqual([]);
  expect((await send(await authority.client('latchkey'))).status).toBe(200);
});

test('a code that MFA Server sent is right once, for its request, and for nobody else', async () => {
  const id = /<authenticationRequestId>([^<]+)</.exec((await ask(good)).text)?.[1] ?? '';
  const code = peer.lastCode();
  const validate = async (with_: { readonly code?: string; readonly id?: string }): Promise<boolean> => {
    const body = good
      .replaceAll('PfAuthUser_5', 'ValidateOathCode')
      .replace(
        parameters,
        `<username>${username}</username><code>${with_.code ?? code}</code>` +
          `<authenticationRequestId>${with_.id ?? id}</authenticationRequestId><fallback>false</fallback>`,
      );
    const reply = await ask(body, { SOAPAction: `"${namespace}/ValidateOathCode"` });
    expect(reply.status).toBe(200);
    return reply.text.includes('<ValidateOathCodeResult>true<');
  };
  expect(await validate({ code: code === '000000' ? '000001' : '000000' })).toBe(false);
  expect(await validate({ id: 'another' })).toBe(false);
  expect(await validate({})).toBe(true);
  expect(await validate({})).toBe(false);
});

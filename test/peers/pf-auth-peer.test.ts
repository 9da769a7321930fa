import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from './authority.ts';
import { PfAuthPeer } from './pf-auth-peer.ts';
import { type RawReply, sendRaw } from './raw.ts';

/** The peer stands for the service of pf_auth: what it would take by mistake, no test of the client could find. */
const authority = await TestAuthority.create();
const licenceKey = randomBytes(8).toString('hex');
const groupKey = randomBytes(8).toString('hex');
const peer = await PfAuthPeer.open({ authority, licenceKey, groupKey, holder: 'licence' });
const client = await authority.client('licence');
afterAll(() => peer.close());

const headers = { 'Content-Type': 'text/xml; charset=utf-8' };
const good =
  '<?xml version="1.0" encoding="utf-8"?><pfpMessage version="1.5"><header><source><component type="pfsdk">' +
  '<host ip="255.255.255.255" hostname="pfsdk-hostname"/></component></source></header>' +
  '<request request-id="17" language="en" async="0" response-url=""><authenticationRequest mode="sms">' +
  `<customer><licenseKey>${licenceKey}</licenseKey><groupKey>${groupKey}</groupKey></customer>` +
  '<countryCode>44</countryCode><authenticationType>pfsdk</authenticationType><username>x</username>' +
  '<phonenumber userCanChangePhone="no">7946000000</phonenumber>' +
  '<allowInternationalCalls>no</allowInternationalCalls><applicationName>x</applicationName>' +
  '<smsInfo direction="one-way" mode="otp"><message>&lt;$otp$&gt;</message></smsInfo><pinInfo pinMode="standard"/>' +
  '</authenticationRequest></request></pfpMessage>';

const ask = (body: string | Buffer, changes: Record<string, string> = {}): Promise<RawReply> =>
  sendRaw({ url: peer.url, ca: authority.ca, client, headers: { ...headers, ...changes }, body });

const replaced = (from: string, to: string): string => {
  if (!good.includes(from)) throw new Error(`nothing to replace: ${from}`);
  return good.replace(from, () => to);
};

test('the service texts for a message as the protocol has it, and tells the code', async () => {
  const { text } = await ask(good);
  expect(text).toContain('request-id="17"');
  expect(text).toContain(`<otp>${peer.lastCode()}</otp>`);
  expect(peer.messages.at(-1)?.to).toBe('+447946000000');
  expect(peer.refused).toEqual([]);
});

test.each([
  ['another version', replaced('version="1.5"', 'version="1.2"')],
  ['no version', replaced(' version="1.5"', '')],
  ['another root', good.replaceAll('pfpMessage', 'pfMessage')],
  ['a namespace', replaced('<pfpMessage', '<pfpMessage xmlns="urn:x"')],
  ['no header', good.replace(/<header>.*<\/header>/, '')],
  ['another component', replaced('type="pfsdk"', 'type="radius"')],
  ['a host without an address', replaced('ip="255.255.255.255"', 'ip=""')],
  ['a host without a name', replaced(' hostname="pfsdk-hostname"', '')],
  ['a request without an id', replaced('request-id="17" ', '')],
  ['an id that is no number', replaced('"17"', '"x"')],
  ['no language', replaced('language="en" ', '')],
  ['an answer that is to be posted', replaced('async="0"', 'async="1"')],
  ['an attribute too many', replaced('async="0"', 'async="0" x="1"')],
  ['another mode', replaced('mode="sms"', 'mode="voice"')],
  ['a part left out', replaced('<applicationName>x</applicationName>', '')],
  ['a part twice', replaced('<username>x</username>', '<username>x</username><username>y</username>')],
  [
    'parts in another order',
    replaced(
      '<countryCode>44</countryCode><authenticationType>pfsdk</authenticationType>',
      '<authenticationType>pfsdk</authenticationType><countryCode>44</countryCode>',
    ),
  ],
  ['another licence', replaced(licenceKey, groupKey)],
  ['another group', replaced(groupKey, licenceKey)],
  ['a number with a separator', replaced('7946000000', '7946 000000')],
  ['a country code with a plus sign', replaced('>44<', '>+44<')],
  ['an extension that is no number', replaced('="no">7946', '="no" extension="x">7946')],
  ['a number that may perhaps be changed', replaced('"no"', '"false"')],
  ['international calls that are neither allowed nor not', replaced('>no<', '>false<')],
  ['no place for the code', replaced('&lt;$otp$&gt;', 'hello')],
  ['a text that wants an answer', replaced('one-way', 'two-way')],
  ['a text that wants a PIN and brings none', replaced('"otp"', '"otp-pin"')],
  ['a mode of PIN that brings none', replaced('pinMode="standard"', 'pinMode="pin"')],
  ['a text in a message for a call', replaced(' mode="sms"', '')],
  ['text between the parts', replaced('<username>', 'x<username>')],
  ['a DOCTYPE', replaced('<pfpMessage', '<!DOCTYPE x><pfpMessage')],
  ['a bare ampersand', replaced('<username>x', '<username>a & b')],
  ['bytes that are not UTF-8', Buffer.from(replaced('<username>x', '<username>\u00e4'), 'latin1')],
])('the service fails a message with %s, and texts nobody', async (_what, body) => {
  const before = [peer.messages.length, peer.refused.length] as const;
  expect((await ask(body)).text).toContain('disposition="fail"');
  expect([peer.messages.length, peer.refused.length]).toEqual([before[0], before[1] + 1]);
});

test.each([
  ['another content type', { 'Content-Type': 'application/xml' }],
  ['another charset', { 'Content-Type': 'text/xml; charset=iso-8859-1' }],
  ['no length', { 'Transfer-Encoding': 'chunked' }],
] as [string, Record<string, string>][])('the service fails a message with %s', async (_what, changes) => {
  const before = peer.refused.length;
  const reply = await ask(good, changes);
  expect(reply.text).toContain('disposition="fail"');
  expect(peer.refused.length).toBe(before + 1);
});

test('the service wants the certificate that came with the licence', async () => {
  const before = peer.messages.length;
  const what = { url: peer.url, ca: authority.ca, headers, body: good };
  await expect(sendRaw(what)).rejects.toThrow();
  const stranger = await (await TestAuthority.create()).client('licence');
  await expect(sendRaw({ ...what, client: stranger })).rejects.toThrow();
  const other = await authority.client('another licence');
  expect((await sendRaw({ ...what, client: other })).text).toContain('disposition="fail"');
  expect(peer.messages.length).toBe(before);
});

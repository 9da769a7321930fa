import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Misconfigured, NotSent, OutOfService, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, ProviderNeeds } from '../../../src/core/provider.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { smtp } from '../../../src/providers/smtp/definition.ts';
import { providerContract } from '../../contracts/provider-contract.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { SmtpPeer, type SmtpPeerNeeds } from '../../peers/smtp-peer.ts';
import { withFiles } from '../files.ts';
import { number, testNeeds } from '../needs.ts';

const authority = await TestAuthority.create();
const login = { user: 'latchkey', password: randomBytes(12).toString('hex') };
const address = 'anna.berg@contoso.example';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function server(needs: Partial<SmtpPeerNeeds> = {}): Promise<SmtpPeer> {
  const peer = await SmtpPeer.open({ authority, tls: 'starttls', ...login, ...needs });
  opened.push(peer);
  return peer;
}

async function mailer(peer: SmtpPeer, changes: object = {}, needs: ProviderNeeds = testNeeds()): Promise<Courier> {
  const settings = smtp.settings.parse({
    host: '127.0.0.1',
    port: peer.port,
    'ca-file': 'ca.pem',
    ...login,
    from: 'password@contoso.example',
    ...changes,
  });
  return (await smtp.create(settings, withFiles(needs, { 'ca.pem': authority.ca }))) as Courier;
}

const mail = {
  channel: 'email',
  to: address,
  text: 'Hello',
  reference: 'r-1',
  language: 'en',
  subject: 'News',
} as const;

for (const tls of ['starttls', 'implicit'] as const) {
  providerContract(`smtp, ${tls}`, { proves: 'code' }, async (needs) => {
    const peer = await SmtpPeer.open({ authority, tls, ...login });
    const courier = await mailer(peer, { tls }, needs);
    const make = () => courierProvider({ ...needs, courier });
    return {
      channel: 'email',
      to: address,
      provider: { ...make(), ...(courier.probe === undefined ? {} : { probe: () => courier.probe?.() as never }) },
      another: make,
      secrets: [login.password],
      faults: ['refuse-connections', 'hang', 'reset'],
      misbehave: (how) => peer.misbehave(how as 'hang' | undefined),
      lastCode: () => /\d{6}/.exec(peer.lastText())?.[0] ?? '',
      close: async () => {
        await courier.close?.();
        await peer.close();
      },
    };
  });
}

describe('a mail', () => {
  test('is plain text with its subject, says that a machine wrote it, and can be found by its reference', async () => {
    const peer = await server();
    const text = 'Grüße, 😀\n.\nFrom here on\n=3D ends';
    expect(
      await (await mailer(peer)).deliver({ ...mail, text, subject: 'Your password\r\nBcc: evil@example.com' }),
    ).toEqual({
      kind: 'delivered',
    });
    const [arrived] = peer.mails;
    expect(arrived).toMatchObject({ from: 'password@contoso.example', to: [address] });
    expect(arrived?.text.replaceAll('\r\n', '\n')).toBe(text);
    expect(arrived?.headers).toMatchObject({
      subject: 'Your password Bcc: evil@example.com',
      'auto-submitted': 'auto-generated',
      'message-id': '<r-1@contoso.example>',
    });
    expect(arrived?.headers.bcc).toBeUndefined();
  });

  test.each([
    'a@b.example\r\nBcc: x@y.example',
    'a@b.example, x@y.example',
    'a@b.example;x@y.example',
    'Anna <a@b.example>',
    '"a b"@b.example',
    'a@b@c.example',
    '@b.example',
    'a@',
    'a\u0000b@c.example',
    '',
  ])('does not go to %j', async (to) => {
    const peer = await server();
    expect(await (await mailer(peer)).deliver({ ...mail, to })).toMatchObject({ kind: 'rejected' });
    expect(peer.mails).toEqual([]);
  });

  test('for a number goes to the gateway that makes a text of it', async () => {
    const peer = await server();
    const courier = await mailer(peer, { 'sms-address': '{to-digits}@sms.example', 'sms-subject': 'pin' });
    expect(courier.channels).toEqual(['email', 'sms']);
    await courier.deliver({ ...mail, channel: 'sms', to: number });
    expect(peer.mails).toMatchObject([{ to: [`${number.slice(1)}@sms.example`], headers: { subject: 'pin' } }]);
  });

  test('for a number needs to know such a gateway', async () => {
    const courier = await mailer(await server());
    expect(courier.channels).toEqual(['email']);
    await expect(courier.deliver({ ...mail, channel: 'sms', to: number })).rejects.toBeInstanceOf(Misconfigured);
  });
});

describe('a mail server', () => {
  test('5.31: that offers no TLS gets neither a password nor a mail', async () => {
    const peer = await server({ tls: 'none' });
    const courier = await mailer(peer);
    await expect(courier.deliver(mail)).rejects.toBeInstanceOf(Unavailable);
    expect(await courier.probe?.()).toMatchObject({ ok: false });
    expect([peer.logins, peer.mails]).toEqual([[], []]);
  });

  test('5.31: with a certificate for another host, or of another authority, gets neither', async () => {
    for (const needs of [{ names: ['elsewhere.example'] }, { authority: await TestAuthority.create() }]) {
      const peer = await server(needs);
      const fault: unknown = await (await mailer(peer)).deliver(mail).catch((one: unknown) => one);
      expect(fault).toBeInstanceOf(NotSent);
      expect(String(fault)).toMatch(/CERT_/);
      expect([peer.logins, peer.mails]).toEqual([[], []]);
    }
  });

  test('that takes the line and says nothing: another may try', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => new Promise((resolve) => silent.close(() => resolve())) });
    const { port } = silent.address() as AddressInfo;
    const courier = await mailer({ port } as SmtpPeer, {}, testNeeds({ timeoutMs: 1_000 }));
    await expect(courier.deliver(mail)).rejects.toBeInstanceOf(NotSent);
  });

  test('hears the password only over TLS', async () => {
    const peer = await server();
    await (await mailer(peer)).deliver(mail);
    expect(peer.logins).toEqual([{ user: login.user, secure: true }]);
  });

  test('that does not take the password serves nobody', async () => {
    const courier = await mailer(await server(), { password: 'another' });
    await expect(courier.deliver(mail)).rejects.toBeInstanceOf(OutOfService);
  });

  test.each([
    ['rcpt', 550, 'rejected'],
    ['rcpt', 452, NotSent],
    ['mail', 421, NotSent],
    ['mail', 550, NotSent],
    ['data', 554, NotSent],
    ['data', 451, NotSent],
  ] as const)('that refuses at %s with %d', async (at, code, what) => {
    const peer = await server();
    const courier = await mailer(peer);
    peer.refuse({ at, code });
    const result = await courier.deliver(mail).catch((fault: unknown) => fault);
    if (typeof what === 'string') expect(result).toMatchObject({ kind: what });
    else expect(result).toBeInstanceOf(what);
    expect(`${JSON.stringify(result)} ${result}`).not.toContain('anna');
  });

  test('that took a mail and never said so is not asked to take it again', async () => {
    const peer = await server();
    const courier = await mailer(peer);
    await peer.misbehave('reset');
    const fault: unknown = await courier.deliver(mail).catch((one: unknown) => one);
    expect(fault).toBeInstanceOf(Unavailable);
    expect(fault).not.toBeInstanceOf(NotSent);
    expect(peer.mails).toHaveLength(1);
  });

  test('that cannot be reached: another may try', async () => {
    const peer = await server();
    const courier = await mailer(peer);
    await peer.close();
    await expect(courier.deliver(mail)).rejects.toBeInstanceOf(NotSent);
  });
});

test('what looks like a template is text', async () => {
  const peer = await server();
  const text = `Hello {{7*7}} <%= 1 %> \${1} {code}`;
  await (await mailer(peer)).deliver({ ...mail, text, subject: text });
  expect(peer.mails).toMatchObject([{ text: expect.stringContaining(text), headers: { subject: text } }]);
});

test.each([
  ['a user without a password', { password: undefined }],
  ['a sender with a name', { from: 'Help <a@b.example>' }],
  ['a cloud’s own address', { host: '169.254.169.254' }],
  ['a gateway without a place for the number', { 'sms-address': 'all@sms.example' }],
  ['a gateway of two addresses', { 'sms-address': '{to-digits}@a.example,b@c.example' }],
])('settings with %s are refused', (_what, changes) => {
  const good = { host: 'mail.example', ...login, from: 'a@b.example' };
  expect(smtp.settings.safeParse(good).success).toBe(true);
  expect(smtp.settings.safeParse({ ...good, ...changes }).success).toBe(false);
});

import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { TestAuthority } from '../peers/authority.ts';
import { GatewayPeer, snsBehindGateway } from '../peers/gateway-peer.ts';
import { MfaServerPeer } from '../peers/mfa-server-peer.ts';
import { TwilioPeer } from '../peers/twilio-peer.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { journeys, type Person, type PortalStage } from './journeys.ts';
import { giveNumber, signIn, startReset, typeCode } from './steps.ts';

const samba = await sharedSamba();
const authority = await TestAuthority.create();
const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-peers-'));
const caFile = path.join(folder, 'ca.pem');
writeFileSync(caFile, authority.ca);
const key = randomBytes(16).toString('hex');
const basic = { user: 'CONTOSO\\latchkey', password: randomBytes(12).toString('hex') };

const mfaServer = await MfaServerPeer.open({ authority, username: 'svc@contoso.example', basic });
const gateway = await GatewayPeer.open({ authority, personality: snsBehindGateway, key });
const twilio = await TwilioPeer.open({ authority });
afterAll(async () => {
  for (const peer of [mfaServer, gateway, twilio]) await peer.close();
});

/** The far ends of one family, as a person feels them. */
interface Family {
  /** Answers the call that rings, doing what the page asks for. */
  answer(stage: PortalStage): Promise<void>;
  hangUp(): Promise<void>;
  code(): string;
}

const blocking: Family = {
  async answer() {
    await mfaServer.line.ringing();
    mfaServer.line.end({ kind: 'keys', keys: '#' });
    await pause(300);
  },
  async hangUp() {
    await mfaServer.line.ringing();
    mfaServer.line.end({ kind: 'hung-up' });
    await pause(300);
  },
  code: () => gateway.lastCode(),
};

const reporting: Family = {
  async answer({ visitor }) {
    await twilio.line.ringing();
    const digits = (await visitor.page.locator('.match').innerText()).replace(/\D/g, '');
    expect(digits).toMatch(/^\d\d$/);
    await twilio.end({ kind: 'keys', keys: `${digits}#` });
  },
  async hangUp() {
    await twilio.line.ringing();
    await twilio.end({ kind: 'hung-up' });
  },
  code: () => twilio.lastCode(),
};

function walks(stage: PortalStage, family: Family): void {
  const messages = (): number => gateway.messages.length + twilio.messages.length;

  /** The code of the text that comes after so many. */
  async function nextCode(before: number): Promise<string> {
    await expect.poll(messages, { timeout: 10_000 }).toBe(before + 1);
    return family.code();
  }

  test('registers a telephone and a mobile', async () => {
    const { visitor } = stage;
    const person = await stage.addPerson();
    await signIn(visitor, person);
    await giveNumber(visitor);
    await visitor.afterPhone(() => family.answer(stage));
    expect(visitor.path).toBe('/registration/otp-sms');
    const before = messages();
    await giveNumber(visitor);
    await typeCode(visitor, await nextCode(before));
    expect(visitor.path).toBe('/registration/done');
  });

  test('resets after a call that was first hung up, and a code that was first mistyped', async () => {
    const { visitor } = stage;
    const person: Person = await stage.addRegistered();
    await startReset(visitor, person.login);
    await visitor.afterPhone(() => family.hangUp());
    expect(await visitor.problems()).toContain('Nothing was counted against you');
    await pause(10_500);
    await visitor.press('[name="act"][value="again"]');
    const before = messages();
    await visitor.afterPhone(() => family.answer(stage));
    expect(visitor.path).toBe('/reset/otp-sms');
    const code = await nextCode(before);
    await typeCode(visitor, code === '000000' ? '111111' : '000000');
    expect(await visitor.problems()).not.toBe('');
    await typeCode(visitor, code);
    expect(visitor.path).toBe('/reset/choose');
    for (const secret of [code, key, basic.password, twilio.authToken, person.mobile.replace(/\D/g, '')]) {
      expect(stage.world.log).not.toContain(secret);
    }
  });
}

const common = { countries: ['GB'], 'ca-file': caFile };
const chain = ['phone', 'otp-sms'];

journeys('a call that blocks, and a gateway that delivers', samba, (stage) => walks(stage, blocking), {
  chain,
  providers: {
    calls: {
      kind: 'azure-mfa-server',
      ...common,
      url: mfaServer.url,
      username: 'svc@contoso.example',
      auth: { kind: 'basic', ...basic },
    },
    texts: {
      kind: 'http',
      ...common,
      url: `${gateway.origin}/sms`,
      headers: { 'x-api-key': key },
      body: { kind: 'json', value: { PhoneNumber: '{to}', Message: '{text}' } },
      success: { status: [200] },
    },
  },
});

const account = {
  ...common,
  'account-sid': twilio.accountSid,
  'auth-token': twilio.authToken,
  'api-url': twilio.origin,
};

journeys('a call that is reported, and a service that makes the code', samba, (stage) => walks(stage, reporting), {
  chain,
  providers: {
    calls: { kind: 'twilio-voice', ...account, from: twilio.number },
    texts: { kind: 'twilio-verify', ...account, 'service-sid': twilio.serviceSid },
  },
});

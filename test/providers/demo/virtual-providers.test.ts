import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { courierProvider } from '../../../src/core/courier-provider.ts';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, MfaProvider } from '../../../src/core/provider.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import { VirtualMailbox, virtualEmail } from '../../../src/providers/demo/virtual-mailbox.ts';
import { VirtualPhones } from '../../../src/providers/demo/virtual-phones.ts';
import { virtualSms } from '../../../src/providers/demo/virtual-sms.ts';
import { VirtualVerifyService, virtualVerify } from '../../../src/providers/demo/virtual-verify.ts';
import { virtualVoice } from '../../../src/providers/demo/virtual-voice.ts';
import { BreakablePhones } from '../../breakable-phones.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { SettableClock } from '../../settable-clock.ts';

const number = '+447700900123';
const address = 'ana@example.com';

function phoneWorld(make: (phones: BreakablePhones, clock: SettableClock) => () => MfaProvider): ProviderWorld {
  const clock = new SettableClock();
  const phones = new BreakablePhones({ production: false, clock });
  const restarted = make(phones, clock);
  const provider = restarted();
  const common = {
    to: number,
    provider,
    restarted,
    pass: (seconds: number) => clock.pass(seconds),
    breakIt: () => {
      phones.broken = true;
    },
  };
  if (!provider.channels.includes('voice'))
    return { ...common, channel: 'sms', lastCode: () => phones.lastCode(number) };
  const phone = {
    confirm: () => void phones.press(phones.lastCall(number), '#'),
    hangUp: () => void phones.hangUp(phones.lastCall(number)),
    refuse: () => void phones.refuse(phones.lastCall(number)),
  };
  return { ...common, channel: 'voice', phone };
}

providerContract('a courier of texts, where Latchkey makes the code', () =>
  phoneWorld((phones, clock) => {
    const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
    return () => courierProvider({ courier: virtualSms(phones), clock, sealer });
  }),
);

providerContract('a service that makes and verifies the code', () =>
  phoneWorld((phones, clock) => {
    const service = new VirtualVerifyService({ phones, clock });
    return () => virtualVerify(service);
  }),
);

providerContract('virtual calls', () => phoneWorld((phones) => () => virtualVoice(phones)));

providerContract('a courier of mail', () => {
  const clock = new SettableClock();
  const mailbox = new VirtualMailbox({ production: false, clock });
  const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  let broken = false;
  const courier: Courier = {
    ...virtualEmail(mailbox),
    async deliver(message) {
      if (broken) throw new Unavailable('the mail server is down');
      return virtualEmail(mailbox).deliver(message);
    },
  };
  const make = (): MfaProvider => courierProvider({ courier, clock, sealer });
  return {
    channel: 'email',
    to: address,
    provider: make(),
    restarted: make,
    pass: (seconds) => clock.pass(seconds),
    breakIt: () => {
      broken = true;
    },
    lastCode: () => mailbox.mails(address).at(-1)?.text.match(/\d{6}/)?.[0] ?? '',
  };
});

describe('the virtual phones', () => {
  const clock = new SettableClock();

  test('refuse to exist in production, and so does the mailbox', () => {
    expect(() => new VirtualPhones({ production: true, clock })).toThrow(Misconfigured);
    expect(() => new VirtualMailbox({ production: true, clock })).toThrow(Misconfigured);
  });

  test('a text arrives at its number and at no other', () => {
    const phones = new VirtualPhones({ production: false, clock });
    phones.text(number, 'hello');
    expect(phones.phone(number).texts.map((one) => one.text)).toEqual(['hello']);
    expect(phones.phone('+447700900124').texts).toEqual([]);
    expect(phones.numbers()).toEqual([number]);
  });

  test('another key than the hash key confirms nothing, and the third one ends the call', () => {
    const phones = new VirtualPhones({ production: false, clock });
    const { id } = phones.ring(number, 'Press the hash key.');
    expect(phones.press(id, '5')).toMatchObject({ state: 'answered' });
    phones.press(id, '*');
    expect(phones.press(id, '0')).toMatchObject({ state: 'ended', outcome: 'unanswered' });
    expect(phones.press(id, '#')).toMatchObject({ outcome: 'unanswered' });
  });

  test('a call that was picked up can still be confirmed', () => {
    const phones = new VirtualPhones({ production: false, clock });
    const { id } = phones.ring(number, 'Press the hash key.');
    expect(phones.answer(id)).toMatchObject({ state: 'answered' });
    expect(phones.press(id, '#')).toMatchObject({ state: 'ended', outcome: 'confirmed' });
  });

  test('tell whoever listens, until they stop', () => {
    const phones = new VirtualPhones({ production: false, clock });
    const heard: string[] = [];
    const stop = phones.onChange((one) => heard.push(one));
    phones.text(number, 'one');
    stop();
    phones.text(number, 'two');
    expect(heard).toEqual([number]);
  });

  test('keep the newest and forget the oldest', () => {
    const phones = new VirtualPhones({ production: false, clock });
    for (let at = 0; at < 60; at += 1) phones.text(number, `text ${at}`);
    expect(phones.phone(number).texts).toHaveLength(50);
    expect(phones.phone(number).texts.at(-1)?.text).toBe('text 59');
    for (let at = 0; at < 1000; at += 1) phones.text(`+4477${at}`, 'x');
    expect(phones.numbers()).toHaveLength(1000);
    expect(phones.numbers()).not.toContain(number);
  });
});

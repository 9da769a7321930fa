import { describe, expect, test, vi } from 'vitest';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import type { Courier, MfaProvider, ProviderNeeds } from '../../../src/core/provider.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { VirtualMailbox, virtualEmail } from '../../../src/providers/demo/virtual-mailbox.ts';
import { VirtualPhones } from '../../../src/providers/demo/virtual-phones.ts';
import { virtualSms } from '../../../src/providers/demo/virtual-sms.ts';
import { VirtualVerifyService, virtualVerify } from '../../../src/providers/demo/virtual-verify.ts';
import { virtualVoice } from '../../../src/providers/demo/virtual-voice.ts';
import { BreakablePhones } from '../../breakable-phones.ts';
import { type ContractPhone, type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import type { Misbehaviour } from '../../peers/misbehaviour.ts';
import { SettableClock } from '../../settable-clock.ts';

const number = '+447700900123';
const address = 'ana@example.com';

type Make = (phones: BreakablePhones, needs: ProviderNeeds) => () => MfaProvider;

async function phoneWorld(needs: ProviderNeeds, make: Make): Promise<ProviderWorld> {
  const phones = new BreakablePhones({ production: false, clock: needs.clock });
  const another = make(phones, needs);
  const provider = another();
  const common = {
    to: number,
    provider,
    another,
    secrets: [],
    faults: ['refuse-connections' as const],
    misbehave: (how: Misbehaviour | undefined) => {
      phones.silent = how !== undefined;
    },
  };
  if (!provider.channels.includes('voice'))
    return { ...common, channel: 'sms', lastCode: () => phones.lastCode(number) };
  const call = (): string => phones.lastCall(number);
  const phone: ContractPhone = {
    ringing: () => vi.waitFor(() => expect(call()).not.toBe('')),
    async press(keys) {
      for (const key of keys) phones.press(call(), key);
    },
    hangUp: async () => void phones.hangUp(call()),
    refuse: async () => void phones.refuse(call()),
  };
  return { ...common, channel: 'voice', phone };
}

providerContract('a courier of texts, where Latchkey makes the code', { proves: 'code' }, (needs) =>
  phoneWorld(needs, (phones, parts) => () => courierProvider({ ...parts, courier: virtualSms(phones, parts.name) })),
);

providerContract('a service that makes and verifies the code', { proves: 'code' }, (needs) =>
  phoneWorld(needs, (phones, { name, clock }) => {
    const service = new VirtualVerifyService({ phones, clock });
    return () => virtualVerify(service, name);
  }),
);

providerContract('virtual calls', { proves: 'call', matching: true }, (needs) =>
  phoneWorld(
    needs,
    (phones, { name }) =>
      () =>
        virtualVoice(phones, name),
  ),
);

providerContract('a courier of mail', { proves: 'code' }, async (needs) => {
  const mailbox = new VirtualMailbox({ production: false, clock: needs.clock });
  let broken = false;
  const courier: Courier = {
    ...virtualEmail(mailbox, needs.name),
    async deliver(message) {
      if (broken) throw new Unavailable('the mail server is down');
      return virtualEmail(mailbox).deliver(message);
    },
  };
  const make = (): MfaProvider => courierProvider({ ...needs, courier });
  return {
    channel: 'email',
    to: address,
    provider: make(),
    another: make,
    secrets: [],
    faults: ['refuse-connections'],
    misbehave: (how) => {
      broken = how !== undefined;
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

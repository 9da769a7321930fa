import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import type { Channel, MfaProvider, ProviderNeeds } from '../../../src/core/provider.ts';
import { customModule } from '../../../src/providers/custom/definition.ts';
import { CustomModuleProvider } from '../../../src/providers/custom/module-provider.ts';
import type { PhoneCallStatus } from '../../../src/providers/custom/phone-service-provider.ts';
import { type ProviderWorld, providerContract } from '../../contracts/provider-contract.ts';
import { number, requestTo, start, testNeeds } from '../needs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-module-'));
afterAll(() => rmSync(folder, { recursive: true }));
let modules = 0;

async function load(source: string, changes: object = {}, needs = testNeeds({ folder })): Promise<MfaProvider> {
  modules += 1;
  const name = `./module-${modules}.mjs`;
  writeFileSync(path.join(folder, name), source);
  const settings = customModule.settings.parse({ package: name, ...changes });
  return (await customModule.create(settings, needs)) as MfaProvider;
}

/** A telephone exchange that such a module would speak to. */
class Exchange {
  readonly calls = new Map<string, PhoneCallStatus>();
  readonly texts: string[] = [];
  down = false;

  provider(needs: ProviderNeeds): MfaProvider {
    const demand = (): void => {
      if (this.down) throw new Error(`the exchange is down, says ${number}`);
    };
    const calls = {
      initiateCall: (_to: string, id: string): PhoneCallStatus => {
        demand();
        this.calls.set(id, 'pending');
        return 'pending';
      },
      getCallStatus: (id: string): PhoneCallStatus => {
        demand();
        return this.calls.get(id) ?? 'failed';
      },
      getFailureMessage: () => `nobody at ${number}`,
    };
    const texts = {
      sendSms: (_to: string, message: string): void => {
        demand();
        this.texts.push(message);
      },
    };
    return new CustomModuleProvider({ calls, texts, pollSeconds: 0.05, secrets: [] }, needs);
  }

  end(status: PhoneCallStatus): void {
    const last = [...this.calls.keys()].at(-1) ?? '';
    if (this.calls.get(last) === 'pending') this.calls.set(last, status);
  }
}

async function world(needs: ProviderNeeds, channel: Channel): Promise<ProviderWorld> {
  const exchange = new Exchange();
  const common = {
    channel,
    to: number,
    provider: exchange.provider(needs),
    another: () => exchange.provider(needs),
    secrets: [],
    faults: ['refuse-connections' as const],
    misbehave: (how: unknown) => {
      exchange.down = how !== undefined;
    },
  };
  if (channel === 'sms') return { ...common, lastCode: () => /\d{6}/.exec(exchange.texts.at(-1) ?? '')?.[0] ?? '' };
  return {
    ...common,
    phone: {
      ringing: () => expect.poll(() => [...exchange.calls.values()].at(-1)).toBe('pending'),
      press: async (keys) => exchange.end(keys === '#' ? 'success' : 'failed'),
      hangUp: async () => exchange.end('failed'),
    },
  };
}

providerContract('custom-module, calls', { proves: 'call' }, (needs) => world(needs, 'voice'));
providerContract('custom-module, texts', { proves: 'code' }, (needs) => world(needs, 'sms'));

describe('a module', () => {
  test.each([
    ['an object', `export default { initiateCall: () => 'success', getCallStatus() {}, getFailureMessage() {} }`],
    [
      'a function that is given the options',
      `export default (o) => ({ initiateCall: () => o.say, getCallStatus() {}, getFailureMessage() {} })`,
    ],
    [
      'functions by name',
      `export const initiateCall = () => 'success', getCallStatus = () => {}, getFailureMessage = () => {}`,
    ],
    [
      'MIM’s own spelling',
      `export default { InitiateCall: () => 'success', GetCallStatus() {}, GetFailureMessage() {} }`,
    ],
    [
      'a class that is given the options',
      `export default class { #o; constructor(o) { this.#o = o } initiateCall() { return this.#o.say } getCallStatus() {} getFailureMessage() {} }`,
    ],
    [
      'a class that was compiled to a function',
      `function P(o) { this.o = o } P.prototype.InitiateCall = function () { return this.o.say };
       P.prototype.GetCallStatus = P.prototype.GetFailureMessage = () => {}; export default P`,
    ],
    [
      'what was compiled to CommonJS',
      `export default { __esModule: true, default: { initiateCall: () => 'success', getCallStatus() {}, getFailureMessage() {} } }`,
    ],
    [
      'MIM’s own values',
      `export default { initiateCall: () => 'Pending', getCallStatus: () => 'Success', getFailureMessage() {} }`,
    ],
    [
      'an object with its own state',
      `export default new (class { #s = 'success'; initiateCall() { return this.#s } getCallStatus() {} getFailureMessage() {} })()`,
    ],
  ])('is taken as %s', async (_what, source) => {
    const provider = await load(source, { options: { say: 'success' }, 'poll-seconds': 0.1 });
    expect(provider.channels).toEqual(['voice']);
    const started = await start(provider);
    if (started.kind !== 'started') throw new Error(started.reason);
    expect(await provider.check(started.state, undefined)).toEqual({ kind: 'passed' });
  });

  test('is given a UUID as its request, the same for the same challenge, and the number as it is', async () => {
    const provider = await load(`
      globalThis.seen = [];
      export default { sendSms: (...all) => void globalThis.seen.push(all) };`);
    const request = requestTo(number, { channel: 'sms' });
    for (let at = 0; at < 2; at += 1) await provider.start(request, async () => undefined);
    const seen = Reflect.get(globalThis, 'seen') as [string, string, string, object][];
    expect(seen[0]?.[0]).toBe(number);
    expect(seen[0]?.[1]).toMatch(/^Your code is \d{6}\.\n\n@password\.example #\d{6}$/);
    expect(seen[0]?.[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(seen[1]?.[2]).toBe(seen[0]?.[2]);
    expect(seen[0]?.[3]).toEqual({ language: 'en' });
  });

  test.each([
    ['offers nothing', 'export default {}'],
    ['has calls without their status', `export default { initiateCall: () => 'success' }`],
    ['breaks when it is loaded', 'throw new Error("no")'],
    ['is no JavaScript', 'this is not it'],
    ['breaks when it is made', 'export default class { constructor() { throw new Error("no") } }'],
  ])('that %s stops the start', async (_what, source) => {
    await expect(load(source)).rejects.toBeInstanceOf(Misconfigured);
  });

  test('that is not there stops the start', async () => {
    const settings = customModule.settings.parse({ package: './nowhere.js' });
    await expect(customModule.create(settings, testNeeds({ folder }))).rejects.toBeInstanceOf(Misconfigured);
  });

  test.each([
    ['throws', `throw new Error('secret ${number}')`],
    ['says something else', `return 'ok'`],
    ['says true', 'return true'],
    ['says nothing', ''],
    ['never says anything', 'return new Promise(() => {})'],
  ])('that %s is a fault, never a pass', async (_what, body) => {
    for (const first of [body, `return 'pending'`]) {
      const source = `export default { initiateCall() { ${first} }, getCallStatus() { ${body} }, getFailureMessage() {} }`;
      const provider = await load(source, { 'poll-seconds': 0.1 }, testNeeds({ folder, timeoutMs: 1_000 }));
      const fault: unknown = await start(provider).catch((one: unknown) => one);
      // Silence and a call without an end look alike, and prove nothing either.
      if (!(fault instanceof Error)) expect(fault).toMatchObject({ state: { status: 'failed' } });
      else expect(fault).toBeInstanceOf(Unavailable);
      expect(String(fault)).not.toContain('7946');
    }
  });

  test('that fails to say once how a call stands is asked again', async () => {
    const needs = testNeeds({ folder });
    const source = `let asked = 0; export default { initiateCall: () => 'pending', getFailureMessage() {},
      getCallStatus() { asked += 1; if (asked < 3) throw new Error('busy'); return 'success' } }`;
    const started = await start(await load(source, { 'poll-seconds': 0.1 }, needs));
    expect(started).toMatchObject({ state: { status: 'success' } });
    expect(needs.lines).toHaveLength(2);
  });

  test('is not asked when a page is looked at: a decoy’s page would differ', async () => {
    const source = `export default { initiateCall() {}, getCallStatus() { throw new Error() }, getFailureMessage() {} }`;
    const provider = await load(source);
    expect(await provider.check({ call: 'x', status: 'pending' }, undefined)).toEqual({ kind: 'waiting' });
  });

  test('that tells what it was given does not tell it in the log', async () => {
    const options = { say: 'a-key-of-one-test' };
    const needs = testNeeds({ folder });
    const members = `initiateCall: () => 'failed', getCallStatus() {}, getFailureMessage: () => 'used ' + o.say`;
    await start(await load(`export default (o) => ({ ${members} })`, { options }, needs));
    expect(needs.lines.join()).toContain('used •••');
    const thrower = `export default (o) => ({ sendSms() { throw new Error('wrong key ' + o.say) } })`;
    const fault: unknown = await start(await load(thrower, { options }), { channel: 'sms' }).catch(
      (one: unknown) => one,
    );
    expect(String(fault)).toContain('wrong key •••');
    const maker = `export default (o) => { throw new Error('wrong key ' + o.say) }`;
    await expect(load(maker, { options })).rejects.toThrow('wrong key •••');
  });

  test('says why a call failed in the log, without the number', async () => {
    const needs = testNeeds({ folder });
    const source = `export default { initiateCall: () => 'failed', getCallStatus() {}, getFailureMessage: () => 'busy ${number}' }`;
    await start(await load(source, {}, needs));
    expect(needs.lines.join()).toContain('busy');
    expect(needs.lines.join()).not.toContain('7946');
  });
});

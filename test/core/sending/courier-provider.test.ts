import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/json.ts';
import type { ChallengeRequest, Courier, CourierMessage } from '../../../src/core/provider.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import { courierProvider } from '../../../src/core/sending/courier-provider.ts';
import { SettableClock } from '../../settable-clock.ts';

const request: ChallengeRequest = {
  channel: 'sms',
  to: '+447700900123',
  reference: 'reference-1',
  language: 'en',
  codeLength: 8,
  lifetimeSeconds: 300,
  text: 'Code {code}. Again: {code}.',
};

function world(host?: string) {
  const delivered: CourierMessage[] = [];
  const courier: Courier = {
    id: 'recorder',
    channels: ['sms', 'email'],
    async deliver(message) {
      delivered.push(message);
      return { kind: 'delivered' };
    },
  };
  const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  const needs = { courier, clock: new SettableClock(), sealer };
  return { delivered, provider: courierProvider(host === undefined ? needs : { ...needs, host }) };
}

describe('a courier as a provider', () => {
  test('writes the code wherever the text wants it, in the length that was asked for', async () => {
    const { delivered, provider } = world();
    await provider.start(request, async () => {});
    expect(delivered[0]?.text).toMatch(/^Code (\d{8})\. Again: \1\.$/);
    expect(delivered[0]).toMatchObject({ to: request.to, reference: 'reference-1', language: 'en' });
  });

  test('binds a text message to the host of the portals, and a mail to nothing', async () => {
    const { delivered, provider } = world('reset.example.com');
    await provider.start(request, async () => {});
    await provider.start({ ...request, channel: 'email' }, async () => {});
    const [text, mail] = delivered.map((one) => one.text);
    expect(text).toMatch(/^Code (\d{8})[^\n]*\n\n@reset\.example\.com #\1$/);
    expect(mail).not.toContain('@');
  });

  test('binds it to the page that the request names, if it names one', async () => {
    const { delivered, provider } = world('reset.example.com');
    await provider.start({ ...request, host: 'console.example.com' }, async () => {});
    await provider.start({ ...request, host: 'console.example.com', channel: 'email' }, async () => {});
    const [text, mail] = delivered.map((one) => one.text);
    expect(text).toMatch(/\n\n@console\.example\.com #\d{8}$/);
    expect(text).not.toContain('reset.example.com');
    expect(mail).not.toContain('@');
  });

  test('keeps what checks the code before it hands the code over', async () => {
    const { delivered, provider } = world();
    let keptBefore = -1;
    let kept: Json = null;
    const result = await provider.start(request, async (state) => {
      keptBefore = delivered.length;
      kept = state;
    });
    expect(keptBefore).toBe(0);
    expect(result).toEqual({ kind: 'started', state: kept });
  });

  test('hands nothing over when nothing can be kept', async () => {
    const { delivered, provider } = world();
    await expect(provider.start(request, () => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
    expect(delivered).toEqual([]);
  });

  test('the hash of one challenge is worth nothing under the name of another', async () => {
    const { delivered, provider } = world();
    const result = await provider.start(request, async () => {});
    if (result.kind !== 'started') throw new Error('rejected');
    const code = delivered[0]?.text.match(/\d{8}/)?.[0];
    const renamed = { ...(result.state as { reference: string }), reference: 'reference-2' };
    expect(await provider.check(renamed, code)).toEqual({ kind: 'wrong' });
    expect(await provider.check(result.state, code)).toEqual({ kind: 'passed' });
  });

  test('codes begin with zero as often as with any other digit', async () => {
    const { delivered, provider } = world();
    for (let at = 0; at < 400; at += 1) await provider.start({ ...request, codeLength: 6 }, async () => {});
    const first = new Set(delivered.map((one) => one.text.match(/\d{6}/)?.[0]?.[0]));
    expect([...first].sort()).toEqual([...'0123456789']);
  });

  test('a refusal of the gateway is passed on', async () => {
    const courier: Courier = {
      id: 'strict',
      channels: ['sms'],
      deliver: async () => ({ kind: 'rejected', reason: 'unknown number' }),
    };
    const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
    const provider = courierProvider({ courier, clock: new SettableClock(), sealer });
    expect(await provider.start(request, async () => {})).toEqual({ kind: 'rejected', reason: 'unknown number' });
  });
});

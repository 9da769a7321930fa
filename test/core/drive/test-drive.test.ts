import { describe, expect, test } from 'vitest';
import type { Directory, PreparedWrite } from '../../../src/core/directory.ts';
import { dryDirectory } from '../../../src/core/drive/test-drive-directory.ts';
import { DrivePhone } from '../../../src/core/drive/test-drive-phone.ts';
import { DriveRecorder, stepsOf } from '../../../src/core/drive/test-drive-recorder.ts';
import { chosenProvider } from '../../../src/core/drive/test-drive-sending.ts';
import { standInFor } from '../../../src/core/drive/test-drive-stand-in.ts';
import type { Message } from '../../../src/core/message.ts';
import { routeTo } from '../../challenge-world.ts';
import { SettableClock } from '../../settable-clock.ts';

/** A directory of which any method but those that read is a fault. */
function readable(reading: readonly (keyof Directory)[]): { directory: Directory; asked: string[] } {
  const asked: string[] = [];
  const directory = new Proxy({} as Directory, {
    get: (_, name) => {
      if (name === 'domain') return 'CONTOSO';
      return async () => {
        if (!reading.includes(name as keyof Directory)) throw new Error(`a dry run asked for ${String(name)}`);
        asked.push(String(name));
        return undefined;
      };
    },
  });
  return { directory, asked };
}

const write: PreparedWrite = { accountId: 'a', server: 'dc1', passwordLastSet: '1', lockoutTime: '5' };

describe('the directory of a dry run', () => {
  test('is never written to, and says what would have been', async () => {
    const said: Message[] = [];
    const { directory } = readable([]);
    const dry = dryDirectory({ directory, note: (message) => said.push(message) });
    expect(await dry.unlock(write)).toEqual({ kind: 'done' });
    expect(await dry.resetPassword({ ...write, lockoutTime: '0' }, 'Quiet-Harbour-77')).toEqual({ kind: 'done' });
    expect(said.map(({ key }) => key.split('.').at(-1))).toEqual(['would-unlock', 'would-reset', 'not-locked']);
    expect(JSON.stringify(said)).not.toContain('Quiet');
  });

  test('proves no password, and looks through nobody', async () => {
    const { directory, asked } = readable([]);
    const dry = dryDirectory({ directory, note: () => undefined });
    await expect(dry.authenticate({} as never, 'x')).rejects.toThrow('a dry run does not do this');
    await expect(dry.searchPeople({ text: 'a', as: 'whole', limit: 1 })).rejects.toThrow('a dry run');
    expect(() => dry.walkPeople({ groups: [], signal: new AbortController().signal })).toThrow('a dry run');
    expect(asked).toEqual([]);
  });
});

describe('the phone of a dry run', () => {
  test('ends a call once, and forgets the oldest of many', async () => {
    const heard: string[] = [];
    const phone = new DrivePhone((text) => heard.push(text));
    const voice = phone.voice(true);
    const request = { channel: 'voice', to: '+1', reference: 'r', language: 'en', codeLength: 6 } as const;
    const started = await voice.start({ ...request, lifetimeSeconds: 60, text: 'Hello', match: '42' }, async () => {});
    if (started.kind !== 'started') throw new Error('the call did not begin');
    expect(await voice.check(started.state, undefined)).toEqual({ kind: 'waiting' });
    const id = phone.view.calls[0]?.id ?? '';
    phone.end(id, 'not-me');
    phone.end(id, 'confirm');
    phone.end('another', 'confirm');
    expect(await voice.check(started.state, undefined)).toEqual({ kind: 'refused' });
    expect(await voice.check({ call: 'another' }, undefined)).toEqual({ kind: 'expired' });
    const text = { channel: 'sms', to: '+1', reference: 'r', language: 'en' } as const;
    for (let count = 0; count < 50; count += 1) await phone.courier().deliver({ ...text, text: `text ${count}` });
    expect([phone.view.texts.length, phone.view.texts.at(-1)]).toEqual([40, 'text 49']);
    expect(heard[0]).toBe('Hello');
  });
});

describe('what a drive tells', () => {
  test('of a live one stands in the rows of its flow, with the time that has passed', () => {
    const began = new Date('2026-03-02T09:42:00Z');
    const at = new Date(began.getTime() + 250);
    const detail = { channel: 'sms', provider: 'texts' };
    const [step] = stepsOf([{ at, event: 'challenge.sent', gate: 'otp-sms', subject: 'a', detail }], began);
    expect(step).toEqual({
      at: 250,
      gate: 'otp-sms',
      provider: 'texts',
      message: { key: 'console.history.challenge-sent', values: expect.anything() },
    });
  });

  test('counts the time of what failed as well, and ends before it fills the memory', async () => {
    let now = 100;
    const recorder = new DriveRecorder(() => now);
    const message = { key: 'console.drive.opened' };
    const failing = recorder.timed({ message }, async () => {
      now += 40;
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(recorder.steps).toEqual([{ at: 40, took: 40, message }]);
    for (let count = 0; count < 1_000; count += 1) recorder.note({ message });
    expect(recorder.steps).toHaveLength(400);
  });

  test('of a provider is the first that would send there, and the number by its mask', () => {
    const clock = new SettableClock();
    const provider = (id: string) => ({
      id,
      channels: ['sms'] as const,
      start: async () => ({}) as never,
      check: async () => ({}) as never,
    });
    const abroad = routeTo(provider('abroad'), { clock, rules: { deniedPrefixes: [], countries: ['FR'] } });
    const home = routeTo(provider('home'), { clock, rules: { deniedPrefixes: [], countries: ['GB'] } });
    const { message } = chosenProvider([abroad, home], 'sms', '+447700900123');
    expect(message).toEqual({ key: 'console.drive.provider', values: { provider: 'home', number: '••23' } });
    expect(chosenProvider([abroad], 'sms', '+447700900123').message.key).toBe('console.drive.refused-number');
    expect(chosenProvider([home], 'sms', undefined).message.key).toBe('console.drive.no-number');
    expect(chosenProvider(undefined, undefined, undefined).message.key).toBe('console.drive.no-provider');
  });
});

test('a gate that stands in says what it is told, and takes nothing else', async () => {
  const { verify } = standInFor({ id: 'helpdesk-code' });
  const context = {} as never;
  expect((await verify.answer({ say: 'passed' }, context)).kind).toBe('passed');
  expect((await verify.answer({ say: 'wrong' }, context)).kind).toBe('wrong');
  expect(await verify.answer({ say: 'refused' }, context)).toEqual({ kind: 'refused', reason: 'not-you' });
  expect(verify.form.safeParse({ say: 'reset' }).success).toBe(false);
});

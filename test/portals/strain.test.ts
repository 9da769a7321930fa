import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { PortalWorld } from './world.ts';

let world: PortalWorld | undefined;
afterEach(() => world?.close());

const newPassword = 'A-quite-new-Passphrase-9';

/** Holds every thread that hashes run on: each opens a pipe that nobody writes to yet. */
class HeldThreads {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'latchkey-threads-'));
  readonly #pipe = path.join(this.#folder, 'pipe');
  readonly #readers: readonly Promise<FileHandle>[];

  constructor() {
    execFileSync('mkfifo', [this.#pipe]);
    const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
    this.#readers = Array.from({ length: threads }, () => open(this.#pipe));
  }

  async release(): Promise<void> {
    const writer = openSync(this.#pipe, 'w');
    for (const reader of await Promise.all(this.#readers)) await reader.close();
    closeSync(writer);
    rmSync(this.#folder, { recursive: true });
  }
}

describe('F31: more answers to compare than the machine can', () => {
  test('are told to come again, and nothing is counted; whoever waits is served', async () => {
    const here = await PortalWorld.open({ chain: ['questions'] });
    world = here;
    const visitors: Visitor[] = [];
    // Each answers two questions: more than the 2 that run and the 200 that wait.
    for (let n = 0; n < 110; n += 1) visitors.push(await here.start(`nobody.${n}`));
    const forms = visitors.map((visitor) => visitor.form({ q1: 'a guess', q2: 'another' }));
    const threads = new HeldThreads();
    let refusals = 0;
    const flood = visitors.map(async (visitor, at) => {
      const answer = await visitor.ask({ method: 'post', ...(forms[at] as (typeof forms)[0]) });
      if (answer.status === 503) refusals += 1;
      return answer;
    });
    // 2 + 200 comparisons are those of 101 people.
    while (refusals < 9) await pause(20);
    expect((await here.visitor().open('/health/live')).status).toBe(200);
    await threads.release();
    const answers = await Promise.all(flood);
    const refused = visitors.filter((_, at) => answers[at]?.status === 503);
    expect(refused).toHaveLength(9);
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(visitors.length - refused.length);
    for (const answer of answers) if (answer.status === 503) expect(answer.headers['retry-after']).toBe('30');
    for (const visitor of refused) {
      await visitor.open('/reset/questions');
      expect(visitor.status).toBe(200);
      expect(visitor.text).not.toContain('You can try');
    }
    const [again] = refused;
    await again?.submit({ q1: 'a guess', q2: 'another' });
    expect(again?.text).toContain('You can try 2 more times');
  }, 90_000);
});

describe('F4: a domain controller that hangs', () => {
  test('in the middle of a write holds up nobody else, leaves few connections, and is told as it is', async () => {
    const here = await PortalWorld.open({ chain: ['otp-sms'] });
    world = here;
    const person = await here.registered();
    const other = await here.registered();
    const visitor = await here.toPassword(person);
    const walking = await here.start(other.samName);
    const code = await here.code(other.mobile);
    const { directory } = here.latchkey;
    const reset = directory.resetPassword.bind(directory);
    let sent = 0;
    const asked = Promise.withResolvers<void>();
    Object.assign(directory, {
      resetPassword: (...order: Parameters<typeof reset>) => {
        sent += 1;
        if (sent === 1) here.proxy.hang();
        asked.resolve();
        return reset(...order);
      },
    });
    const answered = visitor.ask({ method: 'post', ...visitor.form({ password: newPassword, repeat: newPassword }) });
    await asked.promise;
    // What needs no directory goes on meanwhile; and presses of the same button send nothing more.
    let hasEnded = false;
    void answered.then(() => {
      hasEnded = true;
    });
    const answer = await walking.ask({ method: 'post', ...walking.form({ code }, 'act=next') });
    expect(answer).toMatchObject({ status: 303, headers: { location: '/reset/choose' } });
    const pressed = await visitor.post('/reset/password', { password: newPassword, repeat: newPassword });
    expect(pressed.headers.location).toBe('/reset/working');
    expect(hasEnded).toBe(false);
    expect((await answered).headers.location).toBe('/reset/working');
    expect(here.proxy.peak).toBeLessThan(12);
    here.proxy.heal();
    here.proxy.cut();
    here.clock.pass(31);
    await visitor.open('/reset/working');
    expect(visitor.path).toBe('/reset/password');
    expect(visitor.problems).not.toBe('');
    expect(await here.bind(person, person.password)).toBe('bound');
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(sent).toBe(2);
  }, 90_000);
});

describe('F26: a machine that wakes up ten minutes later', () => {
  test('takes no code that is older than it may be, and counts none of it', async () => {
    const here = await PortalWorld.open({ chain: ['otp-sms'] });
    world = here;
    const person = await here.registered();
    const visitor = await here.start(person.samName);
    const code = await here.code(person.mobile);
    here.clock.pass(10 * 60 + 1);
    await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/reset/otp-sms');
    expect(visitor.problems).toContain('does not work any more');
    expect(visitor.text).not.toContain('You can try');
  });
});

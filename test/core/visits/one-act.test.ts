import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BadRequest, Unavailable } from '../../../src/core/errors.ts';
import { createSealer } from '../../../src/core/sealer.ts';
import type { Stores } from '../../../src/core/stores.ts';
import { type Act, OneAct, Unsure } from '../../../src/core/visits/one-act.ts';
import { openStores } from '../../../src/stores/open-stores.ts';
import { SettableClock } from '../../settable-clock.ts';

const patienceMs = 15_000;
const clock = new SettableClock();
let stores: Stores;
/** How far each look at it moves the clock by which somebody waits. */
let msALook: number;
/** Two processes on one database. */
let here: OneAct;
let there: OneAct;
const report = vi.fn();

beforeEach(async () => {
  msALook = 0;
  report.mockClear();
  const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 }, { sealer, clock });
  await stores.migrate();
  [here, there] = [node(), node()];
});
afterEach(() => stores.close());

function node(): OneAct {
  let ms = 0;
  const nowMs = () => {
    ms += msALook;
    return ms;
  };
  return new OneAct({ presses: stores.presses, clock, nowMs, report, patienceMs });
}

/** An act that counts how often it is done, and ends when it is let. */
class Counted {
  done = 0;
  readonly #end = Promise.withResolvers<string>();

  act(wish: Partial<Act<string>> = {}): Act<string> {
    return {
      do: async () => {
        this.done += 1;
        return `${await this.#end.promise} ${this.done}`;
      },
      told: (answer) => ({ json: answer, forMs: 10_000 }),
      heard: (json) => String(json),
      ifSilent: 'unsure',
      ...wish,
    };
  }

  end(): void {
    this.#end.resolve('done');
  }

  fail(fault: Error): void {
    this.#end.reject(fault);
  }
}

const first = { answer: 'done 1', isFirst: true };
const same = { answer: 'done 1', isFirst: false };

/** Until the press is taken, so that whoever comes next comes second. */
async function taken(press: string): Promise<void> {
  await vi.waitFor(async () => expect(await stores.presses.read(press)).toBeDefined());
}

describe('a press on two nodes at once', () => {
  test('is done once, and all hear what it came to', async () => {
    const counted = new Counted();
    const came = [here, there, here, there].map((one) => one.once('press', counted.act()));
    await taken('press');
    counted.end();
    const answers = await Promise.all(came);
    expect(answers.map(({ answer }) => answer)).toEqual(Array(4).fill('done 1'));
    expect(answers.filter(({ isFirst }) => isFirst)).toHaveLength(1);
    expect(counted.done).toBe(1);
  });

  test('is known for its time on both, and then it is another', async () => {
    const counted = new Counted();
    counted.end();
    expect(await here.once('press', counted.act())).toEqual(first);
    clock.pass(9);
    expect([await here.once('press', counted.act()), await there.once('press', counted.act())]).toEqual([same, same]);
    clock.pass(2);
    expect(await there.once('press', counted.act())).toEqual({ answer: 'done 2', isFirst: true });
  });

  test('is another as soon as it has ended where that was said, though whoever waited hears it', async () => {
    const counted = new Counted();
    const brief = counted.act({ told: (answer) => ({ json: answer, forMs: 0 }) });
    const [one, two] = [here.once('press', brief), taken('press').then(() => there.once('press', brief))];
    await taken('press');
    counted.end();
    expect(await one).toEqual(first);
    expect(await two).toMatchObject({ answer: expect.stringMatching(/^done/) });
    const before = counted.done;
    expect(await there.once('press', brief)).toMatchObject({ isFirst: true });
    expect(counted.done).toBe(before + 1);
  });

  test('is tried anew on the other where nothing came of it to share', async () => {
    const counted = new Counted();
    const unshared = counted.act({ told: () => undefined });
    const one = here.once('press', unshared);
    await taken('press');
    const two = there.once('press', unshared);
    counted.end();
    expect(await one).toEqual(first);
    expect(await two).toEqual({ answer: 'done 2', isFirst: true });
    expect(await stores.presses.read('press')).toBeUndefined();
  });

  test('fails on both alike, tells the other no more than anybody may see, and the next press tries anew', async () => {
    const counted = new Counted();
    const one = here.once('press', counted.act());
    one.catch(() => undefined);
    await taken('press');
    const two = there.once('press', counted.act());
    two.catch(() => undefined);
    counted.fail(new Unavailable('the directory at 192.0.2.1 is silent'));
    await expect(one).rejects.toThrow('192.0.2.1');
    await expect(two).rejects.toMatchObject({ status: 503, publicKey: 'unavailable' });
    await expect(two).rejects.not.toThrow('192.0.2.1');
    expect(counted.done).toBe(1);
    const next = new Counted();
    next.end();
    expect(await there.once('press', next.act())).toEqual(first);
  });

  test.each([
    [new BadRequest('no'), 400, 'bad-request'],
    [new Error('a mistake of ours'), 500, 'fault'],
  ])('looks the same fault: %s', async (fault, status, publicKey) => {
    const counted = new Counted();
    const one = here.once('press', counted.act());
    await taken('press');
    const two = there.once('press', counted.act());
    two.catch(() => undefined);
    counted.fail(fault);
    await expect(one).rejects.toBe(fault);
    await expect(two).rejects.toMatchObject({ status, publicKey });
  });

  test('is no other press', async () => {
    const counted = new Counted();
    counted.end();
    await here.once('one', counted.act());
    await there.once('two', counted.act());
    expect(counted.done).toBe(2);
  });
});

describe('a press whose process fell silent', () => {
  beforeEach(() => {
    msALook = patienceMs / 4;
  });

  /** As SIGKILL leaves it. */
  async function silent(press: string): Promise<void> {
    const now = clock.now();
    await stores.presses.take(press, 'dead', { now, until: new Date(now.getTime() + 1_000_000) });
  }

  test('is waited for, then nobody can say, and it is never done again', async () => {
    await silent('press');
    const counted = new Counted();
    for (let press = 0; press < 2; press += 1) {
      await expect(there.once('press', counted.act())).rejects.toThrow(Unsure);
    }
    expect(counted.done).toBe(0);
  });

  test('is done by one of the others where that does nothing twice', async () => {
    await silent('press');
    const counted = new Counted();
    counted.end();
    const both = [here, there].map((one) => one.once('press', counted.act({ ifSilent: 'anew' })));
    expect((await Promise.all(both)).filter(({ isFirst }) => isFirst)).toHaveLength(1);
    expect(counted.done).toBe(1);
  });

  test('and speaks up late changes nothing that another has done meanwhile', async () => {
    const [slow, quick] = [new Counted(), new Counted()];
    const late = here.once('press', slow.act({ ifSilent: 'anew' }));
    await taken('press');
    const over = there.once('press', quick.act({ ifSilent: 'anew', heard: () => 'heard' }));
    quick.end();
    expect(await over).toEqual(first);
    slow.end();
    await late;
    expect(await there.once('press', quick.act())).toEqual(same);
    expect(await stores.presses.read('press')).toMatchObject({ outcome: { came: 'done 1' } });
  });
});

test('what was done is answered though the store cannot be told, and that is reported', async () => {
  const counted = new Counted();
  counted.end();
  const settle = vi.spyOn(stores, 'presses', 'get').mockReturnValue({
    ...stores.presses,
    take: async () => undefined,
    settle: async () => {
      throw new Unavailable('the disk is full');
    },
  });
  expect(await node().once('press', counted.act())).toEqual(first);
  expect(report).toHaveBeenCalledTimes(1);
  settle.mockRestore();
});

import { dictionary } from '@zxcvbn-ts/language-common';
import { describe, expect, test } from 'vitest';
import type { Identity } from '../../src/core/account.ts';
import { Unavailable } from '../../src/core/errors.ts';
import type { KnownPasswords } from '../../src/core/password-screen.ts';
import { CommonPasswords } from '../../src/passwords/common-passwords.ts';
import { Screen, type ScreenNeeds } from '../../src/passwords/screen.ts';
import { ZxcvbnMeter } from '../../src/passwords/strength-meter.ts';

const account: Identity = { id: '1', name: 'C\\anna.berg', samName: 'anna.berg', displayName: 'Anna Berg' };
const common = new CommonPasswords();
const meter = new ZxcvbnMeter();

/** A list that keeps what it was asked. */
class Asked implements KnownPasswords {
  readonly passwords: string[] = [];
  readonly #answer: () => boolean;

  constructor(answer: () => boolean) {
    this.#answer = answer;
  }

  async has(password: string): Promise<boolean> {
    this.passwords.push(password);
    return this.#answer();
  }
}

const down = (): never => {
  throw new Unavailable('down');
};

function screenOf(wish: Partial<ScreenNeeds> = {}) {
  const faults: unknown[] = [];
  const report = (fault: unknown): void => void faults.push(fault);
  const usual = {
    minLength: 0,
    organisation: 'Contoso',
    words: [],
    minScore: 0,
    breached: [],
    onFault: 'allow',
  } as const;
  const screen = new Screen({ ...usual, common, meter, report, ...wish });
  const refusals = async (password: string, spotless = true): Promise<readonly string[]> =>
    (await screen.judge(password, { account, spotless })).refusals.map(({ key }) => key.split('.').at(-1) ?? '');
  return { screen, faults, refusals };
}

describe('what Latchkey asks of a new password', () => {
  test('6.2.4: every common password that is long enough is refused, in any case', async () => {
    const long = dictionary['passwords-common'].filter((one) => one.length >= 8);
    expect(long.length).toBeGreaterThan(3000);
    for (const one of long) {
      expect(await common.has(one), one).toBe(true);
      expect(await common.has(one.toUpperCase()), one).toBe(true);
    }
    const { refusals } = screenOf();
    expect(await refusals('Password1')).toEqual(['common']);
    expect(await refusals('QWERTYUIOP')).toEqual(['common']);
  });

  test('6.2.5: nothing is asked of its kinds of character', async () => {
    const { refusals } = screenOf();
    for (const one of [
      'green harbour lamps',
      '8361950274618',
      '密码很长也很特别呀',
      '🦊🐻🦉🐝🐌🐢🐙🦋',
      '        x',
      'vmkqzwtr',
    ]) {
      expect(await refusals(one), one).toEqual([]);
    }
  });

  test('6.2.9: very long ones are judged as well, and no more than the first 64 characters are weighed', async () => {
    const { screen, refusals } = screenOf({ minScore: 4 });
    for (const one of ['a4@1il!|'.repeat(32), '1'.repeat(256), 's3@$5z2k'.repeat(32), 'ﷺ'.repeat(256)]) {
      const { refusals: why } = await screen.judge(one, { account, spotless: true });
      expect(why.length, one).toBeLessThanOrEqual(1);
    }
    expect(await refusals('violet Lantern 7 orbit cactus marmalade juniper kettle 99 harbours!')).toEqual([]);
    const weight = (password: string): number => meter.judge(password, []).score;
    expect(weight(`${'abc'.repeat(22)}violet Lantern 7 orbit cactus`)).toBe(weight('abc'.repeat(22)));
  });

  test('a weak one is advised about, and refused only where the configuration says so', async () => {
    const lenient = await screenOf().screen.judge('zzzzzzzzzzz', { account, spotless: true });
    expect(lenient).toMatchObject({ refusals: [], advice: { key: 'password.advice.repeats' }, unchecked: false });
    const strict = screenOf({ minScore: 3 });
    expect(await strict.refusals('zzzzzzzzzzz')).toEqual(['weak']);
    expect(await strict.refusals('violet Lantern 7 orbit')).toEqual([]);
  });

  test('the meter knows the person’s words as they are written', async () => {
    const told: (readonly string[])[] = [];
    const weighing = { judge: (_: string, words: readonly string[]) => ({ score: told.push(words) }) };
    const tilly = { ...account, displayName: 'Tilly Allwell', samName: 't.allwell1' };
    await screenOf({ meter: weighing }).screen.judge('x', { account: tilly, spotless: true });
    expect(told[0]).toEqual(expect.arrayContaining(['Tilly', 'Allwell', 't.allwell1', 'Contoso']));
    expect(meter.judge('AllwellTilly', ['Tilly', 'Allwell']).score).toBeLessThan(meter.judge('AllwellTilly', []).score);
  });

  test('a reason that says more than the meter could stands alone', async () => {
    for (const one of ['password1', 'Contoso1', 'Anna-1']) {
      const { refusals, advice } = await screenOf().screen.judge(one, { account, spotless: true });
      expect(refusals).toHaveLength(1);
      expect(advice).toBeUndefined();
    }
  });

  test.each([
    ['asdfghjkl;', 'keyboard'],
    ['abcabcabcabc', 'repeats'],
    ['12.03.1984', 'dates'],
    ['P@ssword2', 'common'],
  ])('%s gets the advice about %s', async (password, about) => {
    const { advice } = await screenOf().screen.judge(password, { account, spotless: true });
    expect(advice?.key).toBe(`password.advice.${about}`);
  });

  test('6.2.12: a leaked one is refused, and the nearest list answers first', async () => {
    const near = new Asked(() => true);
    const far = new Asked(() => true);
    const { refusals, screen } = screenOf({ breached: [near, far] });
    expect([screen.knowsLeaked, screenOf().screen.knowsLeaked]).toEqual([true, false]);
    expect(await refusals('violet lantern orbit')).toEqual(['breached']);
    expect(near.passwords).toEqual(['violet lantern orbit']);
    expect(far.passwords).toEqual([]);
  });

  test('no list learns of a password that is refused anyway', async () => {
    const list = new Asked(() => false);
    const { refusals } = screenOf({ breached: [list], minScore: 2 });
    expect(await refusals('Contoso-26')).toContain('organisation');
    expect(await refusals('password1')).toContain('common');
    expect(await refusals('violet lantern orbit', false)).toEqual([]);
    expect(list.passwords).toEqual([]);
  });

  test('F30: with a list down the others are asked, and the configuration says what becomes of it', async () => {
    const near = new Asked(() => true);
    const found = screenOf({ breached: [new Asked(down), near], onFault: 'refuse' });
    expect(await found.refusals('violet lantern orbit')).toEqual(['breached']);
    expect(found.faults).toHaveLength(1);

    for (const onFault of ['allow', 'refuse'] as const) {
      const { screen, faults } = screenOf({ breached: [new Asked(() => false), new Asked(down)], onFault });
      const verdict = await screen.judge('violet lantern orbit', { account, spotless: true });
      expect(verdict).toEqual({ refusals: [], unchecked: onFault === 'refuse' });
      expect(faults).toHaveLength(1);
      expect(JSON.stringify(faults) + String(faults[0])).not.toContain('violet');
    }
  });

  test('a verdict never holds the password', async () => {
    const { screen } = screenOf({ minScore: 4, words: ['Widgetron'] });
    for (const one of ['Widgetron', 'Anna-Berg-1', 'Contoso1', 'password1', 'P@ssw0rd!', 'abcabcabc']) {
      const said = JSON.stringify(await screen.judge(one, { account, spotless: true })).toLowerCase();
      expect(said).not.toContain(one.toLowerCase());
    }
  });
});

import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seemingGates } from '../../../src/core/flow/decoy-ways.ts';

const anyTwo = { chain: ['phone', 'otp-sms', 'questions'], needed: 2 };
const all = anyTwo.chain;
const noPhone = ['otp-sms', 'questions'];
const pickOf = (login: string, key: string): string =>
  createHash('sha256')
    .update(key + login)
    .digest('hex');
const crowd = (whole: number, without: number): readonly (readonly string[])[] => [
  ...Array.from({ length: whole }, () => all),
  ...Array.from({ length: without }, () => noPhone),
];

describe('5.4: the gates that somebody seems to have', () => {
  test('are their own, as soon as these are enough, whatever others have', () => {
    const drawn = { people: crowd(10, 0), pick: 'f'.repeat(64) };
    expect(seemingGates(anyTwo, ['questions', 'otp-sms', 'gone'], drawn)).toEqual(noPhone);
    expect(seemingGates(anyTwo, ['questions'], drawn)).toEqual(all);
  });

  test('are among decoys as frequent as among people', () => {
    const key = randomBytes(16).toString('hex');
    const people = crowd(70, 30);
    const logins = Array.from({ length: 2000 }, (_, n) => `nobody.${n}`);
    const looks = logins.map((login) => seemingGates(anyTwo, [], { people, pick: pickOf(login, key) }).join());
    const share = looks.filter((look) => look === noPhone.join()).length / logins.length;
    // Six standard deviations.
    expect(share).toBeGreaterThan(0.24);
    expect(share).toBeLessThan(0.36);
  });

  test('stay what they are for nearly all when somebody new registers', () => {
    const key = randomBytes(16).toString('hex');
    const logins = Array.from({ length: 1000 }, (_, n) => pickOf(`nobody.${n}`, key));
    const looks = (people: readonly (readonly string[])[]) =>
      logins.map((pick) => seemingGates(anyTwo, [], { people, pick }).join());
    const before = looks(crowd(70, 30));
    const after = looks(crowd(70, 31));
    expect(before.filter((look, at) => look !== after[at]).length).toBeLessThan(40);
  });

  test('do not hang on the order in which people are read, and are always enough', () => {
    fc.assert(
      fc.property(
        fc.array(fc.subarray(all), { maxLength: 20 }),
        fc.subarray(all),
        fc.stringMatching(/^[0-9a-f]{64}$/),
        (people, own, pick) => {
          const seeming = seemingGates(anyTwo, own, { people, pick });
          expect(seemingGates(anyTwo, own, { people: [...people].reverse(), pick })).toEqual(seeming);
          expect(seeming.length).toBeGreaterThanOrEqual(2);
          expect(all).toEqual(expect.arrayContaining([...seeming]));
        },
      ),
    );
  });
});

import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import type { Message } from '../core/message.ts';
import type { StrengthMeter } from '../core/password-screen.ts';

/** Texts that zxcvbn's warnings come to, by the keys that it gives without translations. */
const warnings: Readonly<Record<string, Message>> = {
  straightRow: { key: 'password.advice.keyboard' },
  keyPattern: { key: 'password.advice.keyboard' },
  simpleRepeat: { key: 'password.advice.repeats' },
  extendedRepeat: { key: 'password.advice.repeats' },
  sequences: { key: 'password.advice.sequences' },
  recentYears: { key: 'password.advice.dates' },
  dates: { key: 'password.advice.dates' },
  topTen: { key: 'password.advice.common' },
  topHundred: { key: 'password.advice.common' },
  common: { key: 'password.advice.common' },
  similarToCommon: { key: 'password.advice.common' },
  wordByItself: { key: 'password.advice.words' },
  userInputs: { key: 'password.advice.person' },
};

/** Scores from which on there is nothing to advise. */
const good = 3;
/** Characters that are judged: more make it no weaker, and the time grows with their square. */
const judged = 64;

/**
 * zxcvbn (Wheeler, USENIX Security 2016) with the lists that suit every language: keyboards, common passwords, and
 * the words of Diceware. Those of one language more would double the memory of the process.
 */
export class ZxcvbnMeter implements StrengthMeter {
  readonly #zxcvbn = new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    maxLength: judged,
  });

  judge(password: string, words: readonly string[]): { readonly score: number; readonly advice?: Message } {
    const { score, feedback } = this.#zxcvbn.check(password, [...words]);
    if (score >= good) return { score };
    return { score, advice: warnings[feedback.warning ?? ''] ?? { key: 'password.advice.words' } };
  }
}

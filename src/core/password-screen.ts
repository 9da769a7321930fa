import type { Identity } from './account.ts';
import type { Message } from './message.ts';

/**
 * What Latchkey itself asks of a new password before the directory does: length, context, breaches, and no rule of
 * composition (NIST SP 800-63B 3.1.1.2, ASVS 6.2.5). A verdict never holds the password or a part of it.
 */
export interface PasswordScreen {
  /** UTF-16 units, as Windows counts them; 0 asks for no more than the directory does. */
  readonly minLength: number;
  /** The organisation's name, for the checklist. */
  readonly organisation: string;
  /** Whether it knows leaked passwords beside the most common ones, for the checklist. */
  readonly knowsLeaked: boolean;
  /**
   * Judges a password that meets the directory's rules or not. Says all that is wrong, but asks another machine only
   * about a password with which nothing else is wrong.
   * @param spotless false when a rule of the directory is not met already
   */
  judge(password: string, about: { readonly account: Identity; readonly spotless: boolean }): Promise<ScreenVerdict>;
}

export interface ScreenVerdict {
  /** Why it is not taken. Empty: it is. */
  readonly refusals: readonly Message[];
  /** What would make a better one, when the meter has something to say. */
  readonly advice?: Message;
  /** A machine could not be asked and the configuration wants no password taken then: the person is not to blame. */
  readonly unchecked: boolean;
}

/** Passwords that attackers know: a list here, a file, or a far end. */
export interface KnownPasswords {
  /** Whether the whole password is among them. Rejects when that cannot be told now. */
  has(password: string): Promise<boolean>;
  /** Ends what it holds open. */
  close?(): Promise<void>;
}

/** How soon a password is guessed. */
export interface StrengthMeter {
  /** @param words what guessers know of the person. `score` is 0 (at once) to 4. */
  judge(password: string, words: readonly string[]): { readonly score: number; readonly advice?: Message };
}

import { dictionary } from '@zxcvbn-ts/language-common';
import type { KnownPasswords } from '../core/password-screen.ts';

/**
 * The passwords that are used most, some 49,000, as the dictionaries of zxcvbn-ts have them (MIT). They stand there in
 * small letters, and Password1 is guessed as soon as password1: case makes no difference.
 */
export class CommonPasswords implements KnownPasswords {
  readonly #all = new Set(dictionary['passwords-common'].map(String));

  async has(password: string): Promise<boolean> {
    return this.#all.has(password.normalize('NFKC').toLowerCase());
  }
}

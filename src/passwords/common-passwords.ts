import { dictionary } from '@zxcvbn-ts/language-common';
import type { KnownPasswords } from '../core/password-screen.ts';

/**
 * The passwords that are used most, some 49,000, as the dictionaries of zxcvbn-ts have them (MIT). They stand there in
 * small letters, and Password1 is guessed as soon as password1: case makes no difference.
 */
export class CommonPasswords implements KnownPasswords {
  async has(password: string): Promise<boolean> {
    // Read through, as a set of them would take more memory than the 30 microseconds are worth.
    return dictionary['passwords-common'].includes(password.normalize('NFKC').toLowerCase());
  }
}

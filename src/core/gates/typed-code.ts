import { asciiDigits } from '../digits.ts';

/**
 * A one-time code as the person typed or pasted it, made comparable: digits of any script, without spaces and dashes.
 * @returns ASCII text; of anything but digits only if they typed anything else
 */
export function readCode(typed: string): string {
  return asciiDigits(typed).replace(/[\s\p{Pd}]/gu, '');
}

/**
 * Writes every decimal digit of any script as 0 to 9, and fullwidth signs as plain ones; drops invisible format marks,
 * which right-to-left keyboards and copied numbers bring along.
 */
export function asciiDigits(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{Nd}/gu, digitValue);
}

/** Unicode keeps the ten digits of a script in one row, zero first (Unicode Standard 4.6). */
function digitValue(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}

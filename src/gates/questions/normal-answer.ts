import { asciiDigits } from '../../core/digits.ts';

/** An answer without what people never see or mean: compatible forms, invisible marks, spaces at the ends and doubled. */
export function tidyAnswer(typed: string): string {
  return asciiDigits(typed).replace(/\s+/gu, ' ').trim();
}

/**
 * One spelling for all ways to type the same answer, the same in every language: case is folded both ways, so that
 * ß and ss, both small sigmas, and the Turkish dotted and dotless i come out alike.
 */
export function normalAnswer(typed: string): string {
  const folded = tidyAnswer(typed).toLowerCase().toUpperCase().toLowerCase();
  return folded.replaceAll('i\u0307', 'i').normalize('NFKC');
}

/** Characters as people count them: a letter with its accents is one. */
export function answerLength(answer: string): number {
  return [...new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(answer)].length;
}

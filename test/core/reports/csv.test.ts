import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../src/core/reports/csv.ts';

/** Reads one line as RFC 4180 has it, and throws for anything else. */
function read(line: string): readonly string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n$)/.exec(line.slice(at));
    if (match === null) throw new Error(`no CSV at ${at}: ${line}`);
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    at += match[0].length;
    if (match[3] !== ',') return cells;
  }
}

/** Cells as they are seen by a program that is set to end them by one sign, and knows or does not know of quotes. */
const separators = [',', ';', '\t', '|', '\n', '\r', '"', "'"];
const starts = /^[ ]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]/;

test('text is quoted, numbers are not, and nothing is an empty cell', () => {
  expect(csvLine(['a', 1.5, undefined, '', -3, Number.NaN])).toBe('"a",1.5,,"",-3,\r\n');
  expect(csvLine(['say "hi", then\r\ngo', 'ä‏€😀'])).toBe('"say ""hi"", then\r\ngo","ä‏€😀"\r\n');
});

describe('a formula becomes a text', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ['+44 20', "'+44 20"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\r=1', "'\r'=1"],
    ['\n=1', "'\n'=1"],
    ['  =1', "  '=1"],
    ['a;=1+1', "a;'=1+1"],
    ['a,=1', "a,'=1"],
    ['a","=1', 'a","\'=1'],
    ["';=1", "';'=1"],
    ['a\n-1', "a\n'-1"],
    ['＝1', "'＝1"],
    ['a,\u200b=1', "a,\u200b'=1"],
    ['\u0000=1', "'\u0000'=1"],
    ['{"by":"=1"}', '{"by":"\'=1"}'],
  ])('%j', (text, seen) => {
    expect(read(csvLine([text]))).toEqual([seen]);
  });

  test('and other text stays as it is', () => {
    for (const text of ['a-b', 'a = b', 'person@example.test', '2026-03-29T12:00:00.000Z', 'x+y', '']) {
      expect(read(csvLine([text]))).toEqual([text]);
    }
  });

  test('whatever signs stand around it, and whatever a program ends its cells by', () => {
    const sign = fc.constantFrom(...separators, '=', '+', '-', '@', ' ', 'a', '＝', '\0', '\v');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: sign, maxLength: 8 }), { minLength: 1, maxLength: 4 }), (cells) => {
        const line = csvLine(cells);
        const seen = read(line);
        expect(seen).toHaveLength(cells.length);
        expect(seen.filter((cell) => starts.test(cell))).toEqual([]);
        for (const end of [',', ';', '\t', '|', '\n', '\r']) {
          const parts = line
            .slice(0, -2)
            .split(end)
            .flatMap((part) => [part, part.replace(/^"+/, '')]);
          expect(parts.filter((part) => /^ *[=+\-@＝]/.test(part))).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

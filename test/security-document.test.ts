import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const folder = import.meta.dirname;
const lines = readFileSync(path.join(folder, '../docs/security.md'), 'utf8').split('\n');

/** The cells of every row of the tables that stand below a heading. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const from = lines.indexOf(`## ${heading}`);
  const to = lines.findIndex((line, index) => index > from && line.startsWith('## '));
  const rows = lines.slice(from + 1, to < 0 ? undefined : to).filter((line) => line.startsWith('|'));
  // The first two lines of a table are its head.
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

const numbers = (count: number, prefix = ''): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

/** Tests are named by their file below test/, without an ending, and a piece of their name as it stands there. */
function namedTests(): readonly { readonly name: string; readonly file: string; readonly piece: string }[] {
  const names = lines.filter((line) => line.startsWith('|')).flatMap((line) => [...line.matchAll(/`([^`]+: [^`]+)`/g)]);
  return names.map(([, name = '']) => {
    const [file = '', ...piece] = name.split(': ');
    return { name, file, piece: piece.join(': ') };
  });
}

function sourceOf(file: string): string {
  const candidates = [`${file}.test.ts`, `${file}.ts`].map((name) => path.join(folder, name));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`there is no test file ${file}`);
  return readFileSync(found, 'utf8');
}

describe('docs/security.md', () => {
  test.each(namedTests())('names a test that is there: $name', ({ file, piece }) => {
    expect(sourceOf(file)).toContain(piece);
  });

  test.each([
    ['What always holds', numbers(16)],
    ['Attacks', numbers(43, '5.')],
    ['Faults', numbers(35, 'F')],
  ])('has a row for everything below "%s", each once and in order', (heading, ids) => {
    expect(rowsBelow(heading).map(([id]) => id)).toEqual(ids);
  });

  test.each(['What always holds', 'Attacks', 'Faults', 'OWASP ASVS 5.0'])(
    'names a test, or says why there is none, in every row below "%s"',
    (heading) => {
      const rows = rowsBelow(heading);
      const bare = rows.filter((row) => !/`[^`]+: [^`]+`|Not yet: .+|Does not apply: .+/.test(row.at(-1) ?? ''));
      expect(rows.length).toBeGreaterThan(0);
      expect(bare).toEqual([]);
    },
  );
});

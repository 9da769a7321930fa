import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../src/core/errors.ts';
import { BreachedFile } from '../../src/passwords/breached-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-breached-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();
let files = 0;

function fileOf(text: string): string {
  files += 1;
  const name = path.join(folder, `list-${files}.txt`);
  writeFileSync(name, text);
  return name;
}

function listOf(passwords: readonly string[], ending = '\r\n'): string {
  return passwords
    .map((password, nth) => `${sha1(password)}:${nth * 7919 + 1}`)
    .sort()
    .join(ending)
    .concat(ending);
}

async function using<T>(name: string, look: (file: BreachedFile) => Promise<T>): Promise<T> {
  const file = await BreachedFile.open(name);
  try {
    return await look(file);
  } finally {
    await file.close();
  }
}

const many = Array.from({ length: 20_000 }, (_, nth) => `leaked-${nth}`);

describe('a file of leaked passwords', () => {
  test.each(['\n', '\r\n'])(
    '6.2.12: has each of its own and none beside, with %j at the end of lines',
    async (ending) => {
      await using(fileOf(listOf(many, ending)), async (file) => {
        for (const password of many.filter((_, nth) => nth % 9 === 0))
          expect(await file.has(password), password).toBe(true);
        for (let nth = 0; nth < 300; nth += 1) expect(await file.has(`safe-${nth}`)).toBe(false);
      });
    },
  );

  test('6.2.12: is read right at every size around the blocks that it is read in', async () => {
    for (let size = 60; size <= 300; size += 3) {
      const some = many.slice(0, size);
      await using(fileOf(listOf(some)), async (file) => {
        const sorted = some.toSorted((one, other) => (sha1(one) < sha1(other) ? -1 : 1));
        for (const nth of [0, 1, Math.floor(size / 2), size - 2, size - 1]) {
          expect(await file.has(sorted[nth] ?? ''), `${nth} of ${size}`).toBe(true);
        }
        expect(await file.has('safe')).toBe(false);
      });
    }
  });

  test('6.2.12: agrees with a set about anything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 300 }),
        async (all) => {
          const [first = '', ...rest] = all;
          const kept = rest.length === 0 ? all : rest;
          await using(fileOf(listOf(kept).trimEnd()), async (file) => {
            for (const one of kept) expect(await file.has(one)).toBe(true);
            expect(await file.has(first)).toBe(kept.includes(first));
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('takes hashes in small letters, and a last line without an end', async () => {
    await using(fileOf(listOf(['one', 'two', 'three']).toLowerCase().trimEnd()), async (file) => {
      for (const one of ['one', 'two', 'three']) expect(await file.has(one)).toBe(true);
      expect(await file.has('four')).toBe(false);
    });
  });

  test.each<[string, string]>([
    ['is empty', ''],
    ['holds something else', 'hunter2\npassword\n'],
    ['holds something else', 'x'.repeat(20_000)],
    ['holds something else', `${'AB'.repeat(16)}:3\n`],
    ['holds something else', listOf(many).slice(0, 100_000).concat('\0'.repeat(200_000))],
    ['is not sorted', listOf(many).trimEnd().split('\r\n').reverse().join('\r\n')],
  ])('F30: that %s stops the start, and says so', async (why, text) => {
    const opened = BreachedFile.open(fileOf(text));
    await expect(opened).rejects.toBeInstanceOf(Misconfigured);
    await expect(opened).rejects.toThrow(new RegExp(`password\\.breached\\.file: .*${why}`));
  });

  test('F30: that is missing, or a folder, stops the start', async () => {
    await expect(BreachedFile.open(path.join(folder, 'nowhere'))).rejects.toThrow(/nowhere cannot be read \(ENOENT\)/);
    await expect(BreachedFile.open(folder)).rejects.toThrow(/is not a file/);
  });

  test('F30: that is cut or overwritten while it is in use is a fault, and never "not leaked"', async () => {
    const name = fileOf(listOf(many));
    await using(name, async (file) => {
      truncateSync(name, 1000);
      await expect(file.has('safe')).rejects.toBeInstanceOf(Unavailable);
      writeFileSync(name, '\0'.repeat(2_000_000));
      const fault = await file.has('leaked-1').catch((one: unknown) => one);
      expect(fault).toBeInstanceOf(Unavailable);
      expect(String(fault)).not.toContain(sha1('leaked-1').slice(0, 5));
    });
  });
});

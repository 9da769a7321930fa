import { describe, expect, test } from 'vitest';
import { type AuditRow, auditGenesis, auditHash, type ChainedRow } from '../../../src/core/audit/audit.ts';
import { auditLineWriter, chainedRows, isWarning } from '../../../src/core/audit/audit-lines.ts';

const json = auditLineWriter('jsonl', '1.2.3');
const cef = auditLineWriter('cef', '1.2.3');
const at = new Date('2026-11-24T10:00:00.123Z');
const bare = { at, event: 'gate.wrong', sequence: 7, hash: 'ab'.repeat(32), previous: 'cd'.repeat(32) } as const;
const full: ChainedRow = {
  ...bare,
  subject: 'subject-1',
  portal: 'reset',
  flow: 'F-1',
  gate: 'phone',
  address: '192.0.2.7',
  correlation: 'c0ffee',
  detail: { tries: 2, by: 'ä=|\\' },
};

/** Everything that a terminal, a log or a reader could take for something else than text. */
const hostile = 'a\r\nb\u001b[31m\u0000\u007f\u0085\u2028\u2029\u202e\u2066\u200b\ufeff\ud800|=\\"{{x}}=HYPERLINK()';

describe('a row as JSON', () => {
  test('holds all that is hashed, and both hashes: whoever has the lines can check the chain', () => {
    const parsed = JSON.parse(json(full));
    const { previous, hash, sequence, ...event } = parsed;
    expect({ previous, hash, sequence }).toStrictEqual({ previous: full.previous, hash: full.hash, sequence: 7 });
    const { previous: _previous, hash: _hash, sequence: _sequence, ...given } = full;
    expect(auditHash(previous, sequence, { ...event, at: new Date(event.at) })).toBe(auditHash(previous, 7, given));
  });

  test('5.19: 16.4.1: is one line of ASCII, whatever stands in it, and means the same', () => {
    const line = json({ ...bare, subject: hostile, detail: { agent: hostile, 'ключ\u202e': '😀' } });
    expect(line).toMatch(/^[ -~]+$/);
    expect(JSON.parse(line)).toMatchObject({ subject: hostile, detail: { agent: hostile, 'ключ\u202e': '😀' } });
  });
});

describe('a row as CEF', () => {
  test('has a header and an extension', () => {
    expect(cef(full)).toBe(
      'CEF:0|Latchkey|Latchkey|1.2.3|gate.wrong|gate wrong|6|rt=1795514400123 externalId=7 cat=audit src=192.0.2.7 ' +
        `suid=subject-1 cs1Label=hash cs1=${full.hash} cs2Label=previousHash cs2=${full.previous} ` +
        'cs3Label=flow cs3=F-1 cs4Label=portal cs4=reset cs5Label=gate cs5=phone cs6Label=correlation cs6=c0ffee ' +
        'msg={"tries":2,"by":"ä\\=|\\\\\\\\"}',
    );
    expect(cef({ ...bare, event: 'gate.passed', address: '2001:db8::1' })).toMatch(
      /\|gate passed\|3\|.* c6a2Label=sourceAddress c6a2=2001:db8::1 /,
    );
  });

  test('5.19: 16.4.1: is one line with one header and the fields that it should have, whatever stands in it', () => {
    const line = cef({ ...bare, event: 'a|b\\\n' as AuditRow['event'], subject: `x ${hostile} suid=admin` });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/);
    const { header, fields } = readCef(line);
    expect(header).toHaveLength(7);
    expect(header[4]).toBe('a|b\\\\u000a');
    expect(fields.suid).toMatch(/^x a\nb.*suid=admin$|^x a\r\nb[\s\S]*suid=admin$/);
    expect(Object.keys(fields)).toEqual(['rt', 'externalId', 'cat', 'suid', 'cs1Label', 'cs1', 'cs2Label', 'cs2']);
  });
});

/** Reads CEF as its specification says. */
function readCef(line: string) {
  const parts = line.split(/(?<!\\)(?:\\\\)*\|/);
  const header = line.match(/(?:\\.|[^|\\])*(?:\||$)/g)?.slice(0, 7) ?? [];
  const extension = line.slice(header.join('').length);
  const keys = [...extension.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  const fields = Object.fromEntries(
    keys.map((match, index) => {
      const value = extension.slice(match.index + match[0].length, keys[index + 1]?.index);
      return [match[1] ?? '', value.replaceAll(/\\(.)/g, (_whole, one) => ({ n: '\n', r: '\r' })[one as 'n'] ?? one)];
    }),
  );
  expect(parts.length).toBeGreaterThanOrEqual(7);
  return { header: header.map((part) => part.replace(/\|$/, '').replaceAll(/\\([\\|])/g, '$1')), fields };
}

test('what people alarm on is a warning', () => {
  expect(
    [
      'gate.wrong',
      'write.refused',
      'account.barred',
      'flow.sequence-violation',
      'write.unknown',
      'policies.saved',
    ].every((event) => isWarning(event as AuditRow['event'])),
  ).toBe(true);
  expect(
    ['gate.passed', 'account.unbarred', 'write.done', 'policies.saving'].some((event) =>
      isWarning(event as AuditRow['event']),
    ),
  ).toBe(false);
});

describe('rows with what they are chained to', () => {
  const rows = Array.from({ length: 25 }, (_, index) => ({ ...bare, sequence: index + 1, hash: `h${index + 1}` }));
  let largest = 0;
  const audit = {
    page: async ({ after, upTo = 99, limit }: { after: number; upTo?: number; limit: number }) => {
      largest = Math.max(largest, limit);
      return rows.filter((row) => row.sequence > after && row.sequence <= upTo).slice(0, limit);
    },
  };
  const read = (from: number, to: number) => Array.fromAsync(chainedRows(audit, { from, to }, 10));

  test('come whole over all pages, from the first and from within, and no page is larger than asked for', async () => {
    const all = await read(1, 25);
    expect(all.map((row) => row.sequence)).toEqual(rows.map((row) => row.sequence));
    expect(all.map((row) => row.previous)).toEqual([auditGenesis, ...rows.slice(0, -1).map((row) => row.hash)]);
    expect((await read(12, 14)).map((row) => row.previous)).toEqual(['h11', 'h12', 'h13']);
    expect(await read(26, 40)).toEqual([]);
    expect(largest).toBe(10);
  });
});

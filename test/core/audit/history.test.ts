import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AuditEventName, AuditRow } from '../../../src/core/audit/audit.ts';
import { historyLine, toldReasons } from '../../../src/core/audit/history.ts';
import { textsOf } from '../../locales/texts.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const texts = textsOf(readFileSync(path.join(root, 'src/locales/en.json'), 'utf8'));
const source = readFileSync(path.join(root, 'src/core/audit/audit.ts'), 'utf8');
const names = [...(source.match(/export type AuditEventName =[^;]+;/)?.[0] ?? '').matchAll(/'([a-z.-]+)'/g)].map(
  ([, name]) => name as AuditEventName,
);

function row(event: AuditEventName, more: Partial<AuditRow> = {}): AuditRow {
  return { at: new Date(0), sequence: 1, hash: '', event, ...more };
}

describe('the history of a person', () => {
  test('knows the events of the audit', () => {
    expect(names).toEqual(expect.arrayContaining(['flow.started', 'audit.exported', 'helpdesk.refused']));
  });

  test.each(names)('has a sentence for %s', (event) => {
    expect(texts.get(historyLine(row(event)).message.key)).toBeDefined();
  });

  test.each<[AuditEventName, Partial<AuditRow>]>([
    ...(['reset', 'registration', 'console', 'caller'] as const).map((portal): [AuditEventName, Partial<AuditRow>] => [
      'flow.started',
      { portal },
    ]),
    ['gate.passed', { detail: { step: 'enrol' } }],
    ['account.barred', { detail: { from: 'sign-in' } }],
    ['account.barred', { detail: { by: 'notice' } }],
    ['account.barred', { portal: 'caller' }],
    ['enrolment.removing', { detail: { by: 'notice' } }],
    ...(['intended', 'done', 'refused', 'not-done', 'unknown'] as const).flatMap((end) =>
      ['unlock', 'reset'].map((action): [AuditEventName, Partial<AuditRow>] => [
        `write.${end}`,
        { detail: { action } },
      ]),
    ),
  ])('has a sentence for %s of a kind: %j', (event, more) => {
    const plain = historyLine(row(event)).message.key;
    const { key } = historyLine(row(event, more)).message;
    expect(key).not.toBe(plain);
    expect(texts.get(key)).toBeDefined();
  });

  test.each(toldReasons)('has words for the reason %s', (why) => {
    const line = historyLine(row('flow.refused', { detail: { why } }));
    expect(line.why).toEqual({ key: `console.why.${why}` });
    expect(texts.get(`console.why.${why}`)).toBeDefined();
  });

  test('tells who of the staff did it and why, and nothing of what machines said', () => {
    const detail = { by: 'id', byName: 'Robin', reason: '<b>called</b>', why: 'LDAP 49 data 52e' };
    const line = historyLine(row('account.unbarred', { detail, address: '192.0.2.1' }));
    expect(line).toMatchObject({ by: 'Robin', reason: '<b>called</b>', address: '192.0.2.1' });
    expect(line.why).toBeUndefined();
  });

  test('an event that nobody knows any more is no fault', () => {
    expect(historyLine(row('gone.long-ago' as AuditEventName)).message.key).toBe('console.history.gone-long-ago');
  });
});

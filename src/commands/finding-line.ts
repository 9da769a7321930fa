import type { Finding } from '../core/directory.ts';

/** One line: how it stands, what was looked at, what was found, and what to do about it. */
export function findingLine({ level, subject, detail, remedy }: Finding): string {
  return `${level.padEnd(7)}  ${subject}: ${detail}${remedy === undefined ? '' : ` — ${remedy}`}`;
}

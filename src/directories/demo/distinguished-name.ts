import { foldText } from './text-folding.ts';

/** One step of a name, for example CN=Anna Berg. */
export interface Rdn {
  readonly type: string;
  readonly value: string;
}

/** A distinguished name taken apart, the entry's own step first. */
export type Dn = readonly Rdn[];

const maxLength = 8192;

/**
 * Reads a name (RFC 4514), with `\,`, `\2c` and spaces around separators.
 * @returns undefined when it is no name, or has steps of several values, which Active Directory does not know
 */
export function parseDn(text: string): Dn | undefined {
  if (text.length > maxLength) return undefined;
  const steps = text.trim() === '' ? [] : splitUnescaped(text);
  const rdns = steps.map(parseRdn);
  return rdns.every((rdn) => rdn !== undefined) ? rdns : undefined;
}

/** Writes a name as Active Directory does. */
export function formatDn(dn: Dn): string {
  return dn.map(({ type, value }) => `${type}=${escapeValue(value)}`).join(',');
}

/** The same text for every spelling of the same name. */
export function dnKey(dn: Dn): string {
  return dn.map(({ type, value }) => `${type.toLowerCase()}=${escapeValue(foldText(value))}`).join(',');
}

function parseRdn(step: string): Rdn | undefined {
  const [, type, raw] = /^\s*([a-z][a-z0-9-]*|\d+(?:\.\d+)*)\s*=\s*(.*)$/isu.exec(step) ?? [];
  if (type === undefined || raw === undefined) return undefined;
  const value = unescapeValue(trimUnescaped(raw));
  return value === undefined || value === '' ? undefined : { type, value };
}

function splitUnescaped(text: string): readonly string[] {
  const steps: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ',' || text[at] === ';') {
      steps.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...steps, text.slice(from)];
}

function trimUnescaped(raw: string): string {
  const cut = raw.trimEnd();
  const backslashes = /\\*$/.exec(cut)?.[0].length ?? 0;
  return backslashes % 2 === 1 && cut.length < raw.length ? raw.slice(0, cut.length + 1) : cut;
}

function unescapeValue(raw: string): string | undefined {
  if (/^(?:[^\\"+,;<>]|\\[0-9a-f]{2}|\\[ "#+,;<=>\\])*$/iu.test(raw) === false) return undefined;
  const escaped = /((?:\\[0-9a-f]{2})+)|\\(.)/giu;
  return raw.replace(escaped, (_, hex: string | undefined, plain: string | undefined) =>
    hex === undefined ? (plain ?? '') : Buffer.from(hex.replaceAll('\\', ''), 'hex').toString(),
  );
}

function escapeValue(value: string): string {
  const escaped = value
    .replaceAll(/[\\",+<>;=]/g, '\\$&')
    .replaceAll('\r', '\\0D')
    .replaceAll('\n', '\\0A');
  return escaped.replace(/^[ #]/, '\\$&').replace(/(?<!\\) $/, '\\ ');
}

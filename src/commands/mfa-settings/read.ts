import { readFileSync } from 'node:fs';
import { readXml } from '../../outbound/xml.ts';

/** Elements of MIM's MfaSettings.xml that have a meaning, in lower case: their spelling differs between its pages. */
export const knownElements = [
  'license_key',
  'group_key',
  'cert_password',
  'certfilepath',
  'username',
  'defaultcountrycode',
  'locmfa',
  'locmfasrv',
  'customphoneprovider',
] as const;

type KnownElement = (typeof knownElements)[number];

/** What such a file says. Empty elements are as if they were not there. */
export interface MfaSettings {
  readonly values: Readonly<Partial<Record<KnownElement, string>>>;
  /** Elements that mean nothing to anybody, as they are spelled there. */
  readonly unknown: readonly string[];
}

/** The file cannot be read, in a sentence for the operator. */
export class UnreadableSettings extends Error {}

const maxBytes = 1024 * 1024;

/** Throws UnreadableSettings when it is not there, too large, no XML, has a DOCTYPE, or names an element twice. */
export function readMfaSettings(file: string): MfaSettings {
  const document = textOf(file);
  const root = (() => {
    try {
      return readXml(document);
    } catch (fault) {
      const why = fault instanceof Error ? fault.message.replace('the answer', 'it') : 'it cannot be read';
      throw new UnreadableSettings(`${file}: ${why}.`);
    }
  })();
  const values: Partial<Record<KnownElement, string>> = {};
  const unknown: string[] = [];
  const seen = new Set<string>();
  for (const { name, text, children } of root.children) {
    const known = knownElements.find((one) => one === name.toLowerCase());
    if (seen.has(name.toLowerCase()))
      throw new UnreadableSettings(`${file}: ${name} is there twice; keep one of them.`);
    seen.add(name.toLowerCase());
    if (known === undefined || children.length > 0) unknown.push(name);
    else if (text.trim() !== '') values[known] = text.trim();
  }
  return { values, unknown };
}

/** UTF-8 or UTF-16, as Windows writes it, by its byte order mark. */
function textOf(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unreadable';
    throw new UnreadableSettings(`${file} cannot be read (${why}).`);
  }
  if (bytes.length > maxBytes)
    throw new UnreadableSettings(`${file} is larger than 1 MB, so it is no MfaSettings.xml.`);
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableSettings(`${file} is neither UTF-8 nor UTF-16 with its mark.`);
  }
}

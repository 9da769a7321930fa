import { readFileSync } from 'node:fs';
import { Unavailable } from '../../core/errors.ts';
import { readXml } from '../../outbound/xml.ts';

/** Elements of MIM's MfaSettings.xml that have a meaning. Their case differs between MIM's pages, so any is taken. */
const elements = [
  'LICENSE_KEY',
  'GROUP_KEY',
  'CERT_PASSWORD',
  'CertFilePath',
  'Username',
  'DefaultCountryCode',
  'LOCMFA',
  'LOCMFASRV',
  'CustomPhoneProvider',
] as const;

export type MfaElement = (typeof elements)[number];

/** Something in the file that plays no part in what it becomes. */
export interface Ignored {
  readonly what: string;
  /** Continues a sentence: `which …`. */
  readonly why: string;
}

/** What such a file says. Empty elements are as if they were not there. */
export interface MfaSettings {
  readonly values: Readonly<Partial<Record<MfaElement, string>>>;
  readonly ignored: readonly Ignored[];
}

/** The file cannot be read, or not be taken over, in a sentence for the operator that holds no value of it. */
export class UnreadableSettings extends Error {}

const maxBytes = 1024 * 1024;

/** Throws UnreadableSettings when it is not there, too large, no XML, has a DOCTYPE, or names an element twice. */
export function readMfaSettings(file: string): MfaSettings {
  const root = rootOf(file);
  const values: Partial<Record<MfaElement, string>> = {};
  const ignored: Ignored[] = [];
  const seen = new Set<string>();
  if (root.text !== '') ignored.push({ what: `text in ${root.name}`, why: 'which stands in no element of its own' });
  for (const { name, text, attributes, children } of root.children) {
    const folded = name.toLowerCase();
    const known = elements.find((one) => one.toLowerCase() === folded);
    if (seen.has(folded)) throw new UnreadableSettings(`${file}: ${name} is there twice; keep one of them.`);
    seen.add(folded);
    if (known === undefined) ignored.push({ what: name, why: 'which MIM does not document' });
    else if (children.length > 0) ignored.push({ what: name, why: 'which holds other elements where a text belongs' });
    else if (text !== '') values[known] = text;
    const isDeclaration = (attribute: string): boolean => /^xmlns(:|$)/.test(attribute);
    const extra = Object.keys(attributes).filter((attribute) => !isDeclaration(attribute));
    if (extra.length > 0) ignored.push({ what: `attributes of ${name}`, why: 'which MIM does not document' });
  }
  return { values, ignored };
}

function rootOf(file: string): ReturnType<typeof readXml> {
  const document = textOf(file);
  try {
    return readXml(document);
  } catch (fault) {
    // The reader's own words only: those of the parser below it may quote the file.
    const why = fault instanceof Unavailable ? fault.message.replace('the answer', 'it') : 'it cannot be read as XML';
    throw new UnreadableSettings(`${file}: ${why}.`);
  }
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

import type { Identity } from '../account.ts';

/** What a word stands for: the person (name, login), the organisation, or one that the configuration adds. */
export type ContextKind = 'person' | 'organisation' | 'word';

/** A word that somebody who attacks this organisation tries first (ASVS 6.1.2, NIST SP 800-63B 3.1.1.2). */
export interface ContextWord {
  readonly kind: ContextKind;
  /** Folded. */
  readonly text: string;
  /** As it is written, for a meter that folds in its own way. */
  readonly plain: string;
}

/** What the rest of a password must come to when a context word stands in it: the least that NIST lets stand alone. */
export const leastBeside = 8;

const shortest = 3;

/** Digits and signs that people put for letters. l and i fold together: 1, ! and | stand for either. */
const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '|': 'i',
  l: 'i',
  '3': 'e',
  '€': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
  '8': 'b',
  '9': 'g',
};

/**
 * The form in which passwords and words are compared, and in no other place: compatible characters alike, no accents,
 * no case, look-alikes as letters. The password that the directory gets is never folded.
 */
export function folded(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().normalize('NFKC');
  return [...plain].map((character) => lookAlikes[character] ?? character).join('');
}

/**
 * The words about one account: names and logins whole and in their parts, the organisation's name, the configured ones.
 * Parts under three characters are left out: they stand in everything.
 */
export function contextWords(
  account: Pick<Identity, 'displayName' | 'givenName' | 'surname' | 'samName' | 'principalName'>,
  known: { readonly organisation: string; readonly words: readonly string[] },
): readonly ContextWord[] {
  const { displayName, givenName = '', surname = '', samName, principalName = '' } = account;
  // The domain of a principal name is the organisation's, not the person's.
  const [user = '', domain = ''] = principalName.split('@');
  const person = [displayName, givenName, surname, samName, user];
  return [
    ...wordsOf('person', person),
    ...wordsOf('organisation', [known.organisation, domain]),
    ...wordsOf('word', known.words),
  ];
}

function wordsOf(kind: ContextKind, texts: readonly string[]): readonly ContextWord[] {
  const parts = texts.flatMap((text) => [text.trim(), ...text.split(/[^\p{L}\p{N}]+/u)]);
  const known = new Map(parts.map((plain) => [folded(plain), plain]));
  return [...known].filter(([text]) => [...text].length >= shortest).map(([text, plain]) => ({ kind, text, plain }));
}

/**
 * Which kinds of context words make a password easy to guess. A word inside a long password does no harm, and people
 * with short names must be able to choose one: words count, forwards and backwards, only when what remains without
 * all of them has fewer than `leastBeside` characters.
 */
export function contextIn(password: string, words: readonly ContextWord[]): readonly ContextKind[] {
  const needles = words
    .flatMap(({ kind, text }) => [text, [...text].reverse().join('')].map((needle) => ({ kind, needle })))
    .sort((one, other) => other.needle.length - one.needle.length);
  const found = new Set<ContextKind>();
  let rest = folded(password);
  for (const { kind, needle } of needles) {
    if (!rest.includes(needle)) continue;
    found.add(kind);
    // A mark in its place: what stood around the word does not become a word.
    rest = rest.replaceAll(needle, '\0');
  }
  return [...rest.replaceAll('\0', '')].length < leastBeside ? [...found] : [];
}

/** Texts by their dotted key. */
export type Texts = ReadonlyMap<string, string>;

/** The endings that i18next knows for numbers (Unicode plural categories). */
export const pluralForm = /_(zero|one|two|few|many|other)$/;

/** Reads one language's file. Throws when it is no JSON or holds anything but texts and groups. */
export function textsOf(source: string): Texts {
  return new Map(flatten(JSON.parse(source), ''));
}

function flatten(value: unknown, key: string): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${key} is not a text`);
  return Object.entries(value).flatMap(([name, below]) => flatten(below, key === '' ? name : `${key}.${name}`));
}

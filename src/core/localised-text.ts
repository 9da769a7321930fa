import { z } from 'zod';

/** A text of the operator's own, per language: BCP 47 tag to sentence. */
export type LocalisedText = Readonly<Record<string, string>>;

/** How such a text stands in the configuration. At least one language; none of them empty. */
export const localisedText = z
  .record(
    z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or pt-BR'),
    z.string().trim().min(1),
  )
  .refine((texts) => Object.keys(texts).length > 0, 'needs a text in at least one language');

/**
 * The text in the language of the page, else in its base language, else in English, else in the first there is.
 * @param language BCP 47 tag
 */
export function inLanguage(texts: LocalisedText, language: string): string {
  const find = (tag: string): string | undefined =>
    Object.entries(texts).find(([key]) => key.toLowerCase() === tag.toLowerCase())?.[1];
  const base = language.split('-')[0] ?? language;
  return find(language) ?? find(base) ?? find('en') ?? Object.values(texts)[0] ?? '';
}

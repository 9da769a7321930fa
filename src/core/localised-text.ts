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
  return own(texts, language) ?? find(texts, 'en') ?? Object.values(texts)[0] ?? '';
}

/** Whether there is a text in this language, or in its base language. */
export function hasLanguage(texts: LocalisedText, language: string): boolean {
  return own(texts, language) !== undefined;
}

function own(texts: LocalisedText, language: string): string | undefined {
  return find(texts, language) ?? find(texts, language.split('-')[0] ?? language);
}

function find(texts: LocalisedText, tag: string): string | undefined {
  return Object.entries(texts).find(([key]) => key.toLowerCase() === tag.toLowerCase())?.[1];
}

import type { Purpose } from '../gate.ts';
import { hasLanguage, inLanguage, type LocalisedText } from '../localised-text.ts';

/** What a gate sends or says, by what it is for. Callers are checked by a gate of the console, with a text of its own. */
export type PurposeTexts = Readonly<Record<Exclude<Purpose, 'caller'>, LocalisedText>>;

/**
 * What is sent for this purpose, in the language of the page. Where an operator wrote that language for the reset alone,
 * the text of the reset: one that is understood goes before one that fits better.
 * @throws Error for a caller: no text of the portals may reach them
 */
export function textFor(
  texts: PurposeTexts,
  { purpose, language }: { readonly purpose: Purpose; readonly language: string },
): string {
  if (purpose === 'caller') throw new Error('a caller is told nothing of the portals');
  const fitting = texts[purpose];
  const isKnown = hasLanguage(fitting, language) || !hasLanguage(texts.reset, language);
  return inLanguage(isKnown ? fitting : texts.reset, language);
}

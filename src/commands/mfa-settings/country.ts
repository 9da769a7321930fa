import { isSupportedCountry } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/max/metadata';
import { UnreadableSettings } from './read.ts';
import type { Note } from './translate.ts';

/** What DefaultCountryCode becomes. */
export interface DefaultCountry {
  /** For the gates: numbers without a country code belong there. Undefined when the file has none. */
  readonly code: string | undefined;
  /** For the provider: where calls and texts may go. */
  readonly countries: readonly string[];
  readonly notes: readonly Note[];
}

/**
 * MIM called every country; Latchkey calls those that are named. Only the main country of a shared calling code is, as
 * some of those that share +1 are what toll fraud dials. Throws UnreadableSettings when it is no country code.
 */
export function defaultCountry(text: string | undefined): DefaultCountry {
  const at = ['providers', 'mfa', 'countries'];
  const fill = 'Put in every country that calls and texts may go to.';
  if (text === undefined) {
    const note = `${fill} The file has no DefaultCountryCode, so US stands there.`;
    return { code: undefined, countries: ['US'], notes: [{ at, text: note }] };
  }
  const code = text.replace(/^\+/, '');
  if (isSupportedCountry(code)) return { code, countries: [code], notes: [{ at, text: fill }] };
  const calling = new Map<string, readonly string[]>(Object.entries(metadata.country_calling_codes));
  const [main, ...others] = (calling.get(code) ?? []).filter((country) => isSupportedCountry(country));
  if (main === undefined) throw new UnreadableSettings('DefaultCountryCode is no country code, such as 1 or 44.');
  const shared = others.length === 0 ? '' : ` ${others.join(', ')} share its calling code and are not in it.`;
  return { code, countries: [main], notes: [{ at, text: fill + shared }] };
}

import { createHash } from 'node:crypto';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { asciiDigits } from '../digits.ts';

export type ReadNumber =
  | { readonly kind: 'number'; readonly e164: string }
  /** `key` is the catalogue key of what to tell the person. */
  | { readonly kind: 'problem'; readonly key: string };

const maxLength = 64;
/** Numbers that cost the caller extra or reach no person: never a destination, whoever asks (toll fraud). */
const barredTypes = new Set<string>(['PREMIUM_RATE', 'SHARED_COST', 'UAN', 'PAGER', 'VOICEMAIL']);

/**
 * Reads a number as a person types it: with its country code (`+44 …`, `0044 …`, or `44 …` with the space after the
 * country code as MIM asks for), or without it when there is a default country. A number that libphonenumber finds
 * possible but does not know is taken: its tables age, and a code or a call proves the number anyway.
 * @param defaultCountry an ISO 3166 country (`GB`) or a calling code (`44`, `+44`)
 */
export function readNumber(typed: string, defaultCountry?: string): ReadNumber {
  const text = asciiDigits(typed).trim();
  if (text === '') return problem('empty');
  if (text.length > maxLength || !/^[+\d]|^\(/.test(text)) return problem('invalid');
  const readings = candidates(text, defaultCountry);
  const number = readings.find((one) => one.isValid()) ?? readings.find((one) => one.isPossible());
  if (number === undefined) return problem(isNational(text) && !defaultCountry ? 'no-country-code' : 'invalid');
  if (number.ext !== undefined) return problem('extension');
  if (barredTypes.has(number.getType() ?? '')) return problem('barred');
  return { kind: 'number', e164: number.number };
}

/** Whether a setting names a country or a calling code that numbers can be read with. */
export function isDefaultCountry(text: string): boolean {
  if (isSupportedCountry(text)) return true;
  return /^\+?[1-9]\d{0,2}$/.test(text) && parsePhoneNumberFromString(`+${callingCode(text)}2345678`) !== undefined;
}

/** Whether a number is one that people are called or texted at, as far as libphonenumber knows: no premium, no satellite. */
export function isDialable(e164: string): boolean {
  const number = /^\+[1-9]\d{3,14}$/.test(e164) ? parse(e164) : undefined;
  return number?.isPossible() === true && !barredTypes.has(number.getType() ?? '');
}

/**
 * The ISO 3166 code of the country that a number belongs to. A number in no known range counts for the main country of
 * its calling code; a global one (satellite, +883 …) has none.
 */
export function destinationCountry(e164: string): string | undefined {
  const number = parse(e164);
  return number?.country ?? number?.getPossibleCountries()[0];
}

/**
 * The two parts that telephone systems ask for: the calling code without its plus sign, and the digits behind it.
 * Throws TypeError when it is not an E.164 number.
 */
export function splitNumber(e164: string): { readonly countryCode: string; readonly national: string } {
  const number = parse(e164);
  if (number === undefined) throw new TypeError('not an E.164 number');
  return { countryCode: number.countryCallingCode, national: number.nationalNumber };
}

/** As people write it, country code first and in groups: `+44 20 7946 0001`. Reads back as the same number. */
export function spacedNumber(e164: string): string {
  return parse(e164)?.formatInternational() ?? e164;
}

/** The same length for every number, so that a mask tells two digits and nothing else. */
export function maskNumber(e164: string): string {
  return `••${e164.slice(-2)}`;
}

/**
 * A mask for a number that does not exist.
 * @param seed the decoy's seed; the same seed and gate always give the same mask
 * @param gate its id, so that two gates of one decoy do not share a number by necessity
 */
export function decoyMask(seed: string, gate = ''): string {
  const value = createHash('sha256').update(`mask:${gate}:${seed}`).digest().readUInt32BE(0) % 100;
  return `••${String(value).padStart(2, '0')}`;
}

/** All readings, the one that the person most likely meant first. */
function candidates(text: string, defaultCountry: string | undefined): readonly PhoneNumber[] {
  if (!isNational(text)) return present([parse(text.replace(/^00/, '+'))]);
  const groups = text.split(/\s+/);
  const international = parse(`+${text}`);
  // Only a first group that is exactly a calling code is one: "202 555 0123" is no number in Egypt.
  const separated = international?.countryCallingCode === groups[0] ? international : undefined;
  if (defaultCountry === undefined) return present([separated]);
  const national = parse(text, defaultCountry);
  const meant = groups.length === 2 || groups[0] === callingCode(defaultCountry);
  return present(meant ? [separated, national] : [national, separated]);
}

function isNational(text: string): boolean {
  return !text.startsWith('+') && !text.startsWith('00');
}

function parse(text: string, defaultCountry?: string): PhoneNumber | undefined {
  if (defaultCountry === undefined) return parsePhoneNumberFromString(text, { extract: false });
  const start = isSupportedCountry(defaultCountry)
    ? { defaultCountry: defaultCountry as CountryCode }
    : { defaultCallingCode: callingCode(defaultCountry) };
  return parsePhoneNumberFromString(text, { ...start, extract: false });
}

function callingCode(country: string): string {
  return isSupportedCountry(country) ? getCountryCallingCode(country) : country.replace(/^\+/, '');
}

function present(numbers: readonly (PhoneNumber | undefined)[]): readonly PhoneNumber[] {
  return numbers.filter((one) => one !== undefined);
}

function problem(name: string): ReadNumber {
  return { kind: 'problem', key: `gates.number.${name}` };
}

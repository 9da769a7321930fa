/** https://www.twilio.com/docs/verify/supported-languages: those that every Verify service has. */
const locales = new Set(
  (
    'af ar ca cs da de el en en-GB es et fi fr he hi hr hu id it ja kn ko lt mr ms nb nl pl pt pt-BR ro ru sk sv te th ' +
    'tl tr uk vi zh zh-CN zh-HK'
  ).split(' '),
);

/**
 * The language of a Verify text, for a BCP 47 tag. Undefined for one that Verify does not write: it refuses the whole
 * request then, and without one takes the language of the number's country.
 */
export function verifyLocale(language: string): string | undefined {
  const [base = '', ...rest] = language.split('-');
  const region = rest.at(-1)?.toUpperCase();
  return [`${base}-${region}`, base].find((tag) => locales.has(tag));
}

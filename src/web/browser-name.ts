/** The first that fits is it: most browsers also claim to be those that stand below them. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bWindows\b/, 'Windows'],
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/**
 * What a browser says that it is, such as "Firefox, Windows": enough to tell one's own apart. Nothing that it sends goes
 * any further.
 * @param userAgent the header (RFC 9110 10.1.5), which may say anything
 * @returns undefined for one that nobody knows
 */
export function browserName(userAgent = ''): string | undefined {
  const of = (known: typeof browsers) => known.find(([sign]) => sign.test(userAgent))?.[1];
  const named = [of(browsers), of(systems)].filter((one) => one !== undefined);
  return named.length === 0 ? undefined : named.join(', ');
}

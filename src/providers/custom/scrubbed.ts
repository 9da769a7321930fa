const maxLength = 200;

/**
 * A stranger's text as it may stand in a log: one short line, without digits (a number, a code) and without the values of
 * the settings that the stranger was given.
 */
export function scrubbed(text: string, secrets: readonly string[] = []): string {
  const hidden = secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, '•••'), text);
  return hidden
    .replace(/\p{Nd}/gu, '•')
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, maxLength);
}

/** A name in which no mail program finds an address to make a link of. */
export function plainName(text: string): string {
  return text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').replaceAll(/:\/\/|@|(?<=\S)\.(?=\S)/gu, ' ');
}

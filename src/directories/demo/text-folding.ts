/**
 * The form in which Active Directory compares text: case, accents, width and the kind of kana do not count
 * (MS-ADTS 6.5). So a search for `jose` finds `José`.
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss');
}

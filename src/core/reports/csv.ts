/** What stands in a cell. A number is written as it is: it is ours, and programs should add it up. */
export type CsvCell = string | number | undefined;

/** Says to Excel that the text is UTF-8. */
export const csvStart = '\ufeff';

/**
 * Signs that make a spreadsheet take a cell for a formula, in the full width of East Asian scripts as well, at the start
 * of a text and after whatever a program may be set to end a cell by (OWASP, CSV Injection). What is not seen may stand
 * between the two.
 */
const formula = /(^|[,;|\t\r\n"'])([\p{Z}\p{C}]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/gu;
/** A tab or a line break at the start is swallowed by some programs, and what follows it becomes the start. */
const swallowed = /^(?=\p{Z}*\p{C})/u;

/** One line of a CSV file by RFC 4180, with its line break. Text is always quoted, and never a formula. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  return `"${harmless(cell).replaceAll('"', '""')}"`;
}

/** The text with an apostrophe before each sign that could begin a formula: a spreadsheet takes what follows for text. */
function harmless(text: string): string {
  return text.replace(formula, "$1$2'").replace(swallowed, "'");
}

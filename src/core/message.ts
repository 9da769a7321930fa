/** A sentence of the catalogue: its key, and the values that stand in it. Never a finished text, never HTML. */
export interface Message {
  readonly key: string;
  readonly values?: { readonly [name: string]: string | number };
}

/** Something wrong with what was typed: at a field, or with the page as a whole. */
export interface Problem {
  readonly field?: string;
  readonly message: Message;
}

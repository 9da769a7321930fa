/** Whose names a password may not hold. */
export interface Named {
  readonly samName: string;
  readonly displayName: string;
}

/** Three of these five kinds (MS-SAMR 3.1.1.7.2). Currency signs other than the dollar are no special characters. */
const kinds = [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[~!@#$%^&*_\-+=`|\\(){}[\]:;"'<>,.?/]/, /[\p{Lo}\p{Lt}\p{Lm}]/u];

const shortestName = 3;

/** Whether a password has enough kinds of character and none of the account's names (MS-SAMR 3.1.1.7.2). */
export function isComplex(password: string, { samName, displayName }: Named): boolean {
  const found = kinds.filter((kind) => kind.test(password)).length;
  const names = [samName, ...displayName.split(/[,.\-–—_ #\t]+/)].filter((name) => name.length >= shortestName);
  const lower = password.toLowerCase();
  return found >= 3 && !names.some((name) => lower.includes(name.toLowerCase()));
}

/** What a person types to say who they are, taken apart. */
export type Login =
  | { readonly kind: 'down-level'; readonly domain: string; readonly name: string }
  | { readonly kind: 'principal'; readonly name: string }
  | { readonly kind: 'bare'; readonly name: string };

/** sAMAccountName may not hold these (MS-ADTS 3.1.1.6, MS-SAMR 3.1.1.8.4); the at sign means a principal name. */
const forbidden = /["/\\[\]:;|=,+*?<>@\p{Cc}]/u;
const maxLength = 256;

/**
 * Reads `DOMAIN\name`, `name@domain` or a bare name.
 * @param typed what the field held; spaces around it are ignored
 * @returns the login, or undefined when it has none of the three shapes. Says nothing of whether it exists.
 */
export function parseLogin(typed: string): Login | undefined {
  const text = typed.trim();
  if (text === '' || text.length > maxLength) return undefined;
  const backslash = text.indexOf('\\');
  if (backslash >= 0) {
    const domain = text.slice(0, backslash);
    const name = text.slice(backslash + 1);
    return isName(domain) && isName(name) ? { kind: 'down-level', domain, name } : undefined;
  }
  const at = text.lastIndexOf('@');
  if (at >= 0) {
    const user = text.slice(0, at);
    const suffix = text.slice(at + 1);
    return isName(user) && /^[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u.test(suffix)
      ? { kind: 'principal', name: text }
      : undefined;
  }
  return isName(text) ? { kind: 'bare', name: text } : undefined;
}

/**
 * The part of a login that all three shapes share, in one spelling. Counters and decoys hang on it, so that an unknown
 * login looks the same however it is typed, as a known one does.
 */
export function loginStem(login: Login): string {
  const name = login.kind === 'principal' ? login.name.slice(0, login.name.lastIndexOf('@')) : login.name;
  return name.normalize('NFKC').toLowerCase();
}

function isName(text: string): boolean {
  return text !== '' && text.trim() === text && !forbidden.test(text);
}

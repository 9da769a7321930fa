const maxLength = 200;
const maxRepeats = 3;
const maxOptional = 8;

/**
 * Why an operator's regular expression may not be used; undefined when it may.
 * A pattern that repeats a group which itself repeats or chooses can take for ever on a hostile answer, so can many
 * repeats in a row, and one that refers back cannot be bounded at all; none is needed to describe an answer.
 */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > maxLength) return `is longer than ${maxLength} characters`;
  try {
    wholeMatch(pattern);
  } catch (fault) {
    return `is no regular expression: ${fault instanceof Error ? fault.message : String(fault)}`;
  }
  if (/\\[1-9]|\\k</.test(pattern)) return 'refers back to a group, which can make it too slow';
  const bare = withoutAtoms(pattern);
  if (count(bare, /[*+]|\{\d+,\d*\}/g) > maxRepeats)
    return `repeats more than ${maxRepeats} times, which can make it too slow`;
  if (count(bare, /\?/g) > maxOptional) return `leaves more than ${maxOptional} parts open, which can make it too slow`;
  return repeatsChoice(bare) ? 'repeats a group that itself repeats or chooses, which can make it too slow' : undefined;
}

/** The expression that the whole answer must match. */
export function wholeMatch(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

/** Only groups, choices and quantifiers stay as they are. */
function withoutAtoms(pattern: string): string {
  return pattern
    .replace(/\\[pPu]\{[^}]*\}|\\./gu, 'x')
    .replace(/\[[^\]]*\]/gu, 'x')
    .replace(/\(\?(?:[:=!]|<[=!]|<[^>]*>)/g, '(');
}

/** Walks over the groups and remembers for each open one whether it can match in more than one way. */
function repeatsChoice(bare: string): boolean {
  const groups: boolean[] = [false];
  for (let at = 0; at < bare.length; at += 1) {
    const rest = bare.slice(at);
    if (rest.startsWith('(')) groups.push(false);
    else if (rest.startsWith(')')) {
      const varies = groups.pop() ?? false;
      if (varies && /^\)(?:[*+]|\{)/.test(rest)) return true;
      if (varies) mark(groups);
    } else if (/^(?:[|*+?]|\{\d+,)/.test(rest)) mark(groups);
  }
  return false;
}

function mark(groups: boolean[]): void {
  groups[groups.length - 1] = true;
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

import type { z } from 'zod';

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of settings',
  record: 'a group of settings',
};

const formats: Readonly<Record<string, string>> = { url: 'a web address', email: 'a mail address' };

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
};

/** What may stand where zod found something else, in words for an operator: "must be …". */
export function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.join(', ')}`;
    case 'too_small':
      return `must ${amount('at least', Number(issue.minimum), issue.origin)}`;
    case 'too_big':
      return `must ${amount('at most', Number(issue.maximum), issue.origin)}`;
    case 'invalid_format':
      return formats[issue.format] === undefined ? issue.message : `must be ${formats[issue.format]}`;
    case 'invalid_key':
      return issue.issues.map((inner) => inner.message).join('; ');
    case 'invalid_union':
      return alternatives(issue);
    default:
      return issue.message;
  }
}

function amount(bound: string, limit: number, origin: string): string {
  const unit = units[origin];
  return unit === undefined ? `be ${bound} ${limit}` : `have ${bound} ${limit}${unit[limit === 1 ? 0 : 1]}`;
}

function alternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  if ('options' in issue && Array.isArray(issue.options)) return `must be one of ${issue.options.join(', ')}`;
  const each = issue.errors.flatMap((errors) => errors.slice(0, 1).map(allowed));
  return each.map((text, index) => (index === 0 ? text : text.replace(/^must be /, ''))).join(' or ');
}

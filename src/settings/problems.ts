import type { z } from 'zod';
import { isSecretName } from '../core/gates/secret-name.ts';
import { allowed } from './allowed.ts';

/** One thing that is wrong with the configuration, in a sentence for the operator. */
export interface SettingProblem {
  /** Dotted path of the setting, or the file's name. */
  readonly setting: string;
  readonly problem: string;
  /** What to do, where it is not to mend the setting in the file. */
  readonly remedy?: string;
}

/** The configuration cannot be used. Holds everything that is wrong with it, not only the first thing. */
export class ConfigurationError extends Error {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(lineOf).join('\n'));
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

function lineOf({ setting, problem, remedy }: SettingProblem): string {
  return `${setting}: ${problem}${remedy === undefined ? '' : ` — ${remedy}`}`;
}

/**
 * What zod found, in sentences that name the setting, what stands there and what may stand there.
 * @param document what was checked, with every reference resolved
 * @param secrets paths whose value came from a reference and is not shown
 */
export function describeIssue(
  issue: z.core.$ZodIssue,
  document: unknown,
  secrets: ReadonlySet<string>,
): readonly SettingProblem[] {
  const setting = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      setting: [...issue.path, key].join('.'),
      problem: 'is not a setting; check its spelling and where it stands',
    }));
  }
  if (issue.code === 'invalid_union' && depth(issue.errors.flat()) > 0) {
    const within = (inner: z.core.$ZodIssue) => ({ ...inner, path: [...issue.path, ...inner.path] });
    return nearest(issue.errors).flatMap((inner) => describeIssue(within(inner), document, secrets));
  }
  const found = isSecret(setting, secrets) ? 'a secret' : show(valueAt(document, issue.path));
  return [{ setting, problem: `found ${found}; ${allowed(issue)}` }];
}

/** Of several shapes that a value may have, the one that it came closest to: whose problems lie deepest. */
function nearest(errors: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] {
  return errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function isSecret(setting: string, secrets: ReadonlySet<string>): boolean {
  return secrets.has(setting) || isSecretName(setting);
}

function valueAt(document: unknown, at: readonly PropertyKey[]): unknown {
  return at.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a group of settings';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

import type { SettingProblem } from './problems.ts';

/** Where the values of references come from. Each gives undefined for what is not there. */
export interface ReferenceSources {
  readonly env: (name: string) => string | undefined;
  readonly file: (name: string) => string | undefined;
}

/** A document with the values in place of its references. */
export interface Resolved {
  readonly document: unknown;
  /** Paths whose value came from a reference: never shown. */
  readonly secrets: ReadonlySet<string>;
  readonly problems: readonly SettingProblem[];
}

const whole = /^\$\{(env|file):([^}]+)\}$/;
const attempt = /\$\{\s*(env|file)\b/i;

/** Stands where a reference led nowhere, so that what is beside it is still checked. */
const standIn = 'missing';

/** Puts the values of `${env:NAME}` and `${file:/path}` in their places, all the way down. */
export function resolveReferences(document: unknown, sources: ReferenceSources): Resolved {
  const secrets = new Set<string>();
  const problems: SettingProblem[] = [];
  return { document: resolve(document, []), secrets, problems };

  function resolve(value: unknown, at: readonly (string | number)[]): unknown {
    if (typeof value === 'string') return attempt.test(value) ? lookUp(value, at.join('.')) : value;
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...at, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, [...at, key])]));
  }

  function lookUp(text: string, setting: string): string {
    secrets.add(setting);
    const [, kind, name = ''] = whole.exec(text) ?? [];
    if (kind === undefined) {
      problems.push({ setting, problem: `a reference is \${env:NAME} or \${file:/path}, and is the whole value` });
      return standIn;
    }
    const found = kind === 'env' ? sources.env(name) : sources.file(name);
    if (found !== undefined && found !== '') return found;
    const what = kind === 'env' ? `the environment variable ${name}` : `the file ${name}`;
    const absent = kind === 'env' ? 'is not set' : 'cannot be read';
    problems.push({ setting, problem: `${what} ${found === '' ? 'is empty' : absent}` });
    return standIn;
  }
}

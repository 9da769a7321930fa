import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One place in the code or a view that asks for a text. */
export interface KeyInUse {
  /** As written; `*` stands for what is only known while running. */
  readonly key: string;
  readonly matches: RegExp;
  readonly file: string;
}

/** Settings look like keys there, and no text is asked for. */
const withoutTexts = /^src\/(config|settings|directories)\b/;

/**
 * Finds every key that stands literally in src and views: in quotes, or as a template whose beginning is literal.
 * @param sections first segments of keys, such as `page`
 */
export function keysInUse(root: string, sections: ReadonlySet<string>): readonly KeyInUse[] {
  // Events of the audit are named in the same way.
  const events = new Set(literals(readFileSync(path.join(root, 'src/core/audit/audit.ts'), 'utf8')));
  const inSection = (key: string): boolean => sections.has(key.split('.')[0] ?? '') && !events.has(key);
  return sources(root).flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8');
    const written = withoutTexts.test(file) ? [] : literals(source).filter(inSection);
    return [...written, ...publicKeys(source)].map((key) => ({ key, file, matches: patternOf(key) }));
  });
}

function sources(root: string): readonly string[] {
  return ['src', 'views'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => path.join(folder, name))
      .filter((name) => /\.(ts|ejs)$/.test(name)),
  );
}

function literals(source: string): readonly string[] {
  const quoted = [...source.matchAll(/'([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)'/g)].map((match) => match[1] ?? '');
  const templates = [...source.matchAll(/`([a-z][a-z0-9.-]*\.(?:\$\{[^}`]*\}|[a-z0-9.-])*)`/g)].map(
    (match) => match[1] ?? '',
  );
  const asked = [...source.matchAll(/\bt\('([^']+)'/g)].map((match) => match[1] ?? '');
  return [...new Set([...quoted, ...asked, ...templates.map((text) => text.replaceAll(/\$\{[^}]*\}/g, '*'))])].filter(
    (key) => /^[a-z0-9.*-]+[^.]$/.test(key),
  );
}

/** What a fault carries names two texts of the error page. */
function publicKeys(source: string): readonly string[] {
  return [...source.matchAll(/publicKey: '([^']+)'/g)].flatMap((match) => [
    `errors.${match[1]}.heading`,
    `errors.${match[1]}.lead`,
  ]);
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replaceAll('.', '\\.').replaceAll('*', '[a-z0-9-]+')}$`);
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** Paths from the root of every file below a folder that ends so. */
function filesBelow(folder: string, ending = ''): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** A source without its comments: what people say about a thing is not the thing. */
const code = (file: string): string =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '');

const sources = filesBelow('src', '.ts');

interface Import {
  readonly file: string;
  /** A package's name, `node:…`, or the path of a source file from src. */
  readonly target: string;
}

function importsOf(file: string): readonly Import[] {
  const names = [...code(file).matchAll(/(?:\bfrom\s|\bimport\(|^import)\s*'([^']+)'/gm)].map(
    (match) => match[1] ?? '',
  );
  return names.map((name) => ({ file, target: name.startsWith('.') ? own(file, name) : packageOf(name) }));
}

function own(file: string, name: string): string {
  return path.relative('src', path.join(path.dirname(file), name));
}

/** `@scope/name/sub` and `name/sub` belong to one package. */
function packageOf(name: string): string {
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Who may import whom. A name with a slash at its end is a folder of src; `node:` is every builtin. */
interface House {
  readonly folder: string;
  readonly may: readonly string[];
  /** Each folder below is a house of its own: it may import itself, and never a sibling. */
  readonly apart?: boolean;
}

const houses: readonly House[] = [
  { folder: 'core/', may: ['core/', 'zod', 'libphonenumber-js', 'node:crypto'] },
  { folder: 'gates/', may: ['core/', 'zod', 'node:', '@node-rs/argon2'], apart: true },
  {
    folder: 'providers/',
    may: ['core/', 'outbound/', 'zod', 'node:', 'fast-xml-parser', 'node-forge', 'twilio', 'nodemailer', 'kerberos'],
    apart: true,
  },
  { folder: 'outbound/', may: ['outbound/', 'core/', 'zod', 'node:', 'undici', 'fast-xml-parser'] },
  {
    folder: 'directories/',
    may: ['core/', 'zod', 'node:', 'ldapts', 'passport', 'passport-ldapauth', 'selfsigned'],
    apart: true,
  },
  {
    folder: 'passwords/',
    may: ['passwords/', 'core/', 'outbound/', 'zod', 'node:', '@zxcvbn-ts/core', '@zxcvbn-ts/language-common'],
  },
  { folder: 'stores/', may: ['stores/', 'core/', 'zod', 'node:', 'kysely', 'better-sqlite3', 'pg'] },
  {
    folder: 'web/',
    may: [
      'web/',
      'core/',
      'zod',
      'node:',
      'express',
      'ejs',
      'express-session',
      'passport',
      'helmet',
      'csrf-sync',
      'i18next',
      'pino',
    ],
  },
  { folder: 'portals/', may: ['portals/', 'core/', 'web/', 'zod', 'node:', 'express'] },
  { folder: 'console/', may: ['console/', 'core/', 'web/', 'zod', 'node:', 'express'] },
];

/** What puts the others together may import anything: the files at the top, the configuration, the commands. */
const free = ['compose/', 'commands/', 'settings/'];

function isAllowed({ file, target }: Import): boolean {
  const place = path.relative('src', file);
  const house = houses.find(({ folder }) => place.startsWith(folder));
  if (house === undefined) return true;
  if (house.apart && target.startsWith(`${place.split('/').slice(0, 2).join('/')}/`)) return true;
  return house.may.some((one) => (one.endsWith('/') || one === 'node:' ? target.startsWith(one) : target === one));
}

describe('who may import whom', () => {
  test('is kept by every file', () => {
    const broken = sources
      .flatMap(importsOf)
      .filter((one) => !isAllowed(one))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(broken).toEqual([]);
  });

  test('is said of every folder', () => {
    const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'locales')
      .map((entry) => `${entry.name}/`);
    const known = [...houses.map(({ folder }) => folder), ...free];
    expect(folders.filter((folder) => !known.includes(folder))).toEqual([]);
  });

  test('sees what it should see', () => {
    const allowed = (file: string, target: string): boolean => isAllowed({ file, target });
    expect(allowed('src/core/flow/flow.ts', 'express')).toBe(false);
    expect(allowed('src/core/flow/flow.ts', 'node:fs')).toBe(false);
    expect(allowed('src/core/flow/flow.ts', 'stores/sqlite.ts')).toBe(false);
    expect(allowed('src/core/flow/flow.ts', 'core/login.ts')).toBe(true);
    expect(allowed('src/gates/phone/verify.ts', 'gates/otp-sms/verify.ts')).toBe(false);
    expect(allowed('src/gates/phone/verify.ts', 'gates/phone/calling.ts')).toBe(true);
    expect(allowed('src/directories/demo/bind.ts', 'directories/active-directory/account.ts')).toBe(false);
    expect(allowed('src/portals/home-routes.ts', 'stores/sqlite.ts')).toBe(false);
    expect(allowed('src/portals/home-routes.ts', 'console/console-router.ts')).toBe(false);
    expect(allowed('src/console/home-routes.ts', 'portals/home-routes.ts')).toBe(false);
    expect(allowed('src/web/flow-routes.ts', 'portals/reset-routes.ts')).toBe(false);
    expect(allowed('src/console/sign-in-routes.ts', 'web/flow-routes.ts')).toBe(true);
    expect(allowed('src/compose.ts', 'stores/sqlite.ts')).toBe(true);
    expect(importsOf('src/core/login.ts')).toEqual([]);
    expect(importsOf('src/web/express-app.ts')[0]?.target).toBe('node:path');
    expect(importsOf('src/app.ts').map(({ target }) => target)).toEqual(
      expect.arrayContaining(['express', 'core/clock.ts', 'portals/home-routes.ts', 'web/surface.ts']),
    );
  });

  test('names packages that package.json has, so that nothing comes by chance', () => {
    const { dependencies, peerDependencies } = JSON.parse(read('package.json')) as Readonly<
      Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>
    >;
    const named = { ...dependencies, ...peerDependencies };
    const stray = sources
      .flatMap(importsOf)
      .filter(({ target }) => !target.endsWith('.ts') && !isBuiltin(target) && !(target in named))
      .map(({ file, target }) => `${file} imports ${target}`);
    expect(stray).toEqual([]);
  });
});

/** The folders of core in the order in which they stand upon one another. */
const floors = [
  'audit',
  'background',
  'passwords',
  'sending',
  'gates',
  'notices',
  'policies',
  'visits',
  'flow',
  'reports',
  'survey',
  'campaigns',
  'staff',
  'people',
  'drive',
];

describe('the folders of core', () => {
  const inCore = sources.filter((file) => file.startsWith('src/core/'));
  const floorOf = (target: string): string | undefined => /^core\/([^/]+)\//.exec(target)?.[1];
  const among = inCore.flatMap(importsOf).map(({ file, target }) => {
    return { own: floorOf(path.relative('src', file)), other: floorOf(target), said: `${file} imports ${target}` };
  });

  test('are all in the list', () => {
    const there = new Set(inCore.flatMap((file) => floorOf(path.relative('src', file)) ?? []));
    expect([...there].sort()).toEqual(floors.toSorted());
  });

  test('import those before them in it and none after them, so that nothing goes in a circle', () => {
    const broken = among.filter(
      ({ own, other }) => own !== undefined && other !== undefined && floors.indexOf(other) > floors.indexOf(own),
    );
    expect(broken.map(({ said }) => said)).toEqual([]);
  });

  test('stand on what lies in core itself, which knows none of them; stores.ts alone gathers their ports', () => {
    const broken = among.filter(({ own, other }) => own === undefined && other !== undefined);
    expect(new Set(broken.map(({ said }) => said.split(' ')[0]))).toEqual(new Set(['src/core/stores.ts']));
  });
});

describe('sources', () => {
  const holding = (pattern: RegExp): readonly string[] => sources.filter((file) => pattern.test(code(file)));

  test('read the environment where the process starts and nowhere else', () => {
    expect(holding(/process\s*\.\s*env|process\s*\[/)).toEqual(['src/cli.ts', 'src/main.ts']);
  });

  test('write to no console', () => {
    expect(holding(/\bconsole\s*(?:\.|\[\s*['"])\s*(?:log|info|warn|error|debug|trace|dir|table)\b/)).toEqual([]);
  });

  test('make nothing secret by chance, run no text as code, and start no other program', () => {
    // There, only the length of a pause.
    expect(holding(/\bMath\.random\b/)).toEqual(['src/stores/faults.ts']);
    expect(holding(/\beval\s*\(|\bnew Function\b/)).toEqual([]);
    expect(holding(/node:child_process|node:vm/)).toEqual([]);
  });

  test('never turn the verification of certificates off', () => {
    expect(
      holding(/rejectUnauthorized(?!: true\b)|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity|insecureHTTPParser/),
    ).toEqual([]);
  });

  test('answer browsers behind all guards: one file makes an app, and one gives it its guards', () => {
    expect(holding(/\bexpress\(\)/)).toEqual(['src/web/express-app.ts']);
    expect(holding(/\bcreateExpress\(/)).toEqual(['src/web/express-app.ts', 'src/web/surface.ts']);
  });

  test('export by name', () => {
    expect(holding(/^export default/m)).toEqual([]);
  });

  test('are short enough to be read at once', () => {
    const tooLong = sources.filter((file) => read(file).split('\n').length > 300);
    expect(tooLong).toEqual([]);
  });
});

describe('views', () => {
  const views = filesBelow('views', '.ejs');
  const nameOf = (file: string): string => path.relative('views', file).replace(/\.ejs$/, '');

  /** Names of the views that another one includes. */
  function includedBy(file: string): readonly string[] {
    const names = [...read(file).matchAll(/include\('([^']+)'/g)].map((match) => match[1] ?? '');
    return names.map((name) => path.relative('views', path.join(path.dirname(file), name)));
  }

  /** Every view that a gate's steps or a portal render, by the name that the source has for it. */
  const gateViews = sources
    .filter((file) => file.startsWith('src/gates/'))
    .flatMap((file) => {
      const gate = file.split('/')[2] ?? '';
      return [...code(file).matchAll(/\bview: '([^']+)'/g)].map((match) => `gates/${gate}/${match[1]}`);
    });
  const portalViews = sources
    .filter((file) => /^src\/(portals|web|console)\//.test(file))
    .flatMap((file) => [...code(file).matchAll(/'((?:portal|reset|registration|demo|errors|console)(?:\/[a-z-]+)+)'/g)])
    .map((match) => match[1] ?? '');
  const pages = [...new Set([...gateViews, ...portalViews])].sort();

  test('write text with escaping: only an include stands unescaped', () => {
    const raw = views.flatMap((file) =>
      [...read(file).matchAll(/<%-(?!\s*include\('[a-z/.-]+'(?:, \{[^%]*\})?\) -?%>).*/g)].map(
        (match) => `${file}: ${match[0]}`,
      ),
    );
    expect(raw).toEqual([]);
  });

  test('are there for every page of every gate and portal', () => {
    const gates = readdirSync(path.join(root, 'src/gates'));
    for (const gate of gates) expect(gateViews.some((view) => view.startsWith(`gates/${gate}/`))).toBe(true);
    expect(portalViews.length).toBeGreaterThan(10);
    expect(pages.filter((page) => !views.includes(`views/${page}.ejs`))).toEqual([]);
  });

  test('are rendered or included, each of them', () => {
    const included = new Set(views.flatMap(includedBy));
    expect(views.map(nameOf).filter((name) => !pages.includes(name) && !included.has(name))).toEqual([]);
  });

  test('include what is there', () => {
    const missing = views.flatMap((file) =>
      includedBy(file)
        .filter((name) => !views.includes(`views/${name}.ejs`))
        .map((name) => `${file} includes ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('that are pages stand in the layout', () => {
    const bare = pages.filter((page) => {
      const parts = includedBy(`views/${page}.ejs`);
      const layout = page.startsWith('console/') ? 'console/layout' : 'layout';
      return !parts.includes(`${layout}/top`) || !parts.includes(`${layout}/bottom`);
    });
    expect(bare).toEqual([]);
  });

  test('carry the token in every form that is posted', () => {
    const open = views.flatMap((file) => {
      const forms = read(file).match(/<form[^>]*method="post"[\s\S]*?<\/form>/g) ?? [];
      return forms.filter((form) => !/form-token'|csrf\.token/.test(form)).map(() => file);
    });
    expect(open).toEqual([]);
  });

  test('hold no script, no style and no handler of their own: the content policy would stop them', () => {
    const inline = views.filter((file) => /<script(?![^>]*\ssrc=)|<style|\sstyle="|\son[a-z]+="/i.test(read(file)));
    expect(inline).toEqual([]);
  });
});

describe('what browsers load', () => {
  const assets = [...filesBelow('views'), ...filesBelow('public')];

  test('comes from here and from nowhere else', () => {
    const foreign = assets.flatMap((file) =>
      [
        ...read(file).matchAll(/(?:(?:src|href|action|srcset)="|url\(|@import\s+)["']?\s*(?:https?:)?\/\/[^"')\s]*/g),
      ].map((match) => `${file}: ${match[0]}`),
    );
    expect(foreign).toEqual([]);
    const addresses = assets.flatMap((file) =>
      [...read(file).matchAll(/https?:\/\/[^"'\s)]+/g)]
        .map((match) => match[0])
        .filter((address) => address !== 'http://www.w3.org/2000/svg')
        .map((address) => `${file}: ${address}`),
    );
    expect(addresses).toEqual([]);
  });

  test('is small: each style is under 10 kB, and the portals load but one', () => {
    for (const style of filesBelow('public', '.css'))
      expect(statSync(path.join(root, style)).size).toBeLessThan(10 * 1024);
    expect(read('views/layout/top.ejs')).not.toContain('console.css');
  });
});

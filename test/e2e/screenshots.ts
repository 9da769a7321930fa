import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startChromium } from '../services/chromium.ts';
import { consoleTour } from './console-tour.ts';
import type { Look, TourLanguage } from './guide.ts';
import { tour } from './tour.ts';
import type { Visitor } from './visitor.ts';

/*
 * Makes docs/screenshots anew: every page of the demo, as a picture a kind. Run it after any change to a page:
 *   node test/e2e/screenshots.ts
 */

interface Kind {
  readonly name: string;
  readonly title: string;
  readonly language: TourLanguage;
  readonly width: number;
  readonly height: number;
  readonly colorScheme: 'light' | 'dark';
}

const kinds: readonly Kind[] = [
  { name: 'wide', title: 'Wide', language: 'en', width: 760, height: 560, colorScheme: 'light' },
  { name: 'narrow', title: '320 pixels', language: 'en', width: 320, height: 568, colorScheme: 'light' },
  { name: 'dark', title: 'Dark', language: 'en', width: 760, height: 560, colorScheme: 'dark' },
  { name: 'arabic', title: 'Right to left', language: 'ar', width: 760, height: 560, colorScheme: 'light' },
];

/** Runs in the page. */
const steadyReference = `{
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode())
    node.nodeValue = node.nodeValue.replace(/\\b[0-9a-f]{12}\\b/, '0123456789ab');
}`;

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../docs/screenshots'));
const names: string[] = [];
rmSync(folder, { recursive: true, force: true });
for (const kind of kinds) mkdirSync(join(folder, kind.name), { recursive: true });

const browser = await startChromium();
for (const language of ['en', 'ar'] as const) {
  const look: Look = async (name, visitor) => {
    if (language === 'en') names.push(name);
    for (const kind of kinds) if (kind.language === language) await take(visitor, kind, name);
  };
  await tour(browser, language, look);
  await consoleTour(browser, language, look);
}
await browser.close();
shrink();
writeFileSync(join(folder, 'README.md'), index());
process.stdout.write(`${names.length} pages, ${Math.round(bytes() / 1024)} kB in ${folder}\n`);

async function take(visitor: Visitor, kind: Kind, name: string): Promise<void> {
  const { page } = visitor;
  const { height, colorScheme } = kind;
  // Staff work on large screens, and on telephones.
  const width = name.startsWith('console-') && kind.width > 320 ? 1200 : kind.width;
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  // The number that an error page names is another one each time.
  if (name.includes('error-')) await page.evaluate(steadyReference);
  const path = join(folder, kind.name, `${name}.png`);
  await page.screenshot({ path, fullPage: true, animations: 'disabled', caret: 'hide' });
}

/** Pictures of text need few colours: the page's own, and a few between. Without ImageMagick they stay four times as large. */
function shrink(): void {
  for (const kind of kinds) {
    const palette = join(folder, kind.name, 'palette.gif');
    const made = spawnSync('convert', [
      ...paletteOf(kind.colorScheme).map((colour) => `xc:${colour}`),
      '+append',
      palette,
    ]);
    if (made.status !== 0) return void process.stderr.write('ImageMagick is not here: nothing is made smaller\n');
    const pictures = readdirSync(join(folder, kind.name)).filter((file) => file.endsWith('.png'));
    const options = [
      '+dither',
      '-remap',
      palette,
      '-define',
      'png:exclude-chunks=all',
      '-define',
      'png:compression-level=9',
    ];
    spawnSync('mogrify', [...options, ...pictures.map((file) => join(folder, kind.name, file))]);
    rmSync(palette);
  }
}

/** The tokens of the stylesheet, and text half-way and further into what it stands on. */
function paletteOf(scheme: Kind['colorScheme']): readonly string[] {
  const css = readFileSync(join(import.meta.dirname, '../../public/latchkey.css'), 'utf8');
  const part = css.split('@media (prefers-color-scheme: dark)')[scheme === 'light' ? 0 : 1] ?? '';
  const tokens = new Map(
    [...part.matchAll(/--([a-z-]+): (#[0-9a-f]{3,6});/g)].map(([, name, hex]) => [name, long(hex)]),
  );
  const texts = ['ink', 'soft', 'key', 'warn'].map((name) => tokens.get(name) ?? '');
  const grounds = ['paper', 'sheet', 'key-tint', 'warn-tint'].map((name) => tokens.get(name) ?? '');
  const between = texts.flatMap((text) =>
    grounds.slice(0, 2).flatMap((ground) => [mix(text, ground, 1 / 3), mix(text, ground, 2 / 3)]),
  );
  const onKey = mix(tokens.get('key') ?? '', tokens.get('key-ink') ?? '', 1 / 2);
  return [...new Set([...tokens.values(), ...grounds, ...between, onKey])];
}

/** `#abc` as `#aabbcc`. */
function long(hex = ''): string {
  return hex.length === 4 ? `#${[...hex.slice(1)].map((digit) => digit + digit).join('')}` : hex;
}

/** @param share of the second colour, 0 to 1 */
function mix(one: string, other: string, share: number): string {
  const channel = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) => Math.round(channel(one, at) * (1 - share) + channel(other, at) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function index(): string {
  const rows = names.map(
    (name) => `| ${[name, ...kinds.map((kind) => `![](${kind.name}/${name}.png)`)].join(' | ')} |`,
  );
  return [
    '# Every page, as it looks',
    '',
    'Made by `node test/e2e/screenshots.ts`; do not edit by hand.',
    '',
    `| | ${kinds.map((kind) => kind.title).join(' | ')} |`,
    `| --- |${kinds.map(() => ' --- |').join('')}`,
    ...rows,
    '',
  ].join('\n');
}

function bytes(): number {
  const files = readdirSync(folder, { recursive: true }).map((file) => statSync(join(folder, String(file))));
  return files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

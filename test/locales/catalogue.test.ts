import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import { Catalogue } from '../../src/web/catalogue.ts';
import { keysInUse } from './keys-in-use.ts';
import { pluralForm, type Texts, textsOf } from './texts.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'src/locales');
const read = (tag: string): Texts => textsOf(readFileSync(path.join(folder, `${tag}.json`), 'utf8'));
const tags = readdirSync(folder).map((name) => path.basename(name, '.json'));
const english = read('en');

/** A key without its plural ending, when it has one here. */
function stem(key: string, texts: Texts): string {
  const bare = key.replace(pluralForm, '');
  return bare !== key && texts.has(`${bare}_other`) ? bare : key;
}

const stems = (texts: Texts): readonly string[] =>
  [...new Set([...texts.keys()].map((key) => stem(key, texts)))].sort();

function placeholders(text: string): readonly string[] {
  return [...text.matchAll(/\{\{([^}]*)\}\}/g)].map((match) => match[1] ?? '').sort();
}

describe.each(tags)('the texts in %s', (tag) => {
  const texts = read(tag);

  it('has exactly the keys of English, plural endings aside', () => {
    expect(stems(texts)).toEqual(stems(english));
  });

  it('has every plural form of its language, and no other', () => {
    const forms = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort();
    const counted = [...english.keys()].filter((key) => key.endsWith('_other')).map((key) => stem(key, english));
    expect(counted.length).toBeGreaterThan(5);
    for (const bare of counted) {
      const found = [...texts.keys()].filter((key) => stem(key, texts) === bare && key !== bare);
      expect(found.map((key) => key.slice(bare.length + 1)).sort(), bare).toEqual(forms);
    }
  });

  it('fills in the same values as English in every text', () => {
    for (const [key, text] of texts) {
      const bare = stem(key, texts);
      const expected = placeholders(english.get(key) ?? english.get(`${bare}_other`) ?? '');
      // A form for one, two or none may say the number in words, as in "your last password".
      const inWords = /_(zero|one|two)$/.test(key) && bare !== key;
      const numberAside = (names: readonly string[]) => (inWords ? names.filter((name) => name !== 'count') : names);
      expect(numberAside(placeholders(text)), key).toEqual(numberAside(expected));
    }
  });

  it('holds no HTML and no entity, and no text is empty', () => {
    for (const [key, text] of texts) {
      expect(text, key).not.toMatch(/<[a-z/!]|&(#\d+|[a-z]+);/i);
      expect(text.trim(), key).not.toBe('');
      expect(text, key).toBe(text.trim());
    }
  });

  it('is loaded with its name and its direction', () => {
    const catalogue = Catalogue.load({ folder, tags: [tag] });
    const { textInfo } = new Intl.Locale(tag) as { textInfo?: { direction: string } };
    expect(catalogue.language(tag)).toEqual({
      tag,
      name: new Intl.DisplayNames(tag, { type: 'language', languageDisplay: 'standard' }).of(tag),
      direction: textInfo?.direction ?? (tag === 'ar' ? 'rtl' : 'ltr'),
    });
  });
});

describe('one word for one thing', () => {
  it.each([
    ['the helpdesk', 'الدعم الفني', /مكتب المساعدة/],
    ['a bar', 'المنع', /حظر|حُظر|الحجب|محظور/],
    ['a privileged account', 'ذات الصلاحيات الخاصة', /الامتيازات/],
    ['a gate, beside a portal', 'خطوة', /كل البوابات|لكل البوابات|أداء البوابات|كل بوابة/],
    ['what is quoted', '«', /[“”]/],
  ])('stands in Arabic for %s: %s', (_what, word, others) => {
    const texts = [...read('ar').values()];
    expect(texts.some((text) => text.includes(word))).toBe(true);
    expect(texts.filter((text) => others.test(text))).toEqual([]);
  });
});

describe('the keys that code and views use', () => {
  const used = keysInUse(root, new Set([...english.keys()].map((key) => key.split('.')[0] ?? '')));

  it('are found at all', () => {
    const known = used.map((use) => use.key);
    expect(known).toContain('gates.otp-sms.code-wrong');
    expect(known).toContain('errors.misdirected.heading');
    expect(known).toContain('gates.*.registered');
    expect(used.length).toBeGreaterThan(100);
  });

  it('each have a text', () => {
    const bare = stems(english);
    const missing = used.filter(({ matches }) => !bare.some((key) => matches.test(key)));
    expect(missing.map(({ key, file }) => `${key} in ${file}`)).toEqual([]);
  });
});

describe("an operator's own texts", () => {
  const overrides = (name: string, content: string): string => {
    const own = mkdtempSync(path.join(tmpdir(), 'latchkey-locales-'));
    writeFileSync(path.join(own, name), content);
    return own;
  };
  const load = (own: string) => Catalogue.load({ folder, overrides: own, tags: ['en', 'ar'] });

  it('replace single texts and leave all others', () => {
    const catalogue = load(overrides('ar.json', '{"home": {"heading": "أهلًا"}}'));
    expect(catalogue.in('ar')('home.heading')).toBe('أهلًا');
    expect(catalogue.in('ar')('home.reset')).toBe(read('ar').get('home.reset'));
    expect(catalogue.in('en')('home.heading')).toBe(english.get('home.heading'));
  });

  it.each([
    ['is no JSON', '{"home": '],
    ['is no JSON, in several lines', '{\n"home": x\n}'],
    ['holds a list', '{"home": {"heading": ["a"]}}'],
    ['holds a number', '{"home": 1}'],
    ['is not a group of texts', '"home"'],
  ])('stop the start and are named when the file %s', (_why, content) => {
    const own = overrides('ar.json', content);
    const fault = faultOf(() => load(own));
    expect(fault).toBeInstanceOf(Misconfigured);
    expect(fault?.message).toContain(path.join(own, 'ar.json'));
    expect(fault?.message).not.toContain('\n');
  });

  it('stop the start when they are there and cannot be read', () => {
    const own = mkdtempSync(path.join(tmpdir(), 'latchkey-locales-'));
    mkdirSync(path.join(own, 'ar.json'));
    expect(faultOf(() => load(own))?.message).toBe(
      `${path.join(own, 'ar.json')}: the texts of a configured language cannot be read (EISDIR)`,
    );
  });

  it('are not asked for when there are none', () => {
    expect(() => load(path.join(tmpdir(), 'latchkey-no-such-folder'))).not.toThrow();
  });
});

it('a language without a file stops the start and is named', () => {
  const fault = faultOf(() => Catalogue.load({ folder, tags: ['en', 'tlh'] }));
  expect(fault).toBeInstanceOf(Misconfigured);
  expect(fault?.message).toContain(path.join(folder, 'tlh.json'));
});

function faultOf(deed: () => unknown): Error | undefined {
  try {
    deed();
    return undefined;
  } catch (fault) {
    return fault instanceof Error ? fault : undefined;
  }
}

it('Arabic counts as Arabic does', () => {
  const t = Catalogue.load({ folder, tags: ['en', 'ar'] }).in('ar');
  const said = [1, 2, 3, 11, 100].map((count) => t('gates.tries-left', { count }).replace(/[\u2068\u2069]/g, ''));
  expect(said).toEqual([
    'بقيت لك محاولة واحدة.',
    'بقيت لك محاولتان.',
    'بقيت لك 3 محاولات.',
    'بقيت لك 11 محاولة.',
    'بقيت لك 100 محاولة.',
  ]);
});

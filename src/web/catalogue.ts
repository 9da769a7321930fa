import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInstance, type i18n, type Resource } from 'i18next';
import { z } from 'zod';
import { Misconfigured } from '../core/errors.ts';
import type { Message } from '../core/message.ts';

/** Finds the text of a key in one language. Values are isolated, so that a number never turns a sentence around. */
export type Translate = (key: string, values?: Message['values']) => string;

export interface Language {
  /** BCP 47 tag, which is also the file's name. */
  readonly tag: string;
  /** What the language calls itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
}

/** A file of texts: nested objects whose leaves are sentences. */
const textsSchema = z.record(
  z.string(),
  z.lazy(() => z.union([z.string(), textsSchema])),
) as z.ZodType<Texts>;
interface Texts {
  readonly [key: string]: string | Texts;
}

/** First strong isolate and its end (UAX #9): the value keeps its own direction inside the sentence. */
const isolate = (value: string): string => `\u2068${value}\u2069`;

/** All texts that people read, in every configured language, with an operator's overrides on top. */
export class Catalogue {
  readonly languages: readonly Language[];
  readonly #instance: i18n;

  private constructor(instance: i18n, languages: readonly Language[]) {
    this.#instance = instance;
    this.languages = languages;
  }

  /**
   * Reads `<tag>.json` of every tag from `folder`, and again from `overrides` where it has one.
   * @param tags the first is the default language and completes the others
   * @throws Misconfigured naming the file when one is missing, no JSON, or not made of texts
   */
  static load(where: { folder: string; overrides?: string; tags: readonly string[] }): Catalogue {
    const [fallback = 'en'] = where.tags;
    const instance = createInstance();
    const resources: Resource = {};
    for (const tag of where.tags) resources[tag] = { texts: readTexts(path.join(where.folder, `${tag}.json`)) };
    instance.init({
      resources,
      lng: fallback,
      fallbackLng: [...new Set([fallback, 'en'])],
      ns: ['texts'],
      defaultNS: 'texts',
      initAsync: false,
      returnEmptyString: false,
      interpolation: { escapeValue: true, escape: isolate },
    });
    if (where.overrides !== undefined) {
      for (const tag of where.tags) {
        const texts = readTexts(path.join(where.overrides, `${tag}.json`), { optional: true });
        instance.addResourceBundle(tag, 'texts', texts, true, true);
      }
    }
    const languages = where.tags.map((tag) => languageOf(instance, tag));
    return new Catalogue(instance, languages);
  }

  /** The texts of one language. An unknown tag gives the default language. */
  in(tag: string): Translate {
    const translate = this.#instance.getFixedT(this.language(tag).tag);
    return (key, values) => translate(key, { ...values });
  }

  /** The language of a tag, or the default one. */
  language(tag: string | undefined): Language {
    const found = this.languages.find((language) => language.tag === tag) ?? this.languages[0];
    if (found === undefined) throw new Error('the catalogue has no language');
    return found;
  }

  /** The best of the configured languages for an Accept-Language list, most wanted first. */
  choose(wanted: readonly string[]): Language {
    for (const tag of wanted) {
      const base = tag.toLowerCase().split('-')[0];
      const found = this.languages.find((language) => language.tag.toLowerCase().split('-')[0] === base);
      if (found !== undefined) return found;
    }
    return this.language(undefined);
  }
}

function languageOf(instance: i18n, tag: string): Language {
  const text = instance.getFixedT(tag);
  return { tag, name: text('language.name'), direction: text('language.direction') === 'rtl' ? 'rtl' : 'ltr' };
}

function readTexts(file: string, options: { optional?: boolean } = {}): Texts {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (fault) {
    const why = fault instanceof Error && 'code' in fault ? String(fault.code) : 'unreadable';
    if (options.optional === true && why === 'ENOENT') return {};
    throw new Misconfigured(`${file}: the texts of a configured language cannot be read (${why})`, fault);
  }
  const parsed = textsSchema.safeParse(parseJson(source, file));
  if (!parsed.success) throw new Misconfigured(`${file}: every value must be a text or a group of texts`);
  return parsed.data;
}

function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source);
  } catch (fault) {
    // The reason quotes the file, line breaks included.
    const why = fault instanceof Error ? fault.message.replaceAll(/\s+/g, ' ') : 'unreadable';
    throw new Misconfigured(`${file}: not valid JSON (${why})`, fault);
  }
}

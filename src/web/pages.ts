import type { Request, Response } from 'express';
import type { Message, Problem } from '../core/message.ts';
import type { Catalogue, Language, Translate } from './catalogue.ts';
import { csrfField, csrfToken } from './csrf.ts';

/** What stands on every page: whose it is, and where help is. */
export interface Organisation {
  readonly name: string;
  /** Path of the logo below the portals' own address; undefined shows Latchkey's key. */
  readonly logo?: string;
  readonly helpdesk: { readonly phone?: string; readonly mail?: string; readonly hours?: string };
  /** One login in each of the ways in which it may be typed. */
  readonly loginExamples: readonly string[];
  readonly privacyUrl?: string;
  /** IANA time zone that times are shown in; undefined uses the server's. */
  readonly timeZone?: string;
}

export interface PageOptions {
  /** View name below views/. */
  readonly view: string;
  /** The surface that the page belongs to: its name stands in the title, and its start behind the logo. */
  readonly surface: '' | 'reset' | 'registration' | 'help' | 'demo' | 'console' | 'caller';
  readonly status?: number;
  /** False for pages without any form: they start no session. */
  readonly forms?: boolean;
  readonly data?: { readonly [name: string]: unknown };
  readonly notice?: Message | undefined;
  readonly problems?: readonly Problem[] | undefined;
}

/** Renders pages with what all of them share. */
export class Pages {
  readonly #organisation: Organisation;
  readonly #catalogue: Catalogue;
  readonly #demo: boolean;
  readonly #fallback: { readonly translate: Translate; readonly language: Language };

  constructor(needs: { organisation: Organisation; catalogue: Catalogue; demo: boolean }) {
    this.#organisation = needs.organisation;
    this.#catalogue = needs.catalogue;
    this.#demo = needs.demo;
    const language = needs.catalogue.language(undefined);
    this.#fallback = { language, translate: needs.catalogue.in(language.tag) };
  }

  send(request: Request, response: Response, page: PageOptions): void {
    const translate = request.translate ?? this.#fallback.translate;
    const problems = (page.problems ?? []).map((problem) => ({
      field: problem.field,
      text: translate(problem.message.key, problem.message.values),
    }));
    const language = request.language ?? this.#fallback.language;
    response.status(page.status ?? 200).render(page.view, {
      ...page.data,
      t: translate,
      language,
      languages: this.#catalogue.languages,
      organisation: this.#organisation,
      demo: this.#demo,
      surface: page.surface,
      path: request.originalUrl.split('?')[0],
      // An error page may come before there is a session; it has no form then.
      csrf:
        request.session === undefined || page.forms === false
          ? undefined
          : { field: csrfField, token: csrfToken(request) },
      problems,
      localTime: (at: Date) => this.#localTime(at, language.tag),
      problemAt: (field: string) => problems.find((problem) => problem.field === field)?.text,
      notice: page.notice === undefined ? undefined : translate(page.notice.key, page.notice.values),
    });
  }

  #localTime(at: Date, tag: string): string {
    const { timeZone } = this.#organisation;
    const zone = timeZone === undefined ? {} : { timeZone };
    return new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short', ...zone }).format(at);
  }
}

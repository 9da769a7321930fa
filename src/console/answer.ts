import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { ConsoleDeed } from '../core/audit/console-audit.ts';
import type { Json } from '../core/json.ts';
import type { Message, Problem } from '../core/message.ts';
import type { Pages } from '../web/pages.ts';
import { saveSession } from '../web/session.ts';

/** What a route answers. `about`: the account that is shown, and what else the audit must know of it. */
export type Answer =
  | {
      readonly kind: 'page';
      /** Name below views/. */
      readonly view: string;
      readonly status?: number;
      readonly data?: { readonly [name: string]: unknown };
      readonly problems?: readonly Problem[];
      readonly notice?: Message;
      readonly about?: Omit<ConsoleDeed, 'what'>;
    }
  | {
      readonly kind: 'go';
      /** A path of ours. */
      readonly to: string;
      /** What the page there says of what was done. */
      readonly notice?: Message;
      /** There was nothing to do, and nothing was done that the audit would have to know of. */
      readonly nothing?: true;
      /** The browser forgets what it kept of the pages. */
      readonly forget?: true;
    }
  | { readonly kind: 'json'; readonly body: Json; readonly about?: Omit<ConsoleDeed, 'what'> }
  | {
      readonly kind: 'file';
      readonly name: string;
      /** Media type. */
      readonly type: string;
      readonly body: string | AsyncIterable<string>;
      readonly about?: Omit<ConsoleDeed, 'what'>;
    };

export type Go = Extract<Answer, { kind: 'go' }>;

/** Sends it. */
export async function sendAnswer(
  answer: Answer,
  to: {
    readonly request: Request;
    readonly response: Response;
    readonly pages: Pages;
    /** Where it can be looked at again, when it is a page. */
    readonly page: string;
  },
): Promise<void> {
  const { request, response, pages, page } = to;
  switch (answer.kind) {
    case 'page': {
      const { view, status, data, problems } = answer;
      const notice = answer.notice ?? takeNotice(request);
      const given = { ...(status === undefined ? {} : { status }), data: { ...data, page } };
      pages.send(request, response, { view, surface: 'console', ...given, problems, notice });
      return;
    }
    case 'go':
      await leaveNotice(request, answer);
      // Not the cookies: that would reach all hosts of the organisation's domain (Clear Site Data 3.1).
      if (answer.forget === true) response.set('Clear-Site-Data', '"cache", "storage"');
      response.redirect(303, answer.to);
      return;
    case 'json':
      response.json(answer.body);
      return;
    case 'file':
      response.attachment(answer.name).type(answer.type);
      try {
        await pipeline(Readable.from(typeof answer.body === 'string' ? [answer.body] : answer.body), response);
      } catch (err) {
        // The status is out already: all that can be told is that the file has no end. Whoever left knows.
        const isLeft = err instanceof Error && 'code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE';
        if (!isLeft) request.log.error({ err }, 'a file was cut short');
      }
  }
}

/** Leaves what is to be said of an act to the next page. @returns the answer without it */
export async function leaveNotice(request: Request, { notice, ...answer }: Go): Promise<Go> {
  if (notice !== undefined) {
    request.session.notice = notice;
    await saveSession(request);
  }
  return answer;
}

/** What the last act left to be said, once. */
function takeNotice(request: Request): Message | undefined {
  const { notice } = request.session;
  if (notice !== undefined) delete (request.session as { notice?: Message }).notice;
  return notice;
}

import { Router } from 'express';
import { z } from 'zod';
import type { LocalisedText } from '../core/localised-text.ts';
import { posted } from '../core/posted-form.ts';
import type { Pages } from '../web/pages.ts';

/** In the demo: whom to try, and what they know. */
export interface DemoHints {
  readonly password: string;
  readonly people: readonly DemoHint[];
  readonly answers: readonly { readonly question: LocalisedText; readonly answer: string }[];
}

export interface DemoHint {
  readonly login: string;
  readonly name: string;
  /** Names the sentence below `demo.people.` that says what to try. */
  readonly situation: string;
}

export interface DemoCall {
  readonly id: string;
  readonly at: Date;
  readonly spoken: string;
  /** What was keyed in so far. */
  readonly keyed: string;
  readonly state: 'ringing' | 'answered' | 'ended';
  readonly outcome?: string;
}

export interface DemoPhone {
  readonly number: string;
  readonly owner?: string;
  readonly texts: readonly { readonly id: string; readonly at: Date; readonly text: string }[];
  readonly calls: readonly DemoCall[];
}

/** The virtual phones and mailboxes, as far as the demo's pages need them. */
export interface DemoWorldView {
  readonly hints: DemoHints;
  phones(): readonly DemoPhone[];
  mails(): readonly { readonly to: string; readonly at: Date; readonly text: string }[];
  press(callId: string, key: DemoKey): void;
}

const keys = ['answer', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#', 'hang-up', 'not-me'] as const;
/** What can be done with a ringing phone. */
export type DemoKey = (typeof keys)[number];

const keyForm = z.strictObject({ call: z.string().max(64), key: z.enum(keys) });

/** The virtual phone and mailbox: where the demo's calls ring and its texts arrive. Never in production. */
export function demoRoutes(needs: { pages: Pages; world: DemoWorldView }): Router {
  const { pages, world } = needs;
  const router = Router({ strict: true, caseSensitive: true });
  router.get('/phone', (request, response) => {
    pages.send(request, response, {
      view: 'demo/phone',
      surface: 'demo',
      data: { phones: world.phones(), mails: world.mails() },
    });
  });
  router.post('/phone', (request, response) => {
    const { call, key } = posted(keyForm, request.body, 'not a key of the virtual phone');
    world.press(call, key);
    response.redirect(303, '/demo/phone');
  });
  return router;
}

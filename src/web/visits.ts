import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Admission, Visiting, VisitKind, VisitLimits } from '../core/visits/visit-limits.ts';
import type { PageOptions, Pages } from './pages.ts';
import { contextOf } from './requests.ts';

/** What a form that may have asked for a proof brings back, beside its own fields. */
export const proofFields = { proof: z.string().max(256).optional(), solution: z.string().max(12).optional() };

const proofForm = z.object(proofFields);

/** Begins to admit the visit that a form is. */
export function visitOf(
  limits: VisitLimits,
  visit: { readonly kind: VisitKind; readonly request: Request; readonly form: z.output<typeof proofForm> },
): Visiting {
  const { kind, request, form } = visit;
  const proof = form.proof === undefined ? undefined : { token: form.proof, solution: form.solution ?? '' };
  return limits.visit({ kind, request: contextOf(request), proof });
}

/**
 * Answers a visit that was not admitted: the same form with a puzzle, or a page that says when to come back.
 * @param form how the form is shown that the visitor came from; what was typed stays in it
 */
export function sendHalted(
  pages: Pages,
  halted: Exclude<Admission, { kind: 'admitted' }>,
  answer: { readonly request: Request; readonly response: Response; readonly form: PageOptions; readonly now: Date },
): void {
  const { request, response, form, now } = answer;
  if (halted.kind === 'prove') {
    response.set('Retry-After', String(halted.puzzle.waitSeconds));
    pages.send(request, response, { ...form, status: 429, data: { ...form.data, puzzle: halted.puzzle } });
    return;
  }
  const seconds = Math.max(1, Math.ceil((halted.until.getTime() - now.getTime()) / 1000));
  response.set('Retry-After', String(seconds));
  pages.send(request, response, {
    view: 'portal/limited',
    surface: form.surface,
    status: 429,
    data: { minutes: Math.ceil(seconds / 60), until: halted.until },
  });
}

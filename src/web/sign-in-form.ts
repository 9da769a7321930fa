import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { loginStem, parseLogin } from '../core/login.ts';
import type { Problem } from '../core/message.ts';
import { posted } from '../core/posted-form.ts';
import type { SignInGuard, SignInOutcome, SignInRequest } from '../core/visits/sign-in.ts';
import type { VisitKind, VisitLimits } from '../core/visits/visit-limits.ts';
import type { EvenTime } from './even-time.ts';
import { loginField, loginProblem, typedAgain } from './login-field.ts';
import type { PageOptions, Pages } from './pages.ts';
import { contextOf } from './requests.ts';
import { proofFields, sendHalted, visitOf } from './visits.ts';

export interface SignInFormNeeds {
  readonly guard: SignInGuard;
  readonly limits: VisitLimits;
  readonly clock: Clock;
  readonly pages: Pages;
  /** Every sign-in that comes to nothing takes as long as any other. */
  readonly signInTime: EvenTime;
}

/** Where a sign-in is made. */
export interface SignInPlace {
  readonly portal: SignInRequest['portal'];
  readonly kind: Exclude<VisitKind, 'start'>;
  /** The form. What was typed as the login stands in it again, the password never. */
  readonly page: PageOptions;
}

export interface TriedSignIn {
  readonly outcome: SignInOutcome;
  /** Shows the form again with this sentence, when it has taken as long as any sign-in that comes to nothing. */
  refuse(key: string): Promise<void>;
}

const signInForm = z.strictObject({ login: loginField, password: z.string().max(1024), ...proofFields });

/**
 * Takes a posted sign-in with the directory password.
 * @returns how it came out; undefined when nothing was tried, and the answer has been sent
 * @throws BadRequest when it is not exactly the fields of the form
 */
export async function takeSignIn(
  needs: SignInFormNeeds,
  place: SignInPlace,
  { request, response }: { readonly request: Request; readonly response: Response },
): Promise<TriedSignIn | undefined> {
  const { pages, limits, guard, clock, signInTime } = needs;
  const form = posted(signInForm, request.body, 'a sign-in is exactly one login and one password');
  const page: PageOptions = { ...place.page, data: { ...place.page.data, typed: typedAgain(form.login) } };
  const again = (problem: Problem): void =>
    pages.send(request, response, { ...page, status: 422, problems: [problem] });

  const login = parseLogin(form.login);
  if (login === undefined) return void again(loginProblem(form.login));
  if (form.password === '') {
    return void again({ field: 'password', message: { key: 'sign-in.password-empty' } });
  }
  const admission = await visitOf(limits, { kind: place.kind, request, form }).admit(loginStem(login));
  if (admission.kind !== 'admitted') {
    return void sendHalted(pages, admission, { request, response, form: page, now: clock.now() });
  }
  const inTime = signInTime.begin();
  const outcome = await guard.signIn(login, form.password, { ...contextOf(request), portal: place.portal });
  return {
    outcome,
    async refuse(key) {
      await inTime();
      again({ message: { key } });
    },
  };
}

import { z } from 'zod';
import type { Problem } from '../core/message.ts';

/** The field in which people type who they are; far longer than any login, so that what is too long is told. */
export const loginField = z.string().max(1024);

/** As much of what was typed as stands in the field again. */
export function typedAgain(login: string): string {
  return login.slice(0, 256);
}

/**
 * What stands at the field when `parseLogin` made nothing of it.
 * @param whose somebody else's where staff type it
 */
export function loginProblem(typed: string, whose: 'own' | 'another' = 'own'): Problem {
  const keys =
    whose === 'own'
      ? { empty: 'start.login-empty', shape: 'start.login-shape' }
      : { empty: 'console.login-empty', shape: 'console.login-shape' };
  return { field: 'login', message: { key: typed.trim() === '' ? keys.empty : keys.shape } };
}

import type { Purpose } from './gate.ts';
import type { Link } from './link.ts';

/**
 * A web surface for people; in the console a flow is the second factor of a sign-in. `caller`: somebody on the telephone
 * shows the helpdesk who they are.
 */
export type Portal = 'registration' | 'reset' | 'console' | 'caller';

/** What a gate of a flow is for. */
export function purposeOf(portal: Portal, { step }: Pick<Link, 'step'>): Purpose {
  if (portal !== 'registration') return portal;
  return step === 'enrol' ? 'registration' : 'change';
}

/** Whether somebody who is asked for this has signed in: what a decoy must not be told may be told to them. */
export function hasSignedIn(purpose: Purpose): boolean {
  return purpose === 'registration' || purpose === 'change' || purpose === 'console';
}

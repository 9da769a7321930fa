import type { Link } from './link.ts';

/**
 * A web surface for people; in the console a flow is the second factor of a sign-in. `caller`: somebody on the telephone
 * shows the helpdesk who they are.
 */
export type Portal = 'registration' | 'reset' | 'console' | 'caller';

/**
 * What somebody is asked at a gate for: to get back into their account; to register what the gate keeps; to confirm that
 * what they registered may be changed; to use the console; to show the helpdesk who they are.
 */
export type Purpose = 'reset' | 'registration' | 'change' | 'console' | 'caller';

/** What a gate of a flow is for. */
export function purposeOf(portal: Portal, { step }: Pick<Link, 'step'>): Purpose {
  if (portal !== 'registration') return portal;
  return step === 'enrol' ? 'registration' : 'change';
}

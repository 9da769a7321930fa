import type { AccountState } from '../src/core/account.ts';

/** How a plain person's account stands: nothing is wrong with it. */
export const untroubled: AccountState = {
  person: true,
  locked: false,
  disabled: false,
  expired: false,
  passwordExpired: false,
  mustChangePassword: false,
  smartcardRequired: false,
  privileged: false,
  groups: [],
  unit: '',
  badPasswordCount: 0,
};

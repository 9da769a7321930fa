import {
  ConstraintViolationError,
  InsufficientAccessError,
  UnknownStatusCodeError,
  UnwillingToPerformError,
} from 'ldapts';
import { describe, expect, test } from 'vitest';
import { isMissingRight, refusalReason, win32Code } from '../../../src/directories/active-directory/error-text.ts';

/** As Windows Server sends them; it never says which rule was broken. */
const windows = {
  reset: '0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0\n',
  change:
    '0000052D: AtrErr: DSID-03191083, #1:\n\t0: 0000052D: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)\n',
  rights: '00000005: SecErr: DSID-031A1256, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n',
  adminHolder: '00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n',
  encoding: '0000001F: SvcErr: DSID-031A11E5, problem 5003 (WILL_NOT_PERFORM), data 0\n',
};

const samba = (text: string) => `0000052D: Constraint violation - check_password_restrictions: ${text}`;

describe('what the text of an error says', () => {
  test.each([
    ['a reset that Windows refuses', new UnwillingToPerformError(windows.reset), 'policy'],
    ['a change that Windows refuses', new ConstraintViolationError(windows.change), 'policy'],
    [
      'a short password',
      new ConstraintViolationError(samba('the password is too short. It should be equal or longer than 8 characters!')),
      'too-short',
    ],
    [
      'a simple password',
      new ConstraintViolationError(samba('the password does not meet the complexity criteria!')),
      'too-simple',
    ],
    [
      'a password that was used before',
      new UnwillingToPerformError(samba('the password was already used (in history)!')),
      'used-before',
    ],
    [
      'a password changed again too soon',
      new ConstraintViolationError(samba('password is too young to change!')),
      'too-young',
    ],
    ['a filter of its own', new ConstraintViolationError(samba('check password script said no')), 'policy'],
  ])('%s is a refusal of the policy', (_what, error, reason) => {
    expect(refusalReason(error)).toBe(reason);
    expect(isMissingRight(error)).toBe(false);
  });

  test.each([
    ['access denied on Windows', new UnknownStatusCodeError(19, windows.rights)],
    ['what AdminSDHolder took away', new InsufficientAccessError(windows.adminHolder)],
    ['a missing right on Samba', new InsufficientAccessError('error in module acl: insufficient access rights (50)')],
    [
      'a missing property right on Samba',
      new InsufficientAccessError('00002098: Object CN=x has no write property access'),
    ],
  ])('%s is a missing right', (_what, error) => {
    expect(isMissingRight(error)).toBe(true);
    expect(refusalReason(error)).toBeUndefined();
  });

  test('a password in the wrong form or over a connection in the clear is neither', () => {
    const error = new UnwillingToPerformError(windows.encoding);
    expect(refusalReason(error)).toBeUndefined();
    expect(isMissingRight(error)).toBe(false);
  });

  test('only the eight digits in front count', () => {
    expect(win32Code(windows.reset)).toBe(0x52d);
    expect(win32Code('no code, although 0000052D: stands in it')).toBeUndefined();
    expect(win32Code('')).toBeUndefined();
    const named = new ConstraintViolationError('00002083: the value "0000052D: too short" is taken');
    expect(refusalReason(named)).toBeUndefined();
  });
});

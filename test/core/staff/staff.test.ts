import { describe, expect, test } from 'vitest';
import type { Account, AccountState } from '../../../src/core/account.ts';
import {
  mayActOn,
  maySee,
  type StaffMember,
  type StaffRules,
  sightOf,
  staffOf,
} from '../../../src/core/staff/staff.ts';
import { untroubled } from '../../account-state.ts';

const rules: StaffRules = {
  administrators: ['admins'],
  auditors: ['auditors', 'more-auditors'],
  helpdesk: [
    { group: 'north', units: ['People/North'] },
    { group: 'south', units: ['People/South', 'People/Islands'] },
    { group: 'everywhere', units: 'all' },
  ],
};

function account(state: Partial<AccountState>): Account {
  const names = { id: 'id-1', name: 'CONTOSO\\robin', samName: 'robin', displayName: 'Robin' };
  return { ...names, state: { ...untroubled, ...state } };
}

const member = (...groups: readonly string[]): StaffMember => {
  const found = staffOf(account({ groups }), rules);
  if (found === undefined) throw new Error('nobody of the staff');
  return found;
};

describe('who is staff', () => {
  test('is whoever is in one of the groups, in the roles of all of them', () => {
    expect(member('users', 'admins')).toEqual({ id: 'id-1', name: 'Robin', roles: ['administrator'], units: [] });
    expect(member('more-auditors', 'admins').roles).toEqual(['administrator', 'auditor']);
    expect(member('north', 'south')).toMatchObject({
      roles: ['helpdesk'],
      units: ['People/North', 'People/South', 'People/Islands'],
    });
    expect(member('north', 'everywhere').units).toBe('all');
  });

  test('is nobody else', () => {
    expect(staffOf(account({ groups: ['users'] }), rules)).toBeUndefined();
    expect(staffOf(account({}), rules)).toBeUndefined();
    expect(staffOf(account({ groups: ['ADMINS', ''] }), rules)).toBeUndefined();
    expect(staffOf(account({ groups: [] }), { administrators: [], auditors: [], helpdesk: [] })).toBeUndefined();
  });

  test.each([{ disabled: true }, { expired: true }, { person: false }])('is nobody whose account is %o', (state) => {
    expect(staffOf(account({ groups: ['admins'], ...state }), rules)).toBeUndefined();
  });
});

describe('a helpdesk of one unit', () => {
  const north = member('north');

  test.each(['People/North', 'people/north', 'People/North/Harbour', 'People/North/Harbour/East'])(
    'sees %s',
    (unit) => {
      expect(maySee(north, account({ unit }))).toBe(true);
      expect(mayActOn(north, account({ unit }))).toBe(true);
    },
  );

  test.each(['', 'People', 'People/South', 'People/Northern', 'People/North\\/x', 'North', 'Other/People/North'])(
    'sees nobody in "%s"',
    (unit) => {
      expect(maySee(north, account({ unit }))).toBe(false);
      expect(mayActOn(north, account({ unit }))).toBe(false);
    },
  );

  test('who audits too sees everybody and still acts on its own unit alone', () => {
    const both = member('north', 'auditors');
    expect(sightOf(both)).toBe('all');
    expect(maySee(both, account({ unit: 'People/South' }))).toBe(true);
    expect(mayActOn(both, account({ unit: 'People/South' }))).toBe(false);
    expect(mayActOn(both, account({ unit: 'People/North' }))).toBe(true);
  });
});

test('an auditor sees everybody and acts on nobody; an administrator acts on everybody', () => {
  const anywhere = account({ unit: 'Elsewhere' });
  expect(maySee(member('auditors'), anywhere)).toBe(true);
  expect(mayActOn(member('auditors'), anywhere)).toBe(false);
  expect(mayActOn(member('admins'), anywhere)).toBe(true);
  expect(mayActOn(member('everywhere'), anywhere)).toBe(true);
});

test('without a unit a helpdesk reaches nobody', () => {
  const nowhere: StaffMember = { id: 'id-1', name: 'Robin', roles: ['helpdesk'], units: [] };
  expect(maySee(nowhere, account({ unit: 'People' }))).toBe(false);
  expect(maySee(nowhere, account({ unit: '' }))).toBe(false);
});

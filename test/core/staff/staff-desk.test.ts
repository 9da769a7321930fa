import { beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { StaffDesk } from '../../../src/core/staff/staff-desk.ts';
import { NamedStaffRules } from '../../../src/core/staff/staff-rules.ts';
import { untroubled } from '../../account-state.ts';
import { SettableClock } from '../../settable-clock.ts';

const clock = new SettableClock();
const roles = {
  administrators: ['Admins'],
  auditors: [],
  helpdesk: [{ group: 'Desk', units: ['people/north'] }],
};

/** A directory in which groups come and go. */
class Groups {
  known: Readonly<Record<string, { id: string; cyclic: boolean }>> = {
    Admins: { id: 'S-1', cyclic: false },
    Desk: { id: 'S-2', cyclic: false },
  };
  unit: string | undefined = 'People/North';
  isDown = false;
  asked = 0;
  person: Account | undefined = account(['S-1']);

  async findGroup(name: string) {
    this.#ask();
    const found = this.known[name];
    return found === undefined ? undefined : { ...found, name };
  }

  async findUnit() {
    this.#ask();
    return this.unit === undefined ? undefined : { path: this.unit };
  }

  async read() {
    this.#ask();
    return this.person;
  }

  #ask(): void {
    this.asked += 1;
    if (this.isDown) throw new Unavailable('no server answers');
  }
}

function account(groups: readonly string[], more: Partial<Account['state']> = {}): Account {
  const names = { id: 'id-1', name: 'CONTOSO\\robin', samName: 'robin', displayName: 'Robin' };
  return { ...names, state: { ...untroubled, groups, ...more } };
}

let directory: Groups;
let rules: NamedStaffRules;
let desk: StaffDesk;
beforeEach(() => {
  directory = new Groups();
  rules = new NamedStaffRules({ directory, roles, clock });
  desk = new StaffDesk({ directory, rules, clock });
});

describe('the names of groups and units', () => {
  test('become what the directory knows them by', async () => {
    expect(await rules.current()).toEqual({
      administrators: ['S-1'],
      auditors: [],
      helpdesk: [{ group: 'S-2', units: ['People/North'] }],
    });
  });

  test('are asked for again after some minutes: a new group of an old name is another one', async () => {
    await rules.current();
    directory.known = { ...directory.known, Admins: { id: 'S-9', cyclic: false } };
    clock.pass(299);
    expect((await rules.current()).administrators).toEqual(['S-1']);
    clock.pass(2);
    expect((await rules.current()).administrators).toEqual(['S-9']);
  });

  test.each([
    [
      'a group that is not there',
      () => (directory.known = { Admins: { id: 'S-1', cyclic: false } }),
      'the group "Desk"',
    ],
    [
      'a group that is a member of itself',
      () => (directory.known = { ...directory.known, Desk: { id: 'S-2', cyclic: true } }),
      'the group "Desk"',
    ],
    ['a unit that is not there', () => (directory.unit = undefined), 'the unit "people/north"'],
  ])('are a fault with %s, at the start and later', async (_what, spoil, named) => {
    spoil();
    await expect(rules.check()).rejects.toThrow(named);
    await expect(rules.current()).rejects.toBeInstanceOf(Misconfigured);
    await expect(desk.find('id-1')).rejects.toBeInstanceOf(Misconfigured);
  });

  test('may be unknown at the start while no server answers, and are asked for again', async () => {
    directory.isDown = true;
    expect(await rules.check()).toBe(false);
    directory.isDown = false;
    expect(await rules.check()).toBe(true);
  });
});

describe('who is staff', () => {
  test('is read once a minute, however often it is asked', async () => {
    expect((await desk.find('id-1'))?.member.roles).toEqual(['administrator']);
    const { asked } = directory;
    await Promise.all([desk.find('id-1'), desk.find('id-1')]);
    expect(directory.asked).toBe(asked);
  });

  test.each([
    ['is taken out of the group', account([])],
    ['is disabled', account(['S-1'], { disabled: true })],
    ['is gone', undefined],
  ])('is nobody any more within a minute after somebody %s', async (_what, then) => {
    await desk.find('id-1');
    directory.person = then;
    clock.pass(61);
    expect(await desk.find('id-1')).toBeUndefined();
  });

  test('is nobody on yesterday’s word: a directory that does not answer is a fault, and is asked again', async () => {
    await desk.find('id-1');
    directory.isDown = true;
    clock.pass(61);
    await expect(desk.find('id-1')).rejects.toBeInstanceOf(Unavailable);
    directory.isDown = false;
    expect((await desk.find('id-1'))?.member.id).toBe('id-1');
  });
});

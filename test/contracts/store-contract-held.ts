import { expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import type { Enrolment, Stores } from '../../src/core/stores.ts';
import { canaries, later, noon } from './store-samples.ts';
import type { StoreWorld } from './store-world.ts';

/** The store's own clock stands at noon. */
function enrolment(data: string): Enrolment {
  return { accountId: 'ana', gate: 'phone', data, provedAt: later(-5) };
}

const counting = async (stores: Stores) => (await stores.enrolments.of('ana')).map(({ data }) => data);

export function heldContract(world: () => StoreWorld): void {
  test('what is held comes back without its data, and what was there counts on', async () => {
    const { stores, other } = world();
    await stores.enrolments.keep(enrolment('old'));
    await stores.enrolments.keep(enrolment('new'), { hold: { id: 'h1', countsFrom: later(1) } });
    expect(await counting(other)).toEqual(['old']);
    expect(await other.enrolments.held('ana')).toStrictEqual([
      { id: 'h1', gate: 'phone', provedAt: later(-5), countsFrom: later(1) },
    ]);
    expect(await other.enrolments.held('ben')).toEqual([]);
  });

  test('by its time alone it takes the other’s place', async () => {
    const { stores } = world();
    await stores.enrolments.keep(enrolment('old'));
    await stores.enrolments.keep({ ...enrolment('answers'), gate: 'questions' });
    await stores.enrolments.keep(enrolment('new'), { hold: { id: 'h1', countsFrom: noon } });
    expect(await stores.enrolments.of('ana')).toStrictEqual([
      enrolment('new'),
      { ...enrolment('answers'), gate: 'questions' },
    ]);
    expect(await stores.enrolments.held('ana')).toEqual([]);
  });

  test('of some people it says which gates each has: the lowest ids, what is held only once it counts', async () => {
    const { stores, other } = world();
    const keep = (accountId: string, gate: string, from?: number) =>
      stores.enrolments.keep(
        { accountId, gate, data: {}, provedAt: noon },
        from === undefined ? {} : { hold: { id: `${accountId} ${gate}`, countsFrom: later(from) } },
      );
    expect(await other.enrolments.gatesOfSome(9)).toEqual([]);
    await keep('d', 'phone');
    await keep('a', 'questions');
    await keep('a', 'otp-sms', -1);
    await keep('a', 'phone', 1);
    await keep('b', 'phone', -1);
    await keep('b', 'phone', 1);
    await keep('c', 'phone', 1);
    await keep('e', 'otp-sms', -1);
    expect(await other.enrolments.gatesOfSome(9)).toEqual([
      ['otp-sms', 'questions'],
      ['phone'],
      ['phone'],
      ['otp-sms'],
    ]);
    expect(await other.enrolments.gatesOfSome(3)).toEqual([['otp-sms', 'questions'], ['phone'], ['phone']]);
    expect(await other.enrolments.gatesOfSome(1)).toEqual([['otp-sms', 'questions']]);
  });

  test('what is kept at once replaces a held one as well', async () => {
    const { stores, sql } = world();
    await stores.enrolments.keep(enrolment('held'), { hold: { id: 'h1', countsFrom: later(1) } });
    await stores.enrolments.keep(enrolment('new'));
    expect(await counting(stores)).toEqual(['new']);
    expect(await sql('select id from held_enrolments')).toEqual([]);
  });

  test('a held one that is replaced before its time never counted; one that counted does until the next', async () => {
    const { stores } = world();
    await stores.enrolments.keep(enrolment('old'));
    await stores.enrolments.keep(enrolment('never'), { hold: { id: 'h1', countsFrom: later(1) } });
    await stores.enrolments.keep({ ...enrolment('ripe'), provedAt: noon }, { hold: { id: 'h2', countsFrom: noon } });
    expect(await counting(stores)).toEqual(['ripe']);
    const next = { ...enrolment('next'), provedAt: later(1) };
    await stores.enrolments.keep(next, { hold: { id: 'h3', countsFrom: later(9) } });
    expect(await counting(stores)).toEqual(['ripe']);
    expect((await stores.enrolments.held('ana')).map(({ id }) => id)).toEqual(['h3']);
  });

  test('removing a gate removes what is held of it', async () => {
    const { stores } = world();
    await stores.enrolments.keep(enrolment('held'), { hold: { id: 'h1', countsFrom: later(1) } });
    expect(await stores.enrolments.remove('ana', 'phone')).toBe(true);
    expect(await stores.enrolments.remove('ana', 'phone')).toBe(false);
    expect(await stores.enrolments.held('ana')).toEqual([]);
  });

  test('a link takes back the one that it is about, before its time, and else nothing', async () => {
    const { stores, other } = world();
    const link = {
      notice: 'n',
      person: { id: 'ana', name: 'ANA', displayName: 'Ana' },
      reference: 'flow',
      of: 'enrolment-held',
      held: { gate: 'phone', id: 'h1' },
      expiresAt: later(60),
    };
    const effect = { takenBack: { accountId: 'ana', gate: 'phone', id: 'h1' }, tell: [] };
    await stores.links.create('token', link);
    expect(await other.links.read('token', noon)).toStrictEqual(link);
    expect(await stores.links.use('token', noon, effect)).toBe(false);
    await stores.enrolments.keep(enrolment('other'), { hold: { id: 'h2', countsFrom: later(9) } });
    expect(await stores.links.use('token', noon, effect)).toBe(false);
    await stores.enrolments.keep(enrolment('this'), { hold: { id: 'h1', countsFrom: later(9) } });
    expect(await stores.links.use('token', later(9), effect)).toBe(false);
    expect(await stores.enrolments.held('ana')).toHaveLength(1);
    expect(await other.links.use('token', later(8), effect)).toBe(true);
    expect(await stores.enrolments.held('ana')).toEqual([]);
    expect(await stores.links.use('token', later(8), effect)).toBe(false);
  });

  test('5.34: a held one is sealed at its place: it cannot be read, nor made to count by moving it', async () => {
    const { stores, dump, sql } = world();
    await stores.enrolments.keep(enrolment(canaries.number), { hold: { id: 'h1', countsFrom: later(1) } });
    expect(await dump()).not.toContain(canaries.number);
    await sql(
      'insert into enrolments (account_id, gate, proved_at, data) select account_id, gate, proved_at, data from held_enrolments',
    );
    await expect(stores.enrolments.of('ana')).rejects.toThrow(Misconfigured);
  });
}

import { expect, test } from 'vitest';
import type { CampaignLetter, CampaignRules } from '../../src/core/campaigns/campaign-store.ts';
import { canaries, later, noon, sampleRow } from './store-samples.ts';
import { type StoreWorld, together } from './store-world.ts';

const rules: CampaignRules = {
  kind: 'invite',
  size: 2,
  fromHour: 9,
  toHour: 17,
  remindDays: 7,
  reminders: 2,
  groups: [],
  units: ['People/CANARY-unit'],
};
const spring = { id: 'spring', rules, by: 'eve', byName: canaries.displayName, startedAt: noon };
const standing = { at: 1, people: 9, settled: 1, open: 2, exhausted: 3, withoutMail: 4, optedOut: 5 };

function letter(account: string, changes: Partial<CampaignLetter> = {}): CampaignLetter {
  return { campaign: 'spring', account, wave: '2026-03-29', size: 2, at: noon, row: sampleRow(), ...changes };
}

export function campaignContract(world: () => StoreWorld): void {
  const outbox = () => world().sql('select id from outbox');

  test('a campaign comes back deep-equal, and nobody reads in the database who started it for whom', async () => {
    const { stores, other, dump } = world();
    expect(await stores.campaigns.create(spring)).toBe(true);
    const running = { ...spring, state: 'running', letters: 0 };
    expect(await other.campaigns.read('spring')).toStrictEqual(running);
    expect(await other.campaigns.running()).toStrictEqual([running]);
    await stores.campaigns.write(letter('ana'));
    await stores.campaigns.note('spring', standing);
    expect(await stores.campaigns.end('spring', 'done', later(9))).toBe(true);
    expect(await stores.campaigns.end('spring', 'stopped', later(10))).toBe(false);
    const wave = { day: '2026-03-29', letters: 1, over: false };
    const done = { ...running, letters: 1, wave, standing, state: 'done', endedAt: later(9) };
    expect(await other.campaigns.recent(9)).toStrictEqual([done]);
    expect(await other.campaigns.running()).toStrictEqual([]);
    expect(await other.campaigns.read('none')).toBeUndefined();
    const raw = await dump();
    expect(raw).not.toContain(canaries.displayName);
    expect(raw).not.toContain('CANARY-unit');
  });

  test('of twenty of a kind that are started at once, on two nodes, one runs', async () => {
    const { stores, other } = world();
    const made = await together([stores, other], 20, (node, at) => node.campaigns.create({ ...spring, id: `${at}` }));
    expect(made.filter(Boolean)).toHaveLength(1);
    const confirm = { ...spring, id: 'confirm', rules: { ...rules, kind: 'confirm' as const, confirmDays: 365 } };
    expect(await other.campaigns.create(confirm)).toBe(true);
    const [first] = (await stores.campaigns.running()).filter(({ id }) => id !== 'confirm');
    await stores.campaigns.end(first?.id ?? '', 'stopped', noon);
    expect(await other.campaigns.create({ ...spring, id: 'next' })).toBe(true);
  });

  test('of twenty who write one letter at once, on two nodes, one does, and it lies in the outbox once', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    const written = await together([stores, other], 20, (node) => node.campaigns.write(letter('ana')));
    expect(written.filter((one) => one === 'written')).toHaveLength(1);
    expect(written.filter((one) => one === 'not-wanted')).toHaveLength(19);
    expect(await outbox()).toHaveLength(1);
    expect(await stores.campaigns.read('spring')).toMatchObject({ letters: 1, wave: { letters: 1 } });
  });

  test('a wave takes no more letters than it has room for, whoever writes them, and the next begins anew', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    const written = await together([stores, other], 9, (node, at) => node.campaigns.write(letter(`${at}`)));
    expect(written.filter((one) => one === 'written')).toHaveLength(2);
    expect(written.filter((one) => one === 'full')).toHaveLength(7);
    const next = letter('ana', { wave: '2026-03-30', at: later(24 * 60) });
    expect(await other.campaigns.write(next)).toBe('written');
    expect(await stores.campaigns.read('spring')).toMatchObject({
      letters: 3,
      wave: { day: '2026-03-30', letters: 1, over: false },
    });
    expect(await outbox()).toHaveLength(3);
  });

  test('what cannot be put into the outbox was not written', async () => {
    const { stores } = world();
    await stores.campaigns.create(spring);
    const row = sampleRow();
    await stores.outbox.put([row]);
    await expect(stores.campaigns.write(letter('ana', { row }))).rejects.toThrow();
    expect(await stores.campaigns.read('spring')).toMatchObject({ letters: 0 });
    expect(await stores.campaigns.letters('spring', ['ana'])).toStrictEqual(new Map());
    expect(await stores.campaigns.write(letter('ana'))).toBe('written');
  });

  test('a campaign that was stopped, and one that is not there, writes to nobody', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    expect(await other.campaigns.wants('spring', 'ana')).toBe(true);
    await other.campaigns.end('spring', 'stopped', noon);
    expect(await stores.campaigns.write(letter('ana'))).toBe('ended');
    expect(await stores.campaigns.write(letter('ana', { campaign: 'none' }))).toBe('ended');
    expect(await other.campaigns.wants('spring', 'ana')).toBe(false);
    expect(await outbox()).toEqual([]);
  });

  test('a wave that is over takes no letter on that day, and counts none that it did not write', async () => {
    const { stores } = world();
    await stores.campaigns.create(spring);
    await stores.campaigns.write(letter('ana'));
    await stores.campaigns.note('spring', standing, { wave: '2026-03-29' });
    expect(await stores.campaigns.write(letter('ben'))).toBe('full');
    expect((await stores.campaigns.read('spring'))?.wave).toEqual({ day: '2026-03-29', letters: 1, over: true });
    await stores.campaigns.note('spring', standing, { wave: '2026-03-30' });
    expect((await stores.campaigns.read('spring'))?.wave).toEqual({ day: '2026-03-30', letters: 0, over: true });
    expect(await stores.campaigns.write(letter('ben', { wave: '2026-03-31' }))).toBe('written');
  });

  test('when each was written to is told of many accounts at once, newest first', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    await stores.campaigns.write(letter('ana'));
    await stores.campaigns.write(letter('ana', { wave: '2026-03-30', at: later(24 * 60) }));
    await stores.campaigns.write(letter('ben'));
    expect(await other.campaigns.letters('spring', ['ana', 'ben', 'cem'])).toStrictEqual(
      new Map([
        ['ana', [later(24 * 60), noon]],
        ['ben', [noon]],
      ]),
    );
    expect(await other.campaigns.letters('spring', [])).toStrictEqual(new Map());
    expect(await other.campaigns.letters('autumn', ['ana'])).toStrictEqual(new Map());
    await stores.purge(later(2 * 365 * 24 * 60));
    expect((await other.campaigns.letters('spring', ['ana', 'ben'])).get('ana')).toEqual([later(24 * 60)]);
  });

  test('whom another campaign wrote to since then is told of many accounts at once, also when it was stopped', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    await stores.campaigns.write(letter('ana'));
    await stores.campaigns.end('spring', 'stopped', later(1));
    await stores.campaigns.create({ ...spring, id: 'autumn', startedAt: later(2) });
    await stores.campaigns.write(letter('ben', { campaign: 'autumn', at: later(2) }));
    const all = ['ana', 'ben', 'cem'];
    expect(await other.campaigns.writtenByOthers('autumn', all, later(-1))).toStrictEqual(new Set(['ana']));
    expect(await other.campaigns.writtenByOthers('autumn', all, noon)).toStrictEqual(new Set());
    expect(await other.campaigns.writtenByOthers('spring', all, later(-1))).toStrictEqual(new Set(['ben']));
    expect(await other.campaigns.writtenByOthers('winter', all, later(-1))).toStrictEqual(new Set(['ana', 'ben']));
    expect(await other.campaigns.writtenByOthers('winter', [], later(-1))).toStrictEqual(new Set());
  });

  test('who opted out gets no letter of any campaign until they opt in', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    const optOut = { account: 'ana', name: canaries.name, by: 'eve', at: noon };
    await stores.campaigns.optOut({ ...optOut, at: later(-1) });
    await stores.campaigns.optOut(optOut);
    expect(await other.campaigns.optOuts(9)).toStrictEqual([optOut]);
    expect(await other.campaigns.optedOut(['ana', 'ben'])).toStrictEqual(new Set(['ana']));
    expect(await other.campaigns.optedOut([])).toStrictEqual(new Set());
    expect(await other.campaigns.write(letter('ana'))).toBe('not-wanted');
    expect(await other.campaigns.wants('spring', 'ana')).toBe(false);
    expect(await stores.campaigns.read('spring')).toMatchObject({ letters: 0 });
    expect(await other.campaigns.optIn('ana')).toBe(true);
    expect(await other.campaigns.optIn('ana')).toBe(false);
    expect(await other.campaigns.write(letter('ana'))).toBe('written');
    expect(await world().dump()).not.toContain(canaries.name);
  });

  test('F35: after a restore no campaign goes on: letters that went out since are not in the backup', async () => {
    const { stores, other } = world();
    await stores.campaigns.create(spring);
    expect(await other.endOpen()).toBe(1);
    expect(await stores.campaigns.read('spring')).toMatchObject({ state: 'stopped', endedAt: noon });
  });

  test('its duty is held by one node at a time', async () => {
    const { stores, other } = world();
    const times = { now: noon, until: later(1) };
    expect(await stores.duties.hold('campaign', 'one', times)).toStrictEqual({ position: 0 });
    expect(await other.duties.hold('campaign', 'two', times)).toBeUndefined();
    expect(await other.duties.hold('coverage', 'two', times)).toStrictEqual({ position: 0 });
  });
}

import { expect, vi } from 'vitest';
import { usualForm } from '../../../src/console/campaign-form.ts';
import { many, posted } from '../storm.ts';
import { counted, formOn, mails, reason, type Table } from './scene.ts';

/** Campaigns. */
export const campaignTable: Table = {
  'POST /campaigns/new': [
    [
      'is one campaign, and one letter for whoever it asks',
      async ({ world, visitor }) => {
        const asked = world.personIn('inNorth');
        const wish = { ...usualForm, 'from-hour': '0', 'to-hour': '24', reason, units: 'People/North/Harbour' };
        await visitor.open('/campaigns/new');
        return {
          visitor,
          form: posted(visitor, '/campaigns/new', wish),
          async so() {
            const running = await world.latchkey.stores.campaigns.running();
            expect(running).toHaveLength(1);
            world.latchkey.background.campaigns.wake();
            await world.latchkey.background.campaigns.idle();
            expect(await mails(world, asked)).toBe(1);
            for (const { id } of running) await world.latchkey.stores.campaigns.end(id, 'stopped', world.clock.now());
          },
        };
      },
    ],
  ],
  'POST /campaigns/:campaign/stop': [
    [
      'stops it once',
      async ({ world, visitor }) => {
        const rules = { size: 9, fromHour: 0, toHour: 24, remindDays: 7, reminders: 1, groups: [], units: [] };
        const by = { by: 'eve', byName: 'Eve', startedAt: world.clock.now() };
        await world.latchkey.stores.campaigns.create({
          id: 'AAAAAAAAAAAA',
          rules: { ...rules, kind: 'invite' },
          ...by,
        });
        const end = vi.spyOn(world.latchkey.stores.campaigns, 'end');
        return {
          visitor,
          form: await formOn(visitor, '/campaigns/AAAAAAAAAAAA'),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect(await world.latchkey.stores.campaigns.read('AAAAAAAAAAAA')).toMatchObject({ state: 'stopped' });
            const ends = await Promise.all(end.mock.results.map(({ value }) => value as Promise<boolean>));
            expect(ends.filter((isDone) => isDone)).toHaveLength(1);
            end.mockRestore();
          },
        };
      },
    ],
  ],
  'POST /campaigns/opt-out': [
    [
      'is one wish',
      async ({ world, driven, visitor }) => {
        await visitor.open('/campaigns');
        return {
          visitor,
          form: posted(visitor, '/campaigns/opt-out', { login: driven.samName, reason }),
          async so(answers) {
            expect(counted(answers, 303)).toBe(many);
            expect((await world.latchkey.stores.campaigns.optOuts(99)).map(({ account }) => account)).toEqual([
              driven.id,
            ]);
            await world.latchkey.stores.campaigns.optIn(driven.id);
          },
        };
      },
    ],
  ],
  'POST /campaigns/opt-in': [
    [
      'takes it back, and the late find nothing',
      async ({ world, visitor }) => {
        const { id: account } = world.personIn('north');
        await world.latchkey.stores.campaigns.optOut({ account, name: 'x', by: 'eve', at: world.clock.now() });
        await visitor.open('/campaigns');
        return {
          visitor,
          form: posted(visitor, '/campaigns/opt-in', { account }),
          async so(answers) {
            expect(counted(answers, 303) + counted(answers, 404)).toBe(many);
            expect((await world.latchkey.stores.campaigns.optedOut([account])).size).toBe(0);
          },
        };
      },
    ],
  ],
};

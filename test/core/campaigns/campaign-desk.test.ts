import { afterEach, beforeEach, expect, test } from 'vitest';
import { CampaignDesk } from '../../../src/core/campaigns/campaign-desk.ts';
import type { CampaignRules } from '../../../src/core/campaigns/campaign-store.ts';
import { SurveyWorld } from '../survey/survey-world.ts';

const rules: CampaignRules = {
  kind: 'invite',
  size: 10,
  fromHour: 9,
  toHour: 17,
  remindDays: 7,
  reminders: 1,
  groups: ['SALES', 'round'],
  units: ['people/sales'],
};
let world: SurveyWorld;
beforeEach(async () => {
  world = await SurveyWorld.open();
});
afterEach(() => world.stores.close());

function createDesk(canMail = true): CampaignDesk {
  const directory = {
    findGroup: async (name: string) => ({ id: name, name: name.toLowerCase(), cyclic: name === 'round' }),
    findUnit: async () => ({ path: 'People/Sales' }),
  };
  return new CampaignDesk({
    store: world.stores.campaigns,
    directory,
    clock: world.clock,
    canMail,
    wake: () => undefined,
  });
}

test('a group that is a member of itself is refused, and the others are kept as the directory spells them', async () => {
  const { rules: found, problems } = await createDesk().examine(rules);
  expect(problems).toMatchObject([{ field: 'groups', message: { key: 'console.campaigns.cyclic-group' } }]);
  expect(found).toMatchObject({ groups: ['sales'], units: ['People/Sales'] });
});

test('where nobody carries mail, no campaign is begun', async () => {
  const { problems } = await createDesk(false).examine({ ...rules, groups: [] });
  expect(problems).toEqual([{ message: { key: 'console.campaigns.no-mail' } }]);
});

test('of two that are started at once, one runs', async () => {
  const started = await Promise.all([1, 2].map(() => createDesk().start(rules, { id: 'eve', name: 'Eve' })));
  expect(started.filter((one) => one !== undefined)).toHaveLength(1);
});

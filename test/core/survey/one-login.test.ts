import { afterEach, beforeEach, expect, test } from 'vitest';
import { Policies, pinnedPolicies } from '../../../src/core/policies/policies.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import { type Outlook, outlookOf } from '../../../src/core/survey/one-login.ts';
import { SurveyWorld, somebody, somePolicy } from './survey-world.ts';

const members = { everyone: false, groups: [], units: [], except: { groups: [], units: [] } };
let world: SurveyWorld;
beforeEach(async () => {
  world = await SurveyWorld.open();
});
afterEach(() => world.stores.close());

function look(list: readonly Policy[], account = somebody('ana', { groups: ['id-of-sales'] })): Promise<Outlook> {
  const { directory, clock, stores } = world;
  const policies = new Policies({ source: pinnedPolicies(list), directory, clock, mac: () => '0'.repeat(64) });
  return outlookOf({ stores, policies, clock, zones: world.zones }, account);
}

test('in each zone it tells every policy that was looked at, which matched and why, and what could be done', async () => {
  await world.register('ana', ['questions']);
  const { zones, gates } = await look([
    somePolicy('bosses', { members: { ...members, groups: ['boss'] } }),
    somePolicy('sales', {
      members: { ...members, groups: ['sales'] },
      zone: 'extranet',
      chain: ['phone', 'questions'],
    }),
    somePolicy('rest', { actions: ['unlock'] }),
    somePolicy('never looked at'),
  ]);
  expect(gates).toMatchObject([{ gate: 'questions' }]);
  expect(zones).toMatchObject([
    {
      zone: 'intranet',
      steps: [
        { policy: { name: 'bosses' }, matched: false, why: { kind: 'no-member' } },
        { policy: { name: 'sales' }, matched: false, why: { kind: 'other-zone' } },
        { policy: { name: 'rest' }, matched: true, why: { kind: 'everyone' } },
      ],
      policy: { name: 'rest' },
      readiness: { kind: 'ready' },
      actions: ['unlock'],
    },
    {
      zone: 'extranet',
      steps: [{ matched: false }, { matched: true, why: { kind: 'group', name: 'sales' } }],
      policy: { name: 'sales' },
      readiness: { kind: 'not-ready', why: 'unregistered', missing: ['phone'] },
      actions: [],
    },
  ]);
  expect(zones[0]?.steps).toHaveLength(3);
});

test('whoever is barred, disabled or under no policy could do nothing, and it says which', async () => {
  await world.register('ana', ['questions']);
  const why = async (list: readonly Policy[], account = somebody('ana')) => (await look(list, account)).zones[0];
  const [all] = [[somePolicy('all')]];
  expect(await why(all, somebody('ana', { disabled: true }))).toMatchObject({
    readiness: { why: 'disabled' },
    actions: [],
  });
  expect(await why([], somebody('ana'))).toMatchObject({ readiness: { why: 'no-policy' }, actions: [], steps: [] });
  await world.stores.failures.bar('ana', somePolicy('x').lockout, world.clock.now());
  expect(await why(all)).toMatchObject({ policy: { name: 'all' }, readiness: { why: 'barred' }, actions: [] });
});

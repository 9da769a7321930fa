import { describe, expect, test } from 'vitest';
import { type CampaignPerson, campaignCase, localTime } from '../../../src/core/campaigns/campaign.ts';
import type { CampaignRules } from '../../../src/core/campaigns/campaign-store.ts';
import { somebody, somePolicy } from '../survey/survey-world.ts';

const now = new Date('2026-03-30T09:00:00Z');
const ago = (days: number): Date => new Date(now.getTime() - days * 24 * 60 * 60_000);
const rules: CampaignRules = {
  kind: 'invite',
  size: 10,
  fromHour: 9,
  toHour: 17,
  remindDays: 7,
  reminders: 2,
  groups: [],
  units: [],
};
const twoPolicies = [somePolicy('a', { chain: ['phone'] }), somePolicy('b', { chain: ['questions'] })];
const proved = (gate: string, days: number) => ({ gate, provedAt: ago(days) });

function caseOf(changes: Partial<CampaignPerson> = {}, of: Partial<CampaignRules> = {}): string {
  const person: CampaignPerson = {
    account: somebody('ana', { unit: 'People/Sales', groups: ['id-of-sales'] }),
    policies: [somePolicy('all', { chain: ['phone', 'questions'] })],
    gates: [],
    issued: ['helpdesk-code'],
    barred: false,
    optedOut: false,
    letters: [],
    writtenElsewhere: false,
    ...changes,
  };
  const groups = (of.groups ?? []).map((name) => ({ id: `id-of-${name}` }));
  return campaignCase(person, { ...rules, ...of }, { groups, now });
}

describe('an invitation', () => {
  test.each<[string, Partial<CampaignPerson>, string]>([
    ['goes to who has registered nothing', {}, 'first'],
    ['goes to who lacks one gate', { gates: [proved('phone', 3)] }, 'first'],
    ['does not go to who has all', { gates: [proved('phone', 900), proved('questions', 3)] }, 'settled'],
    [
      'goes to who has all that one of their policies needs and not what the other does',
      { policies: twoPolicies, gates: [proved('phone', 3)] },
      'first',
    ],
    [
      'does not go to who has what both need',
      { policies: twoPolicies, gates: [proved('phone', 3), proved('questions', 3)] },
      'settled',
    ],
    [
      'does not ask for what the helpdesk gives out',
      { policies: [somePolicy('a', { chain: ['phone', 'helpdesk-code'] })], gates: [proved('phone', 3)] },
      'settled',
    ],
    ['does not go to who comes under no policy', { policies: [] }, 'not-for'],
    ['does not go to a disabled account', { account: somebody('ana', { disabled: true }) }, 'not-for'],
    ['waits while the account is barred', { barred: true }, 'later'],
    ['waits after a letter of another campaign', { writtenElsewhere: true }, 'later'],
    ['is not repeated right after one either', { writtenElsewhere: true, letters: [ago(20)] }, 'later'],
    ['does not go to who opted out', { optedOut: true }, 'opted-out'],
    ['is repeated after its days', { letters: [ago(7)] }, 'reminder'],
    ['is repeated in the morning after a letter of the evening', { letters: [ago(6.6)] }, 'reminder'],
    ['is not repeated earlier', { letters: [ago(6)] }, 'later'],
    ['counts from the newest letter', { letters: [ago(2), ago(20)] }, 'later'],
    ['ends after the last reminder', { letters: [ago(30), ago(40), ago(50)] }, 'exhausted'],
  ])('%s', (_name, person, expected) => {
    expect(caseOf(person)).toBe(expected);
  });

  test('cannot go to who has no mail address', () => {
    const { mail: _none, ...account } = somebody('ana');
    expect(caseOf({ account })).toBe('without-mail');
  });

  test.each<[string, Partial<CampaignRules>, string]>([
    ['a unit above', { units: ['people'] }, 'first'],
    ['another unit', { units: ['People/Sal'] }, 'not-for'],
    ['a group', { groups: ['sales'] }, 'first'],
    ['another group', { groups: ['boss'] }, 'not-for'],
    ['another group or the right unit', { groups: ['boss'], units: ['People'] }, 'first'],
  ])('for %s alone', (_name, of, expected) => {
    expect(caseOf({}, of)).toBe(expected);
  });
});

describe('a confirmation', () => {
  const confirm = { kind: 'confirm', confirmDays: 365 } as const;
  const gates = (oldest: number) => [proved('phone', 3), proved('questions', oldest)];

  test.each<[string, Partial<CampaignPerson>, string]>([
    ['goes to whose oldest proof is too old', { gates: gates(366) }, 'first'],
    ['does not go earlier', { gates: gates(364) }, 'settled'],
    ['does not count what no policy of theirs needs', { gates: [...gates(3), proved('old-gate', 999)] }, 'settled'],
    ['does not go to who never registered', { gates: [] }, 'settled'],
    [
      'goes to who is registered for one policy of two',
      { policies: twoPolicies, gates: [proved('phone', 366)] },
      'first',
    ],
    ['begins anew for who confirmed since', { gates: gates(370), letters: [ago(400), ago(401), ago(402)] }, 'first'],
    [
      'ends after the last reminder of a round',
      { gates: gates(400), letters: [ago(9), ago(19), ago(29)] },
      'exhausted',
    ],
  ])('%s', (_name, person, expected) => {
    expect(caseOf(person, confirm)).toBe(expected);
  });
});

test('the hour and the day are those of the place', () => {
  const late = new Date('2026-03-29T22:30:00Z');
  expect(localTime(late, 'Europe/Berlin')).toEqual({ day: '2026-03-30', hour: 0 });
  expect(localTime(late, 'America/New_York')).toEqual({ day: '2026-03-29', hour: 18 });
  expect(localTime(late, 'UTC')).toEqual({ day: '2026-03-29', hour: 22 });
});

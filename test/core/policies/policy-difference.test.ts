import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { longestRising } from '../../../src/core/policies/longest-rising.ts';
import { difference } from '../../../src/core/policies/policy-difference.ts';
import type { ListedPolicy } from '../../../src/core/policies/policy-field-changes.ts';
import { Catalogue } from '../../../src/web/catalogue.ts';
import { sayPolicyMessage } from '../../../src/web/policy-messages.ts';
import { anyList, everybody, nobody, samplePolicy } from './sample-policies.ts';

const catalogue = Catalogue.load({
  folder: path.resolve(import.meta.dirname, '../../../src/locales'),
  tags: ['en', 'ar'],
});

const sentences = (before: readonly ListedPolicy[], after: readonly ListedPolicy[], tag = 'en'): readonly string[] =>
  difference(before, after).map((message) =>
    sayPolicyMessage(catalogue.in(tag), message).replaceAll(/[\u2068\u2069]/g, ''),
  );

const [a, b, c] = ['A', 'B', 'C'].map((name, at) => samplePolicy(name, { flowSeconds: 60 * (at + 10) })) as [
  ListedPolicy,
  ListedPolicy,
  ListedPolicy,
];

describe('what became of a list', () => {
  test.each<[string, ListedPolicy[], ListedPolicy[], string[]]>([
    ['nothing', [a, b], [a, b], []],
    [
      'one that came, with all that is not as usual',
      [a],
      [samplePolicy('New', { members: { ...nobody, groups: ['Staff'] }, zone: 'intranet', needed: 1, share: 5 }), a],
      [
        '“New” is new, in place 1.',
        '“New” is for the group Staff.',
        '“New” counts from the intranet only.',
        'The gates of “New” are, in this order: Phone call, Questions and answers.',
        '“New” asks for any 1 of its gates.',
        'Share of unknown names that are shown “New”: 5.',
      ],
    ],
    [
      'one that goes by other providers, in another order, and by the usual ones again',
      [a, { ...b, channels: { sms: ['one', 'two'] } }, { ...c, channels: { voice: ['one'] } }],
      [{ ...a, channels: { voice: ['one'] } }, { ...b, channels: { sms: ['two', 'one'] } }, c],
      [
        'Calls of “A” go by one, in this order, and by no other.',
        'Texts of “B” go by two, one, in this order, and by no other.',
        'Calls of “C” go by the usual providers.',
      ],
    ],
    [
      'one with settings of gates of its own, other ones, and the usual ones again',
      [
        a,
        { ...b, gates: { phone: { lifetime: 60, 'number-matching': 'off', text: { en: 'x' } } } },
        { ...c, gates: { questions: { 'allow-duplicate-answers': true, questions: [] } } },
      ],
      [
        { ...a, gates: { phone: { 'number-matching': 'required', text: { en: 'x' } } } },
        { ...b, gates: { phone: { lifetime: 90, 'number-matching': 'required', text: { en: 'y' } } } },
        c,
      ],
      [
        'In “A”, “Digits to key in at the phone” of “Phone call” is always, whatever is configured.',
        'In “A”, “What is said or written” of “Phone call” stands in the policy itself, whatever is configured.',
        'In “B”, “Seconds that it is good for” of “Phone call” is 90, and 60 before.',
        'In “B”, “Digits to key in at the phone” of “Phone call” is always, and never before.',
        'In “B”, “What is said or written” of “Phone call” is another than before.',
        'In “C”, “The same answer more than once” of “Questions and answers” is as configured, and yes before.',
        'In “C”, “The questions” of “Questions and answers” is as configured, and stood in the policy itself before.',
      ],
    ],
    [
      'one that lost a gate, and with it what it said of that',
      [{ ...a, gates: { questions: { 'reset-asks': 2 } } }],
      [{ ...a, chain: ['phone'] }],
      ['“A” loses the gate “Questions and answers”.'],
    ],
    [
      'one with a setting that a package brought, and a value that could be taken for something else',
      [a],
      [{ ...a, gates: { phone: { 'badge.colour:x': '$t(language.name)' } } }],
      ['In “A”, “badge.colour:x” of “Phone call” is $t(language.name), whatever is configured.'],
    ],
    ['one that went', [a, b], [b], ['“A” is gone; it stood in place 1.']],
    ['one that is called otherwise', [a, b], [a, { ...b, name: 'X' }], ['“B” is now called “X”.']],
    [
      'one that is called otherwise and was changed in its place',
      [a, b],
      [a, { ...b, name: 'X', zone: 'extranet' }],
      ['“B” is now called “X”.', '“X” counts from the extranet only.'],
    ],
    [
      'two that changed names',
      [a, b],
      [
        { ...a, name: 'B' },
        { ...b, name: 'A' },
      ],
      [
        'Minutes that a visit may take in “B”: 10, and 11 before.',
        '“B” moves from place 2 to place 1.',
        'Minutes that a visit may take in “A”: 11, and 10 before.',
      ],
    ],
    ['the last as the first, where only one has moved', [a, b, c], [c, a, b], ['“C” moves from place 3 to place 1.']],
    ['one that went, which moves nobody', [a, b, c], [b, c], ['“A” is gone; it stood in place 1.']],
  ])('%s', (_name, before, after, said) => {
    expect(sentences(before, after).toSorted()).toEqual(said.toSorted());
  });

  test.each<[string, Partial<ListedPolicy>, Partial<ListedPolicy>, string[]]>([
    ['everybody', { members: nobody }, { members: everybody }, ['“P” is for everybody.']],
    [
      'groups and units',
      { members: { ...nobody, groups: ['Staff', 'Old'], units: ['People'] } },
      { members: { ...nobody, groups: ['New', 'Staff'], units: ['Labs'] } },
      [
        '“P” is for the group New.',
        '“P” is no longer for the group Old.',
        '“P” is for the unit Labs.',
        '“P” is no longer for the unit People.',
      ],
    ],
    [
      'exceptions',
      { members: { ...everybody, except: { groups: ['Guests'], units: [] } } },
      { members: { ...everybody, except: { groups: [], units: ['Labs'] } } },
      ['The group Guests is no longer an exception of “P”.', '“P” is not for the unit Labs: it is an exception.'],
    ],
    [
      'a gate that came',
      { chain: ['phone'] },
      { chain: ['otp-sms', 'phone'] },
      ['“P” gains the gate “Code by text message”, as number 1.'],
    ],
    [
      'a gate that went',
      { chain: ['otp-sms', 'phone'] },
      { chain: ['phone'] },
      ['“P” loses the gate “Code by text message”.'],
    ],
    [
      'gates in another order',
      {},
      { chain: ['questions', 'phone'] },
      ['The gates of “P” are, in this order: Questions and answers, Phone call.'],
    ],
    [
      'a gate of a package without a name',
      { chain: ['phone'] },
      { chain: ['phone', 'palm'] },
      ['“P” gains the gate “palm”, as number 2.'],
    ],
    [
      'how many',
      { needed: 1 },
      { needed: 2, unlockAfter: 1 },
      ['“P” asks for any 2 of its gates.', 'In “P” an unlock asks for 1 gate.'],
    ],
    [
      'how many no longer',
      { needed: 2, unlockAfter: 1 },
      {},
      ['“P” asks for all its gates, in order.', 'In “P” an unlock asks for as many gates as a reset.'],
    ],
    [
      'actions',
      { actions: ['unlock'] },
      { actions: ['reset'] },
      ['“P” allows a new password.', '“P” no longer allows an unlock.'],
    ],
    [
      'numbers',
      {},
      { lockout: { threshold: 5, minutes: 30, barsUntilPermanent: 9 }, flowSeconds: 600, share: 7 },
      [
        'Wrong answers in a row that bar somebody of “P”: 5, and 3 before.',
        'Minutes that a bar lasts in “P”: 30, and 15 before.',
        'Bars until only the helpdesk helps in “P”: 9, and 3 before.',
        'Minutes that a visit may take in “P”: 10, and 20 before.',
        'Share of unknown names that are shown “P”: 7, and 1 before.',
      ],
    ],
    ['privileged accounts', {}, { privileged: true }, ['“P” is for privileged accounts as well.']],
    ['questions alone', { knowledgeAlone: true }, {}, ['“P” no longer takes answers to questions alone for enough.']],
    ['unknown logins', {}, { unknownLogins: 'say-so' }, ['Whoever cannot pass “P” is told so, all in the same words.']],
  ])('within a policy: %s', (_name, before, after, said) => {
    expect(sentences([samplePolicy('P', before)], [samplePolicy('P', after)])).toEqual(said);
  });

  test('the order of groups, and a group that is named twice, say nothing', () => {
    const before = samplePolicy('P', { members: { ...nobody, groups: ['A', 'B'] } });
    const after = samplePolicy('P', { members: { ...nobody, groups: ['B', 'A', 'B'] } });
    expect(difference([before], [after])).toEqual([]);
  });

  test('of 10,000 policies the first as the last has moved alone', () => {
    const many = Array.from({ length: 10_000 }, (_, at) => samplePolicy(`P${at}`));
    expect(difference(many, [...many.slice(1), many[0] as ListedPolicy])).toMatchObject([
      { key: 'policy-change.moved', values: { policy: 'P0', from: 1, to: 10_000 } },
    ]);
  });
});

describe('of any two lists', () => {
  test('those that mean the same differ in nothing', () => {
    fc.assert(
      fc.property(anyList, (list) => {
        expect(difference(list, structuredClone(list))).toEqual([]);
        const reversed = list.map((one) => ({
          ...one,
          actions: one.actions.toReversed(),
          members: { ...one.members, groups: one.members.groups.toReversed() },
        }));
        expect(difference(list, reversed)).toEqual([]);
      }),
    );
  });

  test('others differ in at least one sentence', () => {
    fc.assert(
      fc.property(anyList, anyList, (before, after) => {
        fc.pre(JSON.stringify(before.map(meaning)) !== JSON.stringify(after.map(meaning)));
        expect(difference(before, after)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('one field of one policy never changes without a sentence of that policy', () => {
    fc.assert(
      fc.property(anyList, anyList, fc.nat(), (list, others, pick) => {
        const [donor] = others;
        fc.pre(list.length > 0 && donor !== undefined);
        const at = pick % list.length;
        for (const field of Object.keys(
          samplePolicy('x', { share: 1, needed: 1, unlockAfter: 1, channels: {}, gates: {} }),
        )) {
          if (field === 'name') continue;
          const one = list[at] as ListedPolicy;
          const changed = { ...one, [field]: donor?.[field as keyof ListedPolicy] } as ListedPolicy;
          if (JSON.stringify(meaning(changed)) === JSON.stringify(meaning(one))) continue;
          const said = difference(list, list.with(at, changed));
          expect(
            said.map(({ values }) => values?.policy),
            field,
          ).toContain(one.name);
        }
      }),
    );
  });

  test('what is said of places and names leads from the one order to the other', () => {
    fc.assert(
      fc.property(anyList, anyList, (before, after) => {
        expect(followed(before, after)).toEqual(after.map(({ name }) => name));
      }),
      { numRuns: 500 },
    );
  });

  test.each(['en', 'ar'])('every sentence has its text in %s, and shows names as they are', (tag) => {
    fc.assert(
      fc.property(anyList, anyList, (before, after) => {
        for (const [at, text] of sentences(before, after, tag).entries()) {
          expect(text).not.toMatch(/policy-change/);
          const { values } = difference(before, after)[at] ?? {};
          // What a setting is and was is said in the reader's words.
          if (values?.setting !== undefined) continue;
          for (const name of ['policy', 'before', 'group', 'unit', 'providers']) {
            if (values?.[name] !== undefined) expect(text).toContain(String(values[name]));
          }
        }
      }),
    );
  });
});

test('a longest rising row is one, and none is longer', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { maxLength: 8 });
  fc.assert(
    fc.property(numbers, (row) => {
      const found = row.filter((_, at) => longestRising(row).has(at));
      expect(found).toEqual(found.toSorted((x, y) => x - y));
      const subsets = Array.from({ length: 2 ** row.length }, (_, bits) => row.filter((_, at) => bits & (1 << at)));
      const rising = subsets.filter((one) => one.every((number, at) => at === 0 || number > (one[at - 1] ?? 0)));
      expect(found).toHaveLength(Math.max(...rising.map(({ length }) => length)));
    }),
  );
});

/** Does with a list of names what the sentences say. */
function followed(before: readonly ListedPolicy[], after: readonly ListedPolicy[]): readonly unknown[] {
  const said = difference(before, after);
  const of = (kind: string) =>
    said.flatMap(({ key, values }) => (key === `policy-change.${kind}` ? [values ?? {}] : []));
  const renamed = new Map(of('renamed').map((one) => [one.before, one.policy]));
  const gone = new Set(of('removed').map(({ policy }) => policy));
  const comers = [
    ...of('added').map(({ policy, place }) => ({ policy, place })),
    ...of('moved').map(({ policy, to }) => ({ policy, place: to })),
  ];
  const moving = new Set(of('moved').map(({ policy }) => policy));
  const order: unknown[] = before
    .filter(({ name }) => !gone.has(name))
    .map(({ name }) => renamed.get(name) ?? name)
    .filter((name) => !moving.has(name as string));
  for (const { policy, place } of comers.toSorted((x, y) => Number(x.place) - Number(y.place))) {
    order.splice(Number(place) - 1, 0, policy);
  }
  return order;
}

function meaning(policy: ListedPolicy): unknown {
  const { members, actions, share = 1, needed, unlockAfter, channels = {}, gates = {}, ...rest } = policy;
  const { groups, units, except } = members;
  const sets = [groups, units, except.groups, except.units, actions].map((one) => one.toSorted());
  return [
    sets,
    members.everyone,
    share,
    needed ?? 'all',
    unlockAfter ?? 'same',
    policy.chain.flatMap((gate) =>
      Object.entries(gates[gate] ?? {})
        .sort()
        .map((said) => [gate, said]),
    ),
    [channels.sms ?? 'usual', channels.voice ?? 'usual', channels.email ?? 'usual'],
    Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
}

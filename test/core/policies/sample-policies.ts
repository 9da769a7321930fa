import fc from 'fast-check';
import type { Members } from '../../../src/core/policies/policy.ts';
import type { ListedPolicy } from '../../../src/core/policies/policy-field-changes.ts';

export const nobody: Members = { everyone: false, groups: [], units: [], except: { groups: [], units: [] } };
export const everybody: Members = { ...nobody, everyone: true };

export function samplePolicy(name: string, changes: Partial<ListedPolicy> = {}): ListedPolicy {
  return {
    name,
    members: everybody,
    zone: 'any',
    chain: ['phone', 'questions'],
    actions: ['unlock', 'reset'],
    lockout: { threshold: 3, minutes: 15, barsUntilPermanent: 3 },
    flowSeconds: 1_200,
    privileged: false,
    unknownLogins: 'decoy',
    knowledgeAlone: false,
    ...changes,
  };
}

const small = fc.integer({ min: 1, max: 3 });
const names = (among: readonly string[]) => fc.uniqueArray(fc.constantFrom(...among), { maxLength: 2 });
const groups = names(['Staff', 'Sales', 'Guests']);
const units = names(['People', 'People/Sales', 'Labs']);

const providers = fc.uniqueArray(fc.constantFrom('one', 'two'), { minLength: 1 });

const own = fc.record(
  {
    'code-length': fc.integer({ min: 6, max: 8 }),
    registration: fc.constantFrom('read-only', '{{policy}}'),
    text: fc.constantFrom({ en: 'one' }, { en: 'two' }),
  },
  { requiredKeys: [] },
);

const members: fc.Arbitrary<Members> = fc.record({
  everyone: fc.boolean(),
  groups,
  units,
  except: fc.record({ groups, units }),
});

/** Few values each, so that two of them are often alike in most things. */
const policy: fc.Arbitrary<ListedPolicy> = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', '$t(language.name)', '{{policy}}'),
    members: fc.oneof(fc.constant(everybody), members),
    zone: fc.constantFrom('intranet', 'extranet', 'any'),
    chain: fc.uniqueArray(fc.constantFrom('phone', 'questions', 'otp-sms'), { minLength: 1 }),
    needed: small,
    unlockAfter: small,
    share: small,
    channels: fc.record({ sms: providers, voice: providers, email: providers }, { requiredKeys: [] }),
    gates: fc.record({ phone: own, 'otp-sms': own }, { requiredKeys: [] }),
    actions: fc.uniqueArray(fc.constantFrom('unlock', 'reset'), { minLength: 1 }),
    lockout: fc.record({ threshold: small, minutes: small, barsUntilPermanent: small }),
    flowSeconds: small.map((minutes) => minutes * 60),
    privileged: fc.boolean(),
    unknownLogins: fc.constantFrom('decoy', 'say-so'),
    knowledgeAlone: fc.boolean(),
  },
  {
    requiredKeys: [
      'name',
      'members',
      'zone',
      'chain',
      'actions',
      'lockout',
      'flowSeconds',
      'privileged',
      'unknownLogins',
      'knowledgeAlone',
    ],
  },
);

export const anyList = fc.uniqueArray(policy, { selector: ({ name }) => name, maxLength: 6 });

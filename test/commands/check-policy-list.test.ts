import { describe, expect, test } from 'vitest';
import { checkPolicies } from '../../src/commands/check-policies.ts';
import { definitions, everyone, load, type Settings } from '../settings/policy-configuration.ts';

describe('latchkey check', () => {
  const inside = { 'more-listeners': [{ 'public-url': 'https://inside.example.com', port: 3001, zone: 'intranet' }] };
  const said = (...wanted: Parameters<typeof load>): readonly string[] =>
    checkPolicies(load(...wanted), definitions).map(({ level, subject, detail }) => `${level} ${subject}: ${detail}`);
  test('says what each policy is worth', () => {
    const any = { ...everyone, name: 'any two', chain: ['phone', 'otp-sms', 'questions'], needed: 2 };
    const weak = { ...everyone, name: 'weak', zone: 'extranet', chain: ['questions'] };
    const few = { ...everyone, name: 'few', members: { groups: ['Few'] } };
    const worth = said([few, { ...any, members: { units: ['A'] } }, weak]).filter(
      (line) => !line.startsWith('warning'),
    );
    expect(worth.map((line) => line.split(':')[0])).toEqual([
      'ok policy few',
      'ok policy any two',
      'problem policy weak',
    ]);
    expect(said([any])[0]).toContain('any 2 of phone, otp-sms, questions: counts as 1 of the 2');
  });

  test('warns of a provider whose texts hold no code of the helpdesk, where a mail still does', () => {
    const smtp = { kind: 'smtp', host: 'mail.example.com', from: 'latchkey@example.com' };
    const mfa = { kind: 'twilio-verify', 'account-sid': `AC${'0'.repeat(32)}`, 'service-sid': `VA${'0'.repeat(32)}` };
    const providers = { mfa: { ...mfa, 'auth-token': 'x', countries: ['GB'] }, mail: smtp };
    const chained = (channels: Settings) =>
      said([{ ...everyone, chain: ['helpdesk-code', 'questions'] }], { providers, channels }).filter((line) =>
        line.includes('gate helpdesk-code'),
      );
    expect(chained({ sms: ['mfa'], email: ['mail'] })).toEqual([
      'warning gate helpdesk-code: code-length must be 6, as the provider makes its codes (mfa)',
    ]);
    expect(chained({ email: ['mail'] })).toEqual([]);
  });

  test.each<[what: string, policies: readonly Settings[], more: Settings, late: readonly string[]]>([
    ['behind everyone', [everyone, { ...everyone, name: 'late' }], {}, ['everybody comes under everyone before']],
    [
      'behind everyone of each zone',
      [
        { ...everyone, zone: 'intranet' },
        { ...everyone, name: 'outside', zone: 'extranet' },
        { ...everyone, name: 'late', members: { groups: ['Few'] } },
      ],
      inside,
      ['everybody comes under everyone or outside before'],
    ],
    [
      'in a zone that no listener has',
      [{ ...everyone, name: 'late', zone: 'intranet' }, everyone],
      {},
      ['no listener is in the zone intranet'],
    ],
    [
      'behind some',
      [
        { ...everyone, members: { groups: ['Few'] } },
        { ...everyone, name: 'late' },
      ],
      {},
      [],
    ],
    [
      'behind everyone with exceptions',
      [
        { ...everyone, members: { everyone: true, except: { groups: ['Few'] } } },
        { ...everyone, name: 'late' },
      ],
      {},
      [],
    ],
    [
      'behind everyone elsewhere',
      [
        { ...everyone, zone: 'intranet' },
        { ...everyone, name: 'late' },
      ],
      inside,
      [],
    ],
    [
      'behind everyone who is not privileged',
      [everyone, { ...everyone, name: 'late', members: { groups: ['Admins'] }, 'include-privileged': true }],
      {},
      [],
    ],
  ])('warns of a policy %s', (_what, policies, more, late) => {
    const found = said(policies, more).filter((line) => line.includes('never matches'));
    expect(found).toEqual(late.map((why) => `warning policy late: never matches: ${why}`));
  });

  test('warns of a policy behind one that is for everybody, for which hardly anybody is left', () => {
    const all = { ...everyone, members: { everyone: true, except: { groups: ['Few'] } } };
    const late = { ...everyone, name: 'late', members: { groups: ['Staff'] } };
    const found = (list: unknown[]) => said(list, {}).filter((line) => line.includes('policy late: counts only for'));
    expect(found([all, late])).toHaveLength(1);
    expect(found([late, all])).toEqual([]);
  });

  test('warns of a policy that tells strangers who can pass', () => {
    const frank = { ...everyone, 'unknown-logins': 'say-so' };
    const outside = { ...everyone, name: 'outside' };
    expect(said([frank]).at(-1)).toMatch(/^warning policy everyone: tells strangers who can pass/);
    expect(
      said([{ ...frank, zone: 'intranet' }, outside], inside).filter((line) => line.includes('strangers')),
    ).toEqual([]);
  });

  test('warns of a policy that takes every administrator', () => {
    const wide = { ...everyone, 'include-privileged': true };
    expect(said([wide]).at(-1)).toMatch(/^warning policy everyone: includes privileged accounts and has everyone/);
    expect(said([{ ...wide, members: { groups: ['Admins'] } }]).join()).not.toContain('includes privileged');
  });
});

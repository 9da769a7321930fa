import { describe, expect, test } from 'vitest';
import type { Account } from '../../../src/core/account.ts';
import { type AsksMore, Registrations } from '../../../src/core/flow/registrations.ts';
import type { Policy } from '../../../src/core/policies/policy.ts';
import type { Zone } from '../../../src/core/zone.ts';
import { somebody, somePolicy } from '../survey/survey-world.ts';

const asks: AsksMore = (gate, own, before) => {
  const rank = (said: typeof own): number => Number(said?.['code-length'] ?? 6);
  return gate !== 'unclear' && rank(own) > rank(before);
};
/** Each of two lists of questions asks what the other does not have. */
const unclear: AsksMore = () => true;

function registrations(
  policies: { readonly [zone in Zone]?: Policy },
  asksMore = asks,
  zones: readonly Zone[] = ['intranet', 'extranet'],
) {
  const asked: Zone[] = [];
  const match = async (_account: Account | undefined, zone: Zone) => {
    asked.push(zone);
    return policies[zone];
  };
  return { asked, it: new Registrations({ policies: { match }, zones, issued: ['helpdesk-code'], asksMore }) };
}

const inside = (more: Partial<Policy> = {}) =>
  somePolicy('inside', { zone: 'intranet', chain: ['questions'], ...more });
const outside = (more: Partial<Policy> = {}) =>
  somePolicy('outside', { zone: 'extranet', chain: ['phone', 'questions'], ...more });
const ofOutside = (policy: Policy) => [{ zone: 'extranet', policy } as const];
const enrols = (gates: readonly string[], more = {}) => gates.map((gate) => ({ gate, step: 'enrol', ...more }));

describe('the policies of somebody', () => {
  test('are one for each zone with a listener, the asked zone first and each asked once', async () => {
    const { it, asked } = registrations({ intranet: inside(), extranet: outside() });
    const found = await it.policiesOf(somebody('ana'), 'extranet');
    expect(found.map(({ zone, policy }) => [zone, policy.name])).toEqual([
      ['extranet', 'outside'],
      ['intranet', 'inside'],
    ]);
    expect(asked).toEqual(['extranet', 'intranet']);
  });

  test('are none of a zone without a listener, nor of one where nothing is for them', async () => {
    const lonely = registrations({ intranet: inside(), extranet: outside() }, asks, ['extranet']).it;
    expect((await lonely.policiesOf(somebody('ana'), 'extranet')).map(({ zone }) => zone)).toEqual(['extranet']);
    const half = registrations({ intranet: inside() }).it;
    expect((await half.policiesOf(somebody('ana'), 'extranet')).map(({ zone }) => zone)).toEqual(['intranet']);
  });
});

describe('the way of a registration', () => {
  const { it } = registrations({});

  test('is that of one policy where there is no other, with nothing of other zones in it', () => {
    const policy = outside({ chain: ['phone', 'otp-sms', 'questions'], needed: 2 });
    expect(it.wayOf(policy, [])).toEqual({ enrols: enrols(policy.chain), mayLeaveOut: 1 });
    expect(it.wayOf(policy, ofOutside(policy))).toEqual({ enrols: enrols(policy.chain), mayLeaveOut: 1 });
  });

  test('has what other zones add behind its own, each gate once, by the policy that brings it', () => {
    const other = outside({ channels: { voice: ['pbx'] }, gates: { phone: { 'number-matching': 'required' } } });
    const by = { policy: 'outside', settings: { 'number-matching': 'required' }, channels: { voice: ['pbx'] } };
    expect(it.wayOf(inside(), ofOutside(other))).toEqual({
      enrols: [...enrols(['questions']), ...enrols(['phone'], { by, elsewhere: 'extranet' })],
      elsewhere: [{ zone: 'extranet', chain: ['phone', 'questions'] }],
    });
  });

  test('has a gate of both by its own policy, unless the other clearly asks more', () => {
    const two = (length?: number) => (length === undefined ? {} : { gates: { questions: { 'code-length': length } } });
    const bringer = (own?: number, other?: number, asksMore = asks): unknown =>
      registrations({}, asksMore).it.wayOf(inside(two(own)), ofOutside(outside(two(other)))).enrols[0]?.by;
    expect(bringer(7, 8)).toEqual({ policy: 'outside', settings: { 'code-length': 8 } });
    expect(bringer(8, 7)).toBeUndefined();
    expect(bringer(5)).toEqual({ policy: 'outside' });
    expect(bringer(7, 8, unclear)).toBeUndefined();
  });

  test('registers nothing that is given out, and knows of it in every zone', () => {
    const own = inside({ chain: ['questions', 'helpdesk-code'] });
    const other = outside({ chain: ['phone', 'helpdesk-code'], needed: 1 });
    expect(it.wayOf(own, ofOutside(other))).toMatchObject({
      enrols: [{ gate: 'questions' }, { gate: 'phone' }],
      givenOut: ['helpdesk-code'],
      elsewhere: [{ zone: 'extranet', needed: 1, givenOut: ['helpdesk-code'] }],
    });
  });

  test('says nothing of another zone that asks for the very same', () => {
    expect(it.wayOf(inside(), ofOutside(outside({ chain: ['questions'] })))).toEqual({ enrols: enrols(['questions']) });
  });
});

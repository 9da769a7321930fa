import { describe, expect, test } from 'vitest';
import type { Gate, GateSettings } from '../../../src/core/gate.ts';
import { GateSet } from '../../../src/core/gates/gate-set.ts';

type Own = GateSettings[string];

/** A set of one gate, and the settings that gates were made with, in order. */
function setOfOne() {
  const made: Own[] = [];
  const gate = (id: string): Gate => ({ id }) as Gate;
  const set = new GateSet({
    configured: new Map([['otp-sms', gate('otp-sms')]]),
    make(id, own) {
      made.push(own);
      return gate(id);
    },
  });
  return { set, made };
}

describe('the gates that there are', () => {
  test('are as configured where a policy says nothing', () => {
    const { set, made } = setOfOne();
    expect(set.get('otp-sms')).toBe(set.configured.get('otp-sms'));
    expect(made).toEqual([]);
  });

  test('are made once for each settings of a policy, and never mixed up', () => {
    const { set, made } = setOfOne();
    const [eight, again, ten] = [8, 8, 10].map((digits) => set.get('otp-sms', { 'code-length': digits }));
    expect(again).toBe(eight);
    expect(new Set([eight, ten, set.get('otp-sms')]).size).toBe(3);
    expect(made).toEqual([{ 'code-length': 8 }, { 'code-length': 10 }]);
  });

  test('are none that cannot be used as configured', () => {
    const { set, made } = setOfOne();
    expect(set.get('phone', { lifetime: 60 })).toBeUndefined();
    expect(made).toEqual([]);
  });

  test('do not grow without end: whose settings nobody came to lately are made anew', () => {
    const { set, made } = setOfOne();
    const kept = set.get('otp-sms', { lifetime: 60 });
    for (let lifetime = 61; lifetime < 300; lifetime += 1) {
      set.get('otp-sms', { lifetime });
      expect(set.get('otp-sms', { lifetime: 60 })).toBe(kept);
    }
    const before = made.length;
    set.get('otp-sms', { lifetime: 61 });
    expect(made.length).toBe(before + 1);
  });
});

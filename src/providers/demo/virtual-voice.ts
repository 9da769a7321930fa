import { z } from 'zod';
import type { CheckResult, MfaProvider } from '../../core/provider.ts';
import type { VirtualCall, VirtualPhones } from './virtual-phones.ts';

const stateSchema = z.strictObject({ call: z.string() });
const results = { confirmed: 'passed', mismatched: 'wrong', unanswered: 'unanswered', refused: 'refused' } as const;

/** Calls a virtual phone, and knows of the call what was pressed there. */
export function virtualVoice(phones: VirtualPhones, id = 'virtual-voice'): MfaProvider {
  return {
    id,
    channels: ['voice'],
    matchesNumbers: true,
    async start({ to, text, match }) {
      return { kind: 'started', state: { call: phones.ring(to, text, match).id } };
    },
    async check(state) {
      return resultOf(phones.call(stateSchema.parse(state).call));
    },
  };
}

/** A call that nobody remembers proves nothing. */
function resultOf(call: VirtualCall | undefined): CheckResult {
  if (call === undefined) return { kind: 'expired' };
  return call.outcome === undefined ? { kind: 'waiting' } : { kind: results[call.outcome] };
}

import type { Identity } from '../../src/core/account.ts';
import type { GateContext } from '../../src/core/gate.ts';

/** Somebody to register. */
export const ana: Identity = {
  id: 'b5a5d7a8-0000-4000-8000-000000000001',
  name: 'EXAMPLE\\ana.beispiel',
  samName: 'ana.beispiel',
  principalName: 'ana.beispiel@example.com',
  displayName: 'Ana María Beispiel',
  givenName: 'Ana María',
  surname: 'Beispiel',
  mail: 'ana@example.com',
  mobile: '+44 7700 900123',
  telephone: '+44 20 7946 0123',
};

/** What a gate is told when Ana stands before it for the first time. */
export function context(changes: Partial<GateContext> = {}): GateContext {
  return {
    subject: { kind: 'account', account: ana },
    memory: null,
    language: 'en',
    purpose: 'reset',
    flowReference: 'flow-1',
    ...changes,
  };
}

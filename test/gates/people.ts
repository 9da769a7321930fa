import type { Identity } from '../../src/core/account.ts';

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

import { randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { createSealer } from '../../src/core/sealer.ts';
import type { Stores } from '../../src/core/stores.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { SettableClock } from '../settable-clock.ts';

let stores: Stores | undefined;
afterEach(() => stores?.close());

test('5.4: as much is opened for somebody who has registered nothing as for two gates', async () => {
  const sealer = createSealer({ keys: [{ id: 'test', secret: randomBytes(32) }] });
  const clock = new SettableClock();
  stores = await openStores({ kind: 'sqlite', file: ':memory:', 'busy-timeout-ms': 0 }, { sealer, clock });
  await stores.migrate();
  const { enrolments } = stores;
  for (const gate of ['phone', 'otp-sms']) {
    await enrolments.keep({ accountId: 'anna', gate, data: { number: '+447700900123' }, provedAt: clock.now() });
  }
  const open = vi.spyOn(sealer, 'open');
  const opened = async (account: string): Promise<readonly number[]> => {
    open.mockClear();
    const found = await enrolments.registered(account);
    return [found.length, open.mock.calls.length];
  };
  expect(await opened('anna')).toEqual([2, 2]);
  expect(await opened('nobody')).toEqual([0, 2]);
});

import { text } from 'node:stream/consumers';
import { setInterval } from 'node:timers';
import { systemClock } from '../../src/core/clock.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import type { NodeOrders } from './store-node.ts';
import { noon, sampleEvent } from './store-samples.ts';

const { settings, keys, entry, appendForEver } = JSON.parse(await text(process.stdin)) as NodeOrders;
const sealer = createSealer({ keys: keys.map(({ id, hex }) => ({ id, secret: Buffer.from(hex, 'hex') })) });
const stores = await openStores(settings, { sealer, clock: systemClock });

await stores.failures.count('ana', 'otp-sms', 5, noon);
await stores.audit.append(sampleEvent());
await stores.journal.intend({ ...entry, intendedAt: new Date(entry.intendedAt) });
process.stdout.write('promised\n');

for (let count = 1; appendForEver; count += 1) {
  await stores.audit.append(sampleEvent());
  process.stdout.write(`appended ${count}\n`);
}
// Nothing is closed: the process stays as it is until it is killed.
setInterval(() => undefined, 60_000);

import { writeFileSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { Visitor } from './portals/visitor.ts';
import { storedPoliciesDemo } from './smallest-demo.ts';

const timeout = 150_000;
const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

const everyone = { name: 'everyone', members: 'everyone', chain: ['questions'], 'knowledge-alone': 'accept' };

/** A demo whose store lasts, with policies in it. */
async function world() {
  const port = await freePort();
  const folder = new ConfigurationFolder('');
  toEnd.push(() => folder.remove());
  folder.write({
    ...storedPoliciesDemo(folder.path('latchkey.db')),
    'public-url': `http://127.0.0.1:${port}`,
    listen: { port },
    policies: [everyone],
  });
  const launch = { configuration: folder.file };
  const start = async (): Promise<LatchkeyProcess> => {
    const server = await LatchkeyProcess.server(launch);
    toEnd.push(() => server.end());
    return server;
  };
  const firstGate = async (): Promise<string | number> => {
    const visitor = await new Visitor(`http://127.0.0.1:${port}`).open('/reset');
    return visitor.status === 200 ? (await visitor.submit({ login: 'nobody.at.all' })).path : visitor.status;
  };
  const run = (...args: readonly string[]) => LatchkeyProcess.command(['policy', ...args], launch).ended;
  return { folder, start, firstGate, run };
}

const alarms = ({ log }: LatchkeyProcess) => log.filter(({ alarm }) => alarm === true);

test('policies that a command imports are an alarm in the log of the server that runs; deleted past it, they serve nobody, also after a kill, until an operator accepts what is left', {
  timeout,
}, async () => {
  const { folder, start, firstGate, run } = await world();
  const first = await start();
  expect(await firstGate()).toBe('/reset/questions');
  writeFileSync(folder.path('policies.yaml'), stringify({ policies: [{ ...everyone, chain: ['otp-sms'] }] }));
  expect((await run('import', folder.path('policies.yaml'))).code).toBe(0);
  expect(await firstGate()).toBe('/reset/otp-sms');
  await first.until(/the policies were changed by a command/);
  expect(alarms(first)).toMatchObject([{ level: 40, by: 'operator', version: 2 }]);
  await first.end();

  const database = new BetterSqlite(folder.path('latchkey.db'));
  database.exec("delete from policy_versions where version = 2; delete from audit where event = 'policies.saved'");
  database.close();
  const second = await start();
  await second.until(/the policies cannot be used/);
  expect(alarms(second)[0]).toMatchObject({ err: { message: expect.stringContaining('version 2 was saved last') } });
  expect(await firstGate()).toBe(503);
  expect((await run('accept')).code).toBe(0);
  await expect.poll(firstGate, { timeout: 30_000, interval: 500 }).toBe('/reset/questions');
});

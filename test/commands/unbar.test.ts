import { afterEach, expect, test } from 'vitest';
import { openConfiguredDirectory } from '../../src/compose/directory.ts';
import { openConfiguredStores } from '../../src/compose/stores.ts';
import { signInSubject } from '../../src/core/visits/sign-in.ts';
import { load } from '../../src/load.ts';
import { ConfigurationFolder, LatchkeyProcess } from '../latchkey-process.ts';
import { lastingDemo } from '../smallest-demo.ts';

const timeout = 60_000;
const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 1 };
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A demo whose store lasts, and its registered person. */
async function world() {
  const folder = new ConfigurationFolder('');
  closing.push(() => folder.remove());
  folder.write(lastingDemo(folder.path('latchkey.db')));
  const loaded = await load({ LATCHKEY_CONFIG: folder.file });
  const { directory, close } = await openConfiguredDirectory(loaded);
  const person = await directory.find({ kind: 'bare', name: 'anna.berg' });
  await close();
  if (person === undefined) throw new Error('the demo has no such person');
  const stores = await openConfiguredStores(loaded.configuration);
  closing.push(() => stores.close());
  await stores.migrate();
  const run = (login: string) => LatchkeyProcess.command(['unbar', login], { configuration: folder.file }).ended;
  return { stores, person, run };
}

test('ends every bar of a person, audits it, and tells them by mail', { timeout }, async () => {
  const { stores, person, run } = await world();
  const subjects = [person.id, signInSubject(person)];
  for (const subject of subjects) expect(await stores.failures.bar(subject, rules, new Date())).toEqual({ bars: 1 });
  await stores.failures.bar('somebody-else', rules, new Date());
  const ended = await run('CONTOSO\\anna.berg');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toBe('Nothing bars CONTOSO\\anna.berg from Latchkey any more. A mail tells the person.\n');
  for (const subject of subjects) expect(await stores.failures.lockout(subject, new Date())).toBeUndefined();
  expect(await stores.failures.lockout('somebody-else', new Date())).toEqual({ bars: 1 });
  const rows = await stores.audit.page({ after: 0, limit: 10 });
  expect(rows).toMatchObject([{ event: 'account.unbarred', subject: person.id, detail: { bars: 2 } }]);
  const mail = await stores.outbox.claim({ channels: ['email'], now: new Date(), leaseMs: 60_000 });
  expect(mail).toMatchObject({ event: 'unbarred', body: { to: person.mail, person: { id: person.id } } });
});

test('says when nothing bars a person or nobody has the name, and then changes nothing', { timeout }, async () => {
  const { stores, run } = await world();
  expect(await run('anna.berg')).toMatchObject({ code: 0, stdout: 'Nothing bars CONTOSO\\anna.berg from Latchkey.\n' });
  for (const login of ['nobody.here', 'anna*', 'a|b']) {
    const nobody = { code: 1, stdout: 'The directory has nobody of this name, or more than one.\n' };
    expect(await run(login)).toMatchObject(nobody);
  }
  expect(await stores.audit.page({ after: 0, limit: 10 })).toEqual([]);
});

import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { Controllers } from './controllers.ts';

let world: Controllers;
beforeEach(async () => {
  world = await Controllers.open();
});
afterEach(() => world.close());

describe('a ca-file that is replaced while Latchkey runs', () => {
  test('is what the very next request goes by: the old authority is trusted no more, not even on an open connection', async () => {
    const next = await TestAuthority.create('The next authority');
    const [old, renewed] = [await world.front(), await world.front(await next.server())];
    const directory = world.directory([old.url, renewed.url]);
    const person = world.person();
    const account = await directory.read(person.id);
    if (account === undefined) throw new Error('nobody is there');
    expect(renewed.connections).toBe(0);
    await writeFile(world.caFile, next.ca);
    const before = { heard: old.heard, secured: renewed.secured };
    expect((await directory.prepareWrite(account)).server).toBe(renewed.url);
    expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
    expect(old.heard).toBe(before.heard);
    expect(renewed.secured).toBeGreaterThan(before.secured);
    expect(world.alerts).toEqual([{ level: 'alarm', subject: old.url, detail: expect.stringContaining('trusted') }]);
  });

  test('lets a server with a new certificate in again without a restart', async () => {
    const next = await TestAuthority.create('The next authority');
    const front = await world.front();
    const directory = world.directory([front.url]);
    const person = world.person();
    await directory.read(person.id);
    await front.stop();
    front.show(await next.server());
    await front.start();
    await expect(directory.read(person.id)).rejects.toBeInstanceOf(Unavailable);
    await writeFile(world.caFile, `${world.authority.ca}\n${next.ca}`);
    expect((await directory.read(person.id))?.id).toBe(person.id);
  });

  test.each([
    ['empty', async () => writeFile(world.caFile, '')],
    ['cut off', async () => writeFile(world.caFile, world.authority.ca.slice(0, 300))],
    ['nonsense', async () => writeFile(world.caFile, world.authority.ca.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'))],
    ['gone', async () => rm(world.caFile)],
  ])('goes on as it was when it is %s, and the operator is told once', async (_how, spoil) => {
    const front = await world.front();
    const directory = world.directory([front.url]);
    const person = world.person();
    await directory.read(person.id);
    const connections = front.connections;
    await spoil();
    const findings = await directory.check();
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(front.connections).toBeGreaterThan(connections);
    expect(world.alerts).toEqual([
      { level: 'alarm', subject: 'ca-file', detail: expect.stringContaining('what it held before goes on') },
    ]);
    expect(() => world.directory([front.url])).toThrow(Misconfigured);
    await writeFile(world.caFile, world.authority.ca);
    await directory.check();
    expect(world.alerts.map(({ level }) => level)).toEqual(['alarm', 'info']);
  });
});

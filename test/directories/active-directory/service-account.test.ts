import { writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Misconfigured } from '../../../src/core/errors.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import type { Alert } from '../../../src/directories/active-directory/outage.ts';
import {
  Busy,
  ServiceAccountGuard,
  ServiceAccountRefused,
} from '../../../src/directories/active-directory/service-account.ts';
import { Controllers } from './controllers.ts';

const minute = 60_000;

describe('the guard of the service account', () => {
  /** An account at directories that refuse it with this text; no text, and they accept it. */
  function guarded() {
    const account = { name: 'svc', password: crypto.randomUUID() };
    const alerts: Alert[] = [];
    const state = { now: 0, tries: 0, refusal: '' };
    const report = (alert: Alert): void => void alerts.push(alert);
    const guard = new ServiceAccountGuard({ account, report, now: () => state.now });
    const bind = () =>
      guard.bind(new Deadline(1000), async () => {
        state.tries += 1;
        if (state.refusal !== '') throw new ServiceAccountRefused(state.refusal);
      });
    /** Binds once a minute, and tells the minutes in which the directory saw it. */
    async function minutesOfTries(minutes: number): Promise<readonly number[]> {
      const seen: number[] = [];
      for (let at = 0; at < minutes; at += 1) {
        const before = state.tries;
        await bind().catch(() => {});
        if (state.tries > before) seen.push(at);
        state.now += minute;
      }
      return seen;
    }
    return { account, alerts, state, guard, bind, minutesOfTries };
  }

  const wrong = '80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v4563';

  test('F8: leaves a wrong password alone for longer each time, and never tries it three times in half an hour', async () => {
    const { state, minutesOfTries } = guarded();
    state.refusal = wrong;
    const seen = await minutesOfTries(600);
    expect(seen).toEqual([0, 1, 36, 106, 246, 526]);
  });

  test('F8: does not begin anew when the account was locked in between', async () => {
    const { state, bind, minutesOfTries } = guarded();
    state.refusal = wrong;
    await minutesOfTries(2);
    state.now += 35 * minute;
    state.refusal = wrong.replace('52e', '775');
    await expect(bind()).rejects.toThrow('775');
    state.now += minute;
    state.refusal = wrong;
    expect(await minutesOfTries(60)).toEqual([0]);
  });

  test('F8: looks again soon at an account that is locked, which counts nothing', async () => {
    const { state, bind, minutesOfTries, alerts } = guarded();
    state.refusal = wrong.replace('52e', '775');
    expect(await minutesOfTries(5)).toEqual([0, 1, 2, 3, 4]);
    state.refusal = '';
    await bind();
    expect(alerts.map(({ level }) => level)).toEqual(['alarm', 'info']);
  });

  test('F8: tries another password at once', async () => {
    const { account, state, bind } = guarded();
    state.refusal = wrong;
    await expect(bind()).rejects.toBeInstanceOf(ServiceAccountRefused);
    state.refusal = '';
    await expect(bind()).rejects.toBeInstanceOf(ServiceAccountRefused);
    account.password = crypto.randomUUID();
    await bind();
    expect(state.tries).toBe(2);
  });

  test('lets one at a time try a password that was never accepted, and all together one that was', async () => {
    const { guard } = guarded();
    let now = 0;
    let most = 0;
    const attempt = async () => {
      now += 1;
      most = Math.max(most, now);
      await wait(5);
      now -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => guard.bind(new Deadline(1000), attempt)));
    expect(most).toBe(1);
    await Promise.all(Array.from({ length: 5 }, () => guard.bind(new Deadline(1000), attempt)));
    expect(most).toBe(5);
  });

  test('does not take a server for down behind which others are trying', async () => {
    const { guard } = guarded();
    const trying = guard.bind(new Deadline(1000), () => wait(200));
    await expect(guard.bind(new Deadline(20), async () => {})).rejects.toBeInstanceOf(Busy);
    let tried = false;
    const third = guard.bind(new Deadline(1000), async () => {
      tried = true;
    });
    await wait(20);
    expect(tried).toBe(false);
    await Promise.all([trying, third]);
  });
});

describe('F8: a service account that the directory refuses', () => {
  let world: Controllers;
  beforeEach(async () => {
    world = await Controllers.open();
    world.demo.administration.setDomainPolicy({
      minLength: 8,
      complexity: false,
      historyLength: 3,
      minAgeSeconds: 0,
      lockoutThreshold: 3,
      lockoutSeconds: 1800,
      lockoutWindowSeconds: 1800,
    });
  });
  afterEach(() => world.close());

  const file = () => ({ 'bind-password-file': world.passwordFile });

  test('is not locked by a storm of requests at several servers, and goes on with a new password without restart', async () => {
    await writeFile(world.passwordFile, 'not the password\n');
    const urls = [(await world.front()).url, (await world.front()).url, (await world.front()).url];
    const directory = world.directory(urls, file());
    const person = world.person();
    const calls = Array.from({ length: 60 }, () => directory.read(person.id));
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: 'rejected', reason: expect.any(Misconfigured) });
    }
    await directory.check();
    expect(world.wrongBinds).toBe(1);
    expect(world.alerts).toEqual([
      { level: 'alarm', subject: 'service account', detail: expect.stringContaining('data 52e') },
    ]);
    await writeFile(world.passwordFile, world.demo.serviceAccount.password);
    expect((await directory.read(person.id))?.id).toBe(person.id);
    expect(world.alerts.map(({ level }) => level)).toEqual(['alarm', 'info']);
  });

  test('is not locked by sign-ins while its new password is wrong, and nobody is told that theirs is', async () => {
    const directory = world.directory([(await world.front()).url], file());
    const person = world.person();
    const account = await directory.read(person.id);
    if (account === undefined) throw new Error('nobody is there');
    await writeFile(world.passwordFile, 'mistyped');
    const attempts = Array.from({ length: 20 }, () => directory.authenticate(account, person.password));
    for (const attempt of await Promise.allSettled(attempts)) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: expect.any(Misconfigured) });
    }
    expect(world.wrongBinds).toBe(1);
    // Connections that are open go on.
    expect((await directory.read(person.id))?.id).toBe(person.id);
  });

  test('is not locked when its password is changed under it and people sign in', async () => {
    const directory = world.directory([(await world.front()).url], file());
    const person = world.person();
    const account = await directory.read(person.id);
    if (account === undefined) throw new Error('nobody is there');
    world.demo.administration.setPassword(world.service, 'Changed-behind-its-back-1');
    for (let time = 0; time < 3; time += 1) {
      const attempts = Array.from({ length: 10 }, () => directory.authenticate(account, person.password));
      for (const { status } of await Promise.allSettled(attempts)) expect(status).toBe('rejected');
    }
    expect(world.wrongBinds).toBe(0);
    await writeFile(world.passwordFile, 'Changed-behind-its-back-1');
    expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
  });

  test('never binds with an empty file: what it held goes on, and the operator is told once', async () => {
    const front = await world.front();
    const directory = world.directory([front.url], { ...file(), 'pool-size': 1 });
    const person = world.person();
    const account = await directory.read(person.id);
    if (account === undefined) throw new Error('nobody is there');
    await writeFile(world.passwordFile, '\n');
    expect(await directory.authenticate(account, person.password)).toEqual({ kind: 'signed-in' });
    expect(world.alerts).toEqual([
      { level: 'alarm', subject: 'bind-password-file', detail: expect.stringContaining('it is empty') },
    ]);
    expect(() => world.directory([front.url], file())).toThrow(Misconfigured);
  });
});

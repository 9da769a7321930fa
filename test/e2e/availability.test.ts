import { afterAll, expect, test } from 'vitest';
import { sharedSamba } from '../services/shared-samba.ts';
import { TcpProxy } from '../services/tcp-proxy.ts';
import { SettableClock } from '../settable-clock.ts';
import { journeys } from './journeys.ts';
import { choose, confirmCall, startReset } from './steps.ts';

const samba = await sharedSamba();
const clock = new SettableClock(new Date());
// The proxy stands where the directory's address is: stopping it takes the directory away.
const proxy = samba && (await TcpProxy.open({ host: samba.host, port: samba.ldapsPort }));

afterAll(() => proxy?.stop());

journeys(
  'a directory that is away',
  samba,
  (stage) => {
    test('is told before anybody proves anything, and the pages recover by themselves', async () => {
      const { visitor } = stage;
      await visitor.goTo('/reset');
      expect(await visitor.heading()).toBe('Get back into your account');
      await proxy?.stop();
      clock.pass(6);
      for (const portal of ['/reset', '/registration']) {
        await visitor.goTo(portal);
        expect(await visitor.heading()).toBe('This service is not available right now');
        expect(await visitor.text()).toContain('Your account is as it was');
        expect(await visitor.page.locator('main input').count()).toBe(0);
      }
      await proxy?.start();
      clock.pass(6);
      await visitor.press('main .button');
      expect(visitor.path).toBe('/registration');
      await visitor.goTo('/reset');
      expect(await visitor.heading()).toBe('Get back into your account');
    });

    test('in the middle of a reset loses nothing: the gates stay passed', async () => {
      const { world, visitor, administrator } = stage;
      const person = await stage.addRegistered();
      await administrator.lock(person, 5);
      await startReset(visitor, person.login);
      await confirmCall(visitor, world, person.telephone);
      expect(visitor.path).toBe('/reset/choose');
      await proxy?.stop();
      await choose(visitor, 'unlock');
      expect(await visitor.heading()).toBe('This service is not available right now');
      await proxy?.start();
      await visitor.goTo('/reset/choose');
      await choose(visitor, 'unlock');
      expect(await visitor.heading()).toBe('Your account is unlocked');
      expect(await administrator.bind(person, person.password)).toBe('bound');
    });
  },
  { clock, chain: ['phone'], ...(proxy === undefined ? {} : { directoryUrl: proxy.url }) },
);

import { expect, test } from 'vitest';
import { unique } from '../services/samba-administrator.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { type ConsoleStage, consoleJourneys } from './console-journeys.ts';

const samba = await sharedSamba();
/** One for each journey: the directory outlives both. */
const logins = { scripted: unique('drv'), plain: unique('drv') };

/** A test account, registered and locked. */
async function addTestAccount(stage: ConsoleStage, samName: string) {
  const numbers = { telephone: '+44 20 7946 0991', mobile: '+44 7700 900991' };
  const { north } = stage.places.units;
  const person = await stage.administrator.addPerson({ samName, ...numbers }, north.dn);
  await stage.world.portals.register(samName, numbers);
  await stage.administrator.lock(person, 5);
  return { ...person, ...numbers };
}

consoleJourneys(
  'a test drive',
  samba,
  (stage) => {
    test('of a locked test account: dry it writes nothing, and in earnest it unlocks', async () => {
      const { world, visitor, administrator } = stage;
      const agent = await stage.addRegistered({ groups: ['north'] });
      const driven = await addTestAccount(stage, stage.javaScript ? logins.scripted : logins.plain);
      await world.signIn(visitor, agent);

      await visitor.press('nav a[href="/drive"]');
      await visitor.page.locator(`[name="who"][value="${driven.id}"]`).check();
      await visitor.press('form[action="/drive"] .acts button');
      await visitor.press('[name="end"][value="confirm"]');
      // By itself, or by Next where there is no JavaScript.
      if (!stage.javaScript) await visitor.press('[name="act"][value="next"]');
      await visitor.page.waitForURL(/choose$/);
      await visitor.press('main form .acts button >> nth=0');
      expect(await visitor.text()).toContain('Would be written: the account is unlocked');
      expect((await administrator.look(driven)).locked).toBe(true);

      await visitor.goTo(`/drive/live/${driven.id}`);
      expect(await visitor.text()).toContain('At the end the account is really unlocked');
      await visitor.type('reason', 'Trying the new chain');
      await visitor.page.locator('[name="confirmed"]').check();
      await visitor.press('main form .acts button >> nth=0');
      const call = await world.portals.ringing(driven.telephone);
      await visitor.afterPhone(() => world.portals.phones.confirm(call.id));
      await visitor.press('main form .acts button >> nth=0');
      expect(await visitor.heading()).toBe('Your account is unlocked');
      expect(await visitor.text()).toContain('The account was unlocked.');
      expect((await administrator.look(driven)).locked).toBe(false);
      expect(await administrator.bind(driven, driven.password)).toBe('bound');
      const told = await world.portals.latchkey.stores.audit.about(driven.id, 30);
      const act = told.find(({ event, detail }) => event === 'console.act' && detail?.flow !== undefined);
      expect(act?.detail).toMatchObject({ by: agent.id, reason: 'Trying the new chain', drive: 'live' });
      expect(told.some(({ event, flow }) => event === 'write.done' && flow === act?.detail?.flow)).toBe(true);
    });

    test('of anybody else is not to be had', async () => {
      const { world, visitor } = stage;
      const agent = await stage.addRegistered({ groups: ['north'] });
      const person = await stage.addRegistered({ unit: 'north' });
      await world.signIn(visitor, agent);
      await visitor.goTo('/drive');
      expect(await visitor.text()).not.toContain(person.samName);
      await visitor.goTo(`/drive/live/${person.id}`);
      expect(await visitor.page.locator('main').innerText()).not.toContain(person.samName);
    });
  },
  { chain: ['phone'], testAccounts: Object.values(logins) },
);

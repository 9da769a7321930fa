import { expect, test } from 'vitest';
import { maySee, type StaffMember } from '../../src/core/staff/staff.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { consoleJourneys } from './console-journeys.ts';

const samba = await sharedSamba();

consoleJourneys('signing in to the console', samba, (stage) => {
  test('a member of a group in the group, by a call, and out again', async () => {
    const { world, visitor } = stage;
    const person = await stage.addRegistered({ groups: ['nested'] });
    await world.signIn(visitor, person);
    expect([visitor.path, await visitor.heading()]).toEqual(['/', 'What would you like to do?']);
    expect(await visitor.page.locator('.who').innerText()).toContain('Administrator');
    const { id } = person;
    const told = await world.portals.latchkey.stores.audit.about(id, 10);
    expect(told.find(({ event }) => event === 'console.signed-in')?.detail).toMatchObject({
      by: id,
      roles: 'administrator',
    });

    await visitor.press('.who button');
    expect(visitor.path).toBe('/console');
    await visitor.goTo('/');
    expect(visitor.path).toBe('/console');
  });

  test('an auditor, by a group that is named with its domain', async () => {
    const person = await stage.addRegistered({ groups: ['auditors'] });
    await stage.world.signIn(stage.visitor, person);
    expect(await stage.visitor.page.locator('.who').innerText()).toContain('Auditor');
  });

  test('a helpdesk, whose units are those of the directory, in whatever case they are configured', async () => {
    const { world, visitor, places } = stage;
    const person = await stage.addRegistered({ groups: ['north'] });
    await world.signIn(visitor, person);
    expect(await visitor.text()).toContain(`In these units and below: ${places.units.north.path}.`);
    const staff: StaffMember = { id: person.id, name: '', roles: ['helpdesk'], units: [places.units.north.path] };
    const { directory } = world.portals.latchkey;
    const sees = async (unit: 'north' | 'harbour' | 'south'): Promise<boolean> => {
      const account = await directory.read((await stage.addPerson({ unit })).id);
      return account !== undefined && maySee(staff, account);
    };
    expect([await sees('north'), await sees('harbour'), await sees('south')]).toEqual([true, true, false]);
  });

  test('nobody without a group, with the same words as for a wrong password', async () => {
    const { visitor } = stage;
    const person = await stage.addRegistered();
    const said: string[] = [];
    for (const password of [person.password, 'Wrong-Horse-1']) {
      await visitor.goTo('/console');
      await visitor.type('login', person.samName);
      await visitor.type('password', password);
      await visitor.press('main .acts button');
      said.push(await visitor.problems());
    }
    expect(said[0]).toContain('this account may not use the console');
    expect(said[1]).toBe(said[0]);
    expect((await stage.administrator.look(person)).locked).toBe(false);
  });

  test('nobody without a second factor, who is told where to register one', async () => {
    const { visitor, world } = stage;
    const person = await stage.addPerson({ groups: ['administrators'] });
    await visitor.goTo('/console');
    await visitor.type('login', person.samName);
    await visitor.type('password', person.password);
    await visitor.press('main .acts button');
    expect(await visitor.heading()).toBe('Register a second way to prove yourself');
    const link = visitor.page.locator('main .acts a').first();
    expect(await link.getAttribute('href')).toBe(`${world.portals.url}/registration`);
    await visitor.goTo('/');
    expect(visitor.path).toBe('/console');
  });
});

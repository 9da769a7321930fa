import { expect, test } from 'vitest';
import { sharedSamba } from '../services/shared-samba.ts';
import { consoleJourneys } from './console-journeys.ts';
import type { StagePerson } from './stage.ts';
import type { Visitor } from './visitor.ts';

const samba = await sharedSamba();
const reason = 'Called back on the number in the directory';

async function search(visitor: Visitor, text: string): Promise<void> {
  await visitor.goTo('/people');
  await visitor.type('q', text);
  await visitor.press('main form button');
}

consoleJourneys('helping people', samba, (stage) => {
  const barred = (person: StagePerson) => {
    const { stores } = stage.world.portals.latchkey;
    return stores.failures.lockout(person.id, new Date());
  };

  test('who are stuck: found, seen why, cleared, and they unlock the account themselves', async () => {
    const { world, visitor, administrator } = stage;
    const agent = await stage.addRegistered({ groups: ['north'] });
    const person = await stage.addRegistered({ unit: 'harbour' });
    await administrator.lock(person, 5);
    const rules = { threshold: 3, minutes: 15, barsUntilPermanent: 1 };
    await world.portals.latchkey.stores.failures.bar(person.id, rules, new Date());
    await world.signIn(visitor, agent);

    await search(visitor, person.samName);
    expect(await visitor.text()).toContain('1 person.');
    await visitor.press(`main a[href="/people/${person.id}"]`);
    const said = await visitor.text();
    expect(said).toContain('Barred from Latchkey until the helpdesk clears it');
    expect(said).toContain('The account is locked in the directory as well.');
    expect(said).toContain('Locked since');
    expect(said).toContain(stage.places.units.harbour.path);

    await visitor.page.locator('main details summary').first().click();
    await visitor.press('main details[open] .acts button');
    expect(await visitor.problems()).toContain('Enter the reason.');
    await visitor.page.locator('main details[open] textarea').fill(reason);
    await visitor.press('main details[open] .acts button');
    expect(await visitor.text()).toContain('Nothing bars this person any more.');
    expect(await visitor.text()).toContain('Locked in the directory, and may unlock the account alone');
    expect(await visitor.text()).toContain(reason);
    expect(await barred(person)).toBeUndefined();
    // The directory's own lock is the person's to clear, through the gates.
    expect((await administrator.look(person)).locked).toBe(true);
  });

  test('of another unit: neither found nor shown, until they are moved', async () => {
    const { world, visitor } = stage;
    const agent = await stage.addRegistered({ groups: ['north'] });
    const person = await stage.addRegistered({ unit: 'south' });
    await world.signIn(visitor, agent);
    await search(visitor, person.samName);
    expect(await visitor.text()).toContain('Nobody whom you may see has such a name.');
    await visitor.goTo(`/people/${person.id}`);
    expect(await visitor.page.locator('main').innerText()).not.toContain(person.samName);
    const south = await stage.addRegistered({ groups: ['south'] });
    const other = await stage.anotherVisitor();
    await world.signIn(other, south);
    await search(other, person.samName);
    await other.press(`main a[href="/people/${person.id}"]`);
    expect(await other.text()).toContain('Nothing keeps this person from helping themselves.');
  });

  test('on the telephone: both see the same words, and the code in the text verifies', async () => {
    const { world, visitor } = stage;
    const { phones, latchkey } = world.portals;
    const agent = await stage.addRegistered({ groups: ['north'] });
    const person = await stage.addRegistered({ unit: 'north' });
    await world.signIn(visitor, agent);
    await visitor.goTo(`/people/${person.id}/caller`);
    await visitor.page.locator('main [name="gate"][value="otp-sms"]').check();
    await visitor.type('reason', reason);
    await visitor.press('main [name="act"][value="start"]');
    const phrase = await visitor.page.locator('.phrase').innerText();
    await latchkey.challenges.idle();
    const text = phones.phone(person.mobile.replaceAll(' ', '')).texts.at(-1)?.text ?? '';
    expect(text).toContain(phrase.trim());
    await visitor.type('code', /\b\d{6}\b/.exec(text)?.[0] ?? '');
    await visitor.press('main [name="act"][value="check"]');
    expect(await visitor.text()).toContain('Verified: the caller has the telephone');
  });
});

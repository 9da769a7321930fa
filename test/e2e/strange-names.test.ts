import { expect, test } from 'vitest';
import { strangePasswords, strangePerson } from '../contracts/directory/people.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { journeys } from './journeys.ts';
import { choose, confirmCall, giveNumber, signIn, startReset, typePassword } from './steps.ts';

const samba = await sharedSamba();

journeys(
  'people with strange names',
  samba,
  (stage) => {
    test.each(strangePasswords.filter((_, at) => at % 4 === 0))(
      'register, and reset to the password %j',
      async (password) => {
        const { world, visitor, administrator } = stage;
        const unit = await administrator.addUnit(`R&D, "Labs" + ü 🦊; ${crypto.randomUUID()}`);
        const wish = strangePerson();
        const person = await stage.addPerson(
          { ...wish, samName: wish.samName?.replaceAll(/[^\p{L}\p{N}'.&()$-]/gu, '') ?? '' },
          unit,
        );
        await signIn(visitor, person);
        await giveNumber(visitor);
        await confirmCall(visitor, world, person.telephone);
        expect(visitor.path).toBe('/registration/done');

        await startReset(visitor, `${person.principalName}`);
        await confirmCall(visitor, world, person.telephone);
        expect(await visitor.text()).toContain(`CORP\\${person.samName}`);
        await choose(visitor, 'reset');
        await typePassword(visitor, password);
        expect(await visitor.problems()).toBe('');
        expect(visitor.path).toBe('/reset/done');
        expect(await administrator.bind(person, password)).toBe('bound');
        expect(await administrator.bind(person, person.password)).toBe('52e');

        await signIn(visitor, { login: `corp\\${person.samName}`, password });
        expect(visitor.path, 'the new password signs in as it was typed').toBe('/registration/confirm-phone');
        expect(world.log).not.toContain(JSON.stringify(password).slice(1, -1));
      },
    );
  },
  { chain: ['phone'] },
);

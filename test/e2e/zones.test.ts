import { expect, test } from 'vitest';
import { sharedSamba } from '../services/shared-samba.ts';
import { journeys } from './journeys.ts';
import { answerQuestions, choose, confirmCall, giveNumber, leaveOut, signIn, startReset, typeCode } from './steps.ts';

const samba = await sharedSamba();
const policies = [
  { name: 'inside', members: 'everyone', zone: 'intranet', chain: ['questions'] },
  { name: 'outside', members: 'everyone', zone: 'extranet', chain: ['phone', 'otp-sms'] },
];

journeys(
  'a registration where the zones meet',
  samba,
  (stage) => {
    test('in the office is enough for whoever is locked out at home', async () => {
      const { world, visitor: atHome, administrator } = stage;
      const person = await stage.addPerson();
      const inOffice = await stage.anotherVisitor(world.insideUrl);
      await signIn(inOffice, person);
      expect(inOffice.path).toBe('/registration/questions');
      await answerQuestions(inOffice);
      expect(inOffice.path).toBe('/registration/phone');
      expect(await inOffice.text()).toContain('You need this to help yourself from outside');
      await giveNumber(inOffice);
      await confirmCall(inOffice, world, person.telephone);
      await giveNumber(inOffice);
      await typeCode(inOffice, await world.code(person.mobile));
      expect(inOffice.path).toBe('/registration/done');
      expect(await inOffice.text()).toContain('From outside the organisation’s network, pass these:');

      await stage.lockOut(person);
      await startReset(atHome, person.login);
      await confirmCall(atHome, world, person.telephone);
      await typeCode(atHome, await world.code(person.mobile));
      await choose(atHome, 'unlock');
      expect(atHome.path).toBe('/reset/done');
      expect((await administrator.look(person)).locked).toBe(false);
      expect(await administrator.bind(person, person.password)).toBe('bound');
    });

    test('without what home asks for says so, and is enough in the office alone', async () => {
      const { world, visitor: atHome, administrator } = stage;
      const person = await stage.addPerson();
      const inOffice = await stage.anotherVisitor(world.insideUrl);
      await signIn(inOffice, person);
      await answerQuestions(inOffice);
      await leaveOut(inOffice);
      await leaveOut(inOffice);
      expect(await inOffice.text()).toContain('From outside the organisation’s network you cannot get back in yet.');

      await stage.lockOut(person);
      const before = world.sent;
      await startReset(atHome, person.login);
      expect(atHome.path).toBe('/reset/phone');
      await startReset(inOffice, person.login);
      await answerQuestions(inOffice);
      await choose(inOffice, 'unlock');
      expect(inOffice.path).toBe('/reset/done');
      expect((await administrator.look(person)).locked).toBe(false);
      expect(world.sent).toBe(before);
    });
  },
  { policies, intranet: true },
);

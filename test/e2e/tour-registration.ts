import { demoWalker } from './demo-walker.ts';
import type { Guide } from './guide.ts';
import { answerQuestions, confirmCall, giveNumber, signIn, typeCode, type Walker } from './steps.ts';
import { Visitor } from './visitor.ts';
import { answers, type PortalWorld } from './world.ts';

/** What is there for everybody, before anybody has said who they are. */
export async function frontDoor(guide: Guide<PortalWorld>): Promise<void> {
  const { see, visitor } = guide;
  await visitor.goTo('/');
  await see('home');
  await visitor.goTo('/help');
  await see('help');
  await visitor.goTo('/demo/phone');
  await see('demo-phone-empty');
}

/** Somebody registers, makes mistakes, and comes back to change something. */
export async function registration(guide: Guide<PortalWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  const ben = demoWalker('not-registered');
  await visitor.goTo('/registration');
  await see('register-1-sign-in');
  await signIn(visitor, { login: ben.login, password: 'Not-my-password-1' });
  await see('register-1-sign-in-wrong');
  await signIn(visitor, { login: '', password: '' });
  await see('register-1-sign-in-empty');
  await signIn(visitor, demoWalker('must-change'));
  await see('register-1-sign-in-must-change');
  await signIn(visitor, ben);
  await see('register-2-phone');
  await giveNumber(visitor, 'call me');
  await see('register-2-phone-problem');
  await giveNumber(visitor, ben.telephone);
  await world.ringing(ben.telephone);
  await see('register-3-call');
  await lookAtRingingPhone(guide, ben);
  await see('register-4-mobile');
  await giveNumber(visitor);
  const code = await world.code(ben.mobile);
  await see('register-5-code');
  await typeCode(visitor, code);
  await see('register-6-questions');
  await answerQuestions(visitor, new Map([...answers.keys()].map((question) => [question, 'same'])));
  await see('register-6-questions-problems');
  await answerQuestions(visitor, answers);
  await see('register-7-done');
  await registerAgain(guide, ben);
}

async function lookAtRingingPhone(guide: Guide<PortalWorld>, ben: Walker): Promise<void> {
  const { browser, language, look, visitor, world } = guide;
  const other = await Visitor.open(browser, world.url, { locale: language });
  const call = await world.ringing(ben.telephone);
  world.phones.answer(call.id);
  world.phones.text(ben.mobile.replaceAll(' ', ''), 'Your code is 123456.');
  await other.goTo('/demo/phone');
  await look('demo-phone', other);
  await other.close();
  await visitor.afterPhone(() => world.phones.confirm(call.id));
  await world.code(ben.mobile);
}

async function registerAgain(guide: Guide<PortalWorld>, ben: Walker): Promise<void> {
  const { see, visitor, world } = guide;
  await signIn(visitor, ben);
  await see('register-again-1-call');
  await confirmCall(visitor, world, ben.telephone);
  await see('register-again-2-phone');
}

import { demoWalker } from './demo-walker.ts';
import type { Guide } from './guide.ts';
import {
  answerQuestions,
  choose,
  confirmCall,
  giveNumber,
  leaveOut,
  signIn,
  startReset,
  takeOtherWay,
  typeCode,
} from './steps.ts';
import { answers, type PortalWorld } from './world.ts';

/** Where any two gates are enough, and one of them for the unlock. */
export async function otherWays(guide: Guide<PortalWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  const ben = demoWalker('not-registered');
  await signIn(visitor, ben);
  await see('ways-register-1-phone');
  await leaveOut(visitor);
  await giveNumber(visitor);
  await typeCode(visitor, await world.code(ben.mobile));
  await answerQuestions(visitor, answers);
  await see('ways-register-2-done-without');
  const carla = demoWalker('locked');
  await world.register(carla.login, carla);
  await startReset(visitor, carla.login);
  await world.ringing(carla.telephone);
  await see('ways-reset-1-call');
  await takeOtherWay(visitor, 'otp-sms');
  const code = await world.code(carla.mobile);
  await see('ways-reset-2-code');
  await typeCode(visitor, code);
  await see('ways-reset-3-choose-locked');
  await choose(visitor, 'reset');
  await see('ways-reset-4-questions');
  const anna = demoWalker('registered');
  await world.register(anna.login, anna);
  await signIn(visitor, anna);
  await confirmCall(visitor, world, anna.telephone);
  for (const _gate of [1, 2, 3]) await visitor.press('main [name="keep"]');
  await see('ways-register-3-done');
}

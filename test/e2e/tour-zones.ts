import { demoWalker } from './demo-walker.ts';
import type { Guide } from './guide.ts';
import { answerQuestions, giveNumber, leaveOut, signIn, typeCode } from './steps.ts';
import { answers, type PortalWorld } from './world.ts';

/** Another chain inside than outside. */
export const zonePolicies = [
  { name: 'inside', members: 'everyone', zone: 'intranet', chain: ['questions'] },
  { name: 'outside', members: 'everyone', zone: 'extranet', chain: ['otp-sms'] },
];

/** Somebody registers for both zones: once without what the other one adds, and once with it. */
export async function twoZones(guide: Guide<PortalWorld>): Promise<void> {
  const { see, visitor, world } = guide;
  const ben = demoWalker('not-registered');
  await signIn(visitor, ben);
  await giveNumber(visitor);
  await typeCode(visitor, await world.code(ben.mobile));
  await see('zones-register-1-added');
  await leaveOut(visitor);
  await see('zones-register-2-done-without');
  await signIn(visitor, ben);
  await typeCode(visitor, await world.code(ben.mobile));
  await visitor.press('main [name="keep"]');
  await answerQuestions(visitor, answers);
  await see('zones-register-3-done');
}

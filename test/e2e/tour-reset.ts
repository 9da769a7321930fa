import type { WriteResult } from '../../src/core/directory.ts';
import { demoPassword } from '../../src/directories/demo/people.ts';
import { demoWalker } from './demo-walker.ts';
import { eventually } from './eventually.ts';
import type { Guide } from './guide.ts';
import {
  answerQuestions,
  choose,
  confirmCall,
  passAllGates,
  startReset,
  typeCode,
  typePassword,
  type Walker,
  wrongCode,
} from './steps.ts';
import { ThinkingDirectory } from './thinking-directory.ts';
import { answers, type PortalWorld } from './world.ts';

const next = '[name="act"][value="next"]';
const again = '[name="act"][value="again"]';

/** Somebody locked out unlocks, with what can go wrong on the way. */
export async function reset(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const carla = demoWalker('locked');
  await visitor.goTo('/reset');
  await see('reset-1-start');
  await startReset(visitor, 'who, me?');
  await see('reset-1-start-problem');
  await world.register(carla.login, carla);
  await startReset(visitor, carla.login);
  await world.ringing(carla.telephone);
  await see('reset-2-call');
  await visitor.press(next);
  await see('reset-2-call-still-ringing');
  const call = await world.ringing(carla.telephone);
  await visitor.afterPhone(() => world.phones.hangUp(call.id));
  await see('reset-2-call-over');
  clock.pass(15);
  await visitor.press(again);
  await confirmCall(visitor, world, carla.telephone);
  await see('reset-3-code');
  await typeCode(visitor, wrongCode);
  await see('reset-3-code-wrong');
  await typeCode(visitor, await world.code(carla.mobile));
  await see('reset-4-questions');
  await answerQuestions(visitor, new Map());
  await see('reset-4-questions-wrong');
  await answerQuestions(visitor, answers);
  await see('reset-5-choose-locked');
  await choose(visitor, 'unlock');
  await see('reset-7-done-unlock');
}

/** A new password that is refused, that takes its time, and whose answer is lost. */
export async function changes(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const anna = demoWalker('registered');
  await world.register(anna.login, anna);
  await toChoice(guide, anna);
  await see('reset-5-choose');
  await choose(visitor, 'reset');
  await see('reset-6-password');
  await typePassword(visitor, 'anna');
  await see('reset-6-password-unmet');
  await typePassword(visitor, demoPassword);
  await see('reset-6-password-refused');
  await whileDirectoryThinks(guide, async () => {
    await visitor.goTo('/reset');
    await visitor.goTo('/reset/password');
    await see('reset-7-working');
  });
  await see('reset-7-done-reset');
  await toChoice(guide, anna);
  await see('reset-5-choose-again');
  loseAnswers(guide);
  await choose(visitor, 'unlock');
  clock.pass(31);
  await visitor.goTo('/reset/working');
  await see('reset-7-done-uncertain');
}

async function toChoice(guide: Guide<PortalWorld>, who: Walker): Promise<void> {
  const { language, visitor, world } = guide;
  if (language === 'en') return passAllGates(visitor, world, who);
  await startReset(visitor, who.login);
  await confirmCall(visitor, world, who.telephone);
  await typeCode(visitor, await world.code(who.mobile));
  await answerQuestions(visitor, answers);
}

/** The directory takes its time over a new password; meanwhile the person looks again. */
async function whileDirectoryThinks(guide: Guide<PortalWorld>, meanwhile: () => Promise<void>): Promise<void> {
  const { visitor, world } = guide;
  const thinking = new ThinkingDirectory(world.latchkey.directory);
  await visitor.type('password', 'Green-Harbour-43');
  await visitor.type('repeat', 'Green-Harbour-43');
  await visitor.page.locator('main .acts button').click({ noWaitAfter: true });
  await thinking.asked;
  await meanwhile();
  thinking.answer();
  await eventually('the end of the reset', async () => {
    await visitor.goTo('/reset/done');
    return visitor.path === '/reset/done' ? true : undefined;
  });
}

function loseAnswers({ world }: Guide<PortalWorld>): void {
  const away = () => Promise.reject(new Error('away'));
  const lost = async (): Promise<WriteResult> => ({ kind: 'unknown', detail: 'no answer' });
  Object.assign(world.latchkey.directory, { unlock: lost, observe: away });
}

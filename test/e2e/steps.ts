import type { Visitor } from './visitor.ts';
import { answers, type PortalWorld } from './world.ts';

/** What a person knows and holds. */
export interface Walker {
  readonly login: string;
  readonly password: string;
  readonly telephone: string;
  readonly mobile: string;
}

/** A code that is none of ours, but for one in a million. */
export const wrongCode = '000000';

/** The button that goes on, on pages whose only one it is. */
const next = 'main form button:not([name]):not([type="button"])';

export async function signIn(visitor: Visitor, walker: Pick<Walker, 'login' | 'password'>): Promise<void> {
  await visitor.goTo('/registration');
  await visitor.type('login', walker.login);
  await visitor.type('password', walker.password);
  await visitor.press(next);
}

export async function startReset(visitor: Visitor, login: string): Promise<void> {
  await visitor.goTo('/reset');
  await visitor.type('login', login);
  await visitor.press(next);
}

/** Types a number, or takes the one that stands there, and has it called or texted. */
export async function giveNumber(visitor: Visitor, number?: string): Promise<void> {
  if (number !== undefined) await visitor.type('number', number);
  await visitor.press('[name="act"][value="next"]');
}

/** Answers the call that rings and presses the hash key. */
export async function confirmCall(visitor: Visitor, world: PortalWorld, number: string): Promise<void> {
  const call = await world.ringing(number);
  await visitor.afterPhone(() => world.phones.confirm(call.id));
}

/** Types the code that was texted to the number. */
export async function typeCode(visitor: Visitor, code: string): Promise<void> {
  await visitor.type('code', code);
  await visitor.press('[name="act"][value="next"]');
}

/** Answers every question on the page. @param known by the question's text */
export async function answerQuestions(visitor: Visitor, known: ReadonlyMap<string, string> = answers): Promise<void> {
  for (const label of await visitor.page.locator('main label').all()) {
    const field = await label.getAttribute('for');
    await visitor.type(field ?? '', known.get(await label.innerText()) ?? 'something else');
  }
  await visitor.press(next);
}

/** Walks from the start of a reset through all three gates to the choice. */
export async function passAllGates(visitor: Visitor, world: PortalWorld, walker: Walker): Promise<void> {
  await startReset(visitor, walker.login);
  await confirmCall(visitor, world, walker.telephone);
  await typeCode(visitor, await world.code(walker.mobile));
  await answerQuestions(visitor);
}

export async function choose(visitor: Visitor, action: 'unlock' | 'reset'): Promise<void> {
  await visitor.page.locator(`[name="action"][value="${action}"]`).check();
  await visitor.press(next);
}

export async function typePassword(visitor: Visitor, password: string, repeat = password): Promise<void> {
  await visitor.type('password', password);
  await visitor.type('repeat', repeat);
  await visitor.press(next);
}

/** Takes another gate in the open one's place. */
export async function takeOtherWay(visitor: Visitor, gate: string): Promise<void> {
  await visitor.press(`main [name="another"][value="${gate}"]`);
}

export async function leaveOut(visitor: Visitor): Promise<void> {
  await visitor.press('main [name="leave-out"]');
}

export async function cancel(visitor: Visitor): Promise<void> {
  await visitor.press('[name="cancel"]');
}

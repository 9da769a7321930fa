import { demoWalker } from './demo-walker.ts';
import type { Guide } from './guide.ts';
import { confirmCall, signIn, startReset, type Walker } from './steps.ts';
import type { PortalWorld } from './world.ts';

/** What the portals show when a browser or a server does something wrong. */
export async function faults(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const { latchkey } = world;
  await visitor.goTo('/nowhere');
  await see('error-not-found');
  await visitor.goTo('/reset');
  await visitor.page.locator('main [name="_csrf"]').evaluate((field) => field.setAttribute('value', 'stale'));
  await visitor.press('main form button');
  await see('error-stale-form');
  await visitor.goTo('/reset');
  await visitor.page.locator('[name="login"]').evaluate((field) => field.setAttribute('name', 'somebody'));
  await visitor.press('main form button');
  await see('error-bad-request');
  await unopened(guide);
  Object.assign(latchkey.directory, { health: async () => ({ ok: false, servers: [] }) });
  clock.pass(10);
  await visitor.goTo('/reset');
  await see('error-unavailable');
}

/** A gate whose memory of the person is damaged fails when it opens, and again when asked again. */
async function unopened(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const anna = demoWalker('registered');
  const account = await world.register(anna.login, anna);
  const damaged = { accountId: account.id, gate: 'phone', data: {}, provedAt: clock.now() };
  await world.latchkey.stores.enrolments.keep(damaged);
  await visitor.goTo('/registration');
  await signIn(visitor, anna);
  await see('error-fault');
  const dai = demoWalker('must-change');
  await world.register(dai.login, dai);
  await startReset(visitor, dai.login);
  await withDamagedNextGate(guide, dai);
  await see('error-unopened');
}

async function withDamagedNextGate(guide: Guide<PortalWorld>, dai: Walker): Promise<void> {
  const { clock, visitor, world } = guide;
  const { directory, stores } = world.latchkey;
  const account = await directory.find({ kind: 'bare', name: dai.login });
  const damaged = { accountId: account?.id ?? '', gate: 'otp-sms', data: {}, provedAt: clock.now() };
  await stores.enrolments.keep(damaged);
  await confirmCall(visitor, world, dai.telephone);
  await visitor.goTo('/reset/otp-sms');
}

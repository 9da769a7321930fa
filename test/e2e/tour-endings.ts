import { randomBytes } from 'node:crypto';
import { demoWalker } from './demo-walker.ts';
import type { Guide } from './guide.ts';
import { cancel, confirmCall, signIn, startReset, typeCode, wrongCode } from './steps.ts';
import type { PortalWorld } from './world.ts';

/** What lies behind the link in the mail about the unlock, and behind that of a change that is held. */
export async function notices(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const { stores, directory, outbox, mailbox } = world.latchkey;
  await outbox.idle();
  const mail = mailbox?.mails(`${demoWalker('locked').login}@contoso.example`).at(-1)?.text ?? '';
  await visitor.goTo(/^http\S+$/m.exec(mail)?.[0] ?? '');
  await see('not-me-1');
  await visitor.press('[name="act"][value="bar"]');
  await see('not-me-2-closed');
  await visitor.goTo('/not-me/used');
  await see('not-me-3-over');
  const carla = await directory.find({ kind: 'bare', name: demoWalker('locked').login });
  if (carla === undefined) throw new Error('the demo lost somebody');
  await stores.failures.unbar(carla.id);
  const token = randomBytes(32).toString('base64url');
  const now = clock.now();
  const hold = { id: 'held', countsFrom: new Date(now.getTime() + 60_000) };
  await stores.enrolments.keep({ accountId: carla.id, gate: 'phone', data: {}, provedAt: now }, { hold });
  await stores.links.create(token, {
    notice: 'notice',
    person: carla,
    reference: 'flow',
    of: 'enrolment-held',
    held: { gate: 'phone', id: 'held' },
    expiresAt: hold.countsFrom,
  });
  await visitor.goTo(`/not-me/${token}`);
  await see('not-me-1-held');
  await visitor.press('[name="act"][value="take-back"]');
  await see('not-me-2-taken-back');
}

/** Every way in which a flow ends without success. */
export async function endings(guide: Guide<PortalWorld>): Promise<void> {
  const { clock, see, visitor, world } = guide;
  const anna = demoWalker('registered');
  await startReset(visitor, anna.login);
  await cancel(visitor);
  await see('end-cancelled');
  // The call of the flow that was cancelled rings out.
  clock.pass(31);
  await startReset(visitor, anna.login);
  const call = await world.ringing(anna.telephone);
  await visitor.afterPhone(() => world.phones.refuse(call.id));
  await see('end-not-you');
  await bar(guide, anna.login);
  await signIn(visitor, anna);
  await see('end-not-eligible');
  clock.pass(61);
  const carla = demoWalker('locked');
  await startReset(visitor, carla.login);
  await confirmCall(visitor, world, carla.telephone);
  for (const _try of [1, 2, 3]) await typeCode(visitor, wrongCode);
  await see('end-barred');
  await startReset(visitor, 'nobody');
  clock.pass(21 * 60);
  await visitor.goTo('/reset/phone');
  await see('end-expired');
}

/** As the helpdesk or too many wrong answers would. */
async function bar({ clock, world }: Guide<PortalWorld>, login: string): Promise<void> {
  const { directory, stores } = world.latchkey;
  const account = await directory.find({ kind: 'bare', name: login });
  const rules = { threshold: 1, minutes: 1, barsUntilPermanent: 100 };
  await stores.failures.bar(account?.id ?? '', rules, clock.now());
}

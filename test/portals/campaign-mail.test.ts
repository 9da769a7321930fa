import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CampaignRules } from '../../src/core/campaigns/campaign-store.ts';
import { type Person, PortalWorld } from './world.ts';

/** An organisation whose name would like to be a page of its own. */
const organisation = { name: '<a href="https://evil.example">Contoso</a> evil.example', 'time-zone': 'UTC' };
const usual: CampaignRules = {
  kind: 'invite',
  size: 100,
  fromHour: 0,
  toHour: 24,
  remindDays: 1,
  reminders: 3,
  groups: [],
  units: [],
};

let world: PortalWorld;
let asked: Person;
let registered: Person;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['questions'], settings: { organisation } });
  asked = world.person({ displayName: 'Robin https://evil.example/ <b>Example</b>' });
  registered = await world.registered();
});
afterAll(() => world.close());

async function wave(rules: Partial<CampaignRules> = {}, days = 0): Promise<void> {
  const { stores, background, outbox } = world.latchkey;
  world.clock.pass(days * 24 * 60 * 60);
  await stores.campaigns.create({
    id: `campaign-${rules.kind ?? 'invite'}`,
    rules: { ...usual, ...rules },
    by: 'eve',
    byName: 'Eve',
    startedAt: world.clock.now(),
  });
  background.campaigns.wake();
  await background.campaigns.idle();
  await outbox.idle();
}

const mails = ({ mail }: Person): readonly string[] =>
  (world.latchkey.mailbox?.mails(mail) ?? []).map(({ text }) => text);

test('who has not registered gets a mail whose only address is the portal, whatever the names hold', async () => {
  await wave();
  expect(mails(asked)).toHaveLength(1);
  const [text = ''] = mails(asked);
  expect(text.match(/https?:\/\/[^\s]+/g)).toEqual([`${world.origin}/registration`]);
  expect(text).not.toMatch(/\S\.example|<b>/);
  expect(text).toContain(asked.samName);
  expect(mails(registered)).toEqual([]);
  expect(await world.audited(asked)).toEqual(['notice.sent']);
  const links = await world.latchkey.stores.outbox.standing();
  expect(links).toMatchObject({ waiting: 0, setAside: 0 });
});

test('that address leads to the sign-in of the registration portal', async () => {
  const visitor = await world.visitor().open('/registration');
  expect(visitor.status).toBe(200);
  expect(visitor.page('input[name="password"]')).toHaveLength(1);
});

test('a letter that waits is dropped without a word once the person has registered', async () => {
  const late = world.person();
  const { stores, background, outbox } = world.latchkey;
  const claim = stores.outbox.claim.bind(stores.outbox);
  // The mail server does not take anything for now.
  stores.outbox.claim = async () => undefined;
  await wave({}, 1);
  expect(await stores.outbox.standing()).toMatchObject({ waiting: expect.any(Number) });
  const before = (await stores.outbox.standing()).waiting;
  await world.register(late);
  stores.outbox.claim = claim;
  outbox.wake();
  await outbox.idle();
  expect(before).toBeGreaterThan(0);
  expect((await stores.outbox.standing()).waiting).toBe(0);
  expect(mails(late)).toEqual([]);
  expect(await world.audited(late)).toEqual([]);
  await background.campaigns.idle();
});

test('a confirmation asks who registered long ago, in their own words and with the same address', async () => {
  await wave({ kind: 'confirm', confirmDays: 30 }, 31);
  const [text = ''] = mails(registered);
  expect(text).toContain('Is it still right');
  expect(text.match(/https?:\/\/[^\s]+/g)).toEqual([`${world.origin}/registration`]);
});

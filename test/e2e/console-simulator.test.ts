import { expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { sharedSamba } from '../services/shared-samba.ts';
import { consoleJourneys } from './console-journeys.ts';
import type { Visitor } from './visitor.ts';

const samba = await sharedSamba();
const addressOf = (samName: string): string => `${samName}@example.test`;

consoleJourneys(
  'the simulator and campaigns',
  samba,
  (stage) => {
    const chain = ['phone', 'otp-sms', 'questions'];
    const latchkey = () => stage.world.portals.latchkey;

    /** Signs an administrator in who has written this list and not saved it. */
    async function withDraft(visitor: Visitor, list: Json): Promise<void> {
      const administrator = await stage.addRegistered({ groups: ['administrators'] });
      const { policies } = latchkey().stores;
      const draft = { revision: 0, basedOn: await policies.newest(), policies: list };
      await policies.keepDraft(administrator.id, draft, new Date());
      await stage.world.signIn(visitor, administrator);
    }

    test('a draft that leaves a unit out strands who is below it, but not who is in a nested group of another policy', async () => {
      const { visitor, places } = stage;
      const stranded = await stage.addRegistered({ unit: 'harbour' });
      const kept = await stage.addRegistered({ unit: 'harbour', groups: ['nested'] });
      const unregistered = await stage.addPerson({ unit: 'harbour' });
      await withDraft(visitor, [
        { name: 'Administrators', members: { groups: [places.groups.administrators.name] }, chain },
        { name: 'The rest', members: { everyone: true, except: { units: [places.units.north.path] } }, chain },
      ]);
      await visitor.goTo('/simulator');
      await visitor.page.check('input[value="draft"]');
      await visitor.press('main .acts button');
      await latchkey().background.jobs.idle();
      await visitor.goTo(visitor.path.replace('/jobs/', '/simulator/'));
      expect(await visitor.heading()).toBe('What the draft would do');
      const named = (await visitor.page.locator('#people ~ table').textContent()) ?? '';
      expect(named).toContain(stranded.samName);
      expect(named).toContain('No policy matches');
      expect(named).not.toContain(kept.samName);
      expect(named).not.toContain(unregistered.samName);
      const units = visitor.page
        .locator('#units ~ table')
        .first()
        .locator('tr', { hasText: places.units.harbour.path });
      expect(await units.locator('td').allTextContents()).toEqual(['3', '1', '1', '1']);
    });

    test('a helpdesk looks at one login of its unit, and at nobody of another', async () => {
      const { visitor, world } = stage;
      const [mine, theirs] = [await stage.addPerson({ unit: 'harbour' }), await stage.addPerson({ unit: 'south' })];
      await world.signIn(visitor, await stage.addRegistered({ groups: ['north'] }));
      await visitor.goTo('/one-login');
      await visitor.type('login', mine.samName);
      await visitor.press('main .acts button');
      expect(await visitor.text()).toContain('matches: it is for everybody');
      await visitor.type('login', theirs.samName);
      await visitor.press('main .acts button');
      expect(await visitor.problems()).toContain('There is nobody of that name');
    });

    test('a campaign for a unit writes to who is below it and has not registered, once, and is stopped', async () => {
      const { visitor, places, world } = stage;
      const asked = await stage.addPerson({ unit: 'harbour' });
      const registered = await stage.addRegistered({ unit: 'harbour' });
      const elsewhere = await stage.addPerson({ unit: 'south' });
      for (const { id, samName } of [asked, registered, elsewhere]) {
        await stage.administrator.set(id, { mail: addressOf(samName) });
      }
      await world.signIn(visitor, await stage.addRegistered({ groups: ['administrators'] }));
      await visitor.goTo('/campaigns/new');
      const fields = {
        'from-hour': '0',
        'to-hour': '24',
        units: places.units.north.path.toLowerCase(),
        reason: 'Spring',
      };
      for (const [name, text] of Object.entries(fields)) await visitor.type(name, text);
      await visitor.press('main .acts button');
      expect(visitor.path).toMatch(/^\/campaigns\/[\w-]{12}$/);
      const { background, outbox, mailbox } = latchkey();
      for (let times = 0; times < 2; times += 1) {
        background.campaigns.wake();
        await background.campaigns.idle();
      }
      await outbox.idle();
      const mails = ({ samName }: { readonly samName: string }) => mailbox?.mails(addressOf(samName)) ?? [];
      expect(mails(asked)).toHaveLength(1);
      expect(mails(asked)[0]?.text).toContain(`${world.portals.url}/registration`);
      expect([...mails(registered), ...mails(elsewhere)]).toEqual([]);
      await visitor.goTo(visitor.path);
      await visitor.press('form[action$="/stop"] button');
      expect(await visitor.text()).toContain('Stopped');
    });
  },
  { settings: { 'policies-in': 'store' } },
);

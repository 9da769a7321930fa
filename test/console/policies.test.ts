import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { plain } from '../portals/visitor.ts';
import { everyone, namesOn, notice, policyPages, timeout } from './policy-pages.ts';

const pages = policyPages();

describe('the policies, as an administrator changes them', () => {
  test('a policy is added, moved, looked at and saved, and then holds', { timeout }, async () => {
    const { admin, person, world } = pages;
    await pages.begin();
    expect(admin.path).toBe('/policies/draft');
    await pages.add(admin, {
      name: 'Guests',
      'place-otp-sms': '',
      'place-questions': '1',
      groups: 'Helpdesk North',
      knowledge: 'yes',
    });
    expect([admin.path, ...namesOn(admin)]).toEqual(['/policies/draft', 'everyone', 'Guests']);
    expect((await pages.arrange(admin, 'Guests', 'up')).status).toBe(303);
    await admin.open('/policies/draft');
    expect(namesOn(admin)).toEqual(['Guests', 'everyone']);
    expect(await pages.inForce()).toMatchObject([{ name: 'everyone' }]);
    await admin.open('/policies/draft/review');
    for (const said of [
      '“Guests” is new, in place 1.',
      '“Guests” is for the group Helpdesk North.',
      'The gates of “Guests” are, in this order: Questions and answers.',
      '“Guests” takes answers to questions alone for enough.',
    ]) {
      expect(admin.text).toContain(said);
    }
    await admin.submit({ note: 'guests have no telephone' });
    expect([admin.path, notice(admin)]).toEqual(['/policies', 'Version 2 is in force.']);
    expect(await pages.inForce()).toMatchObject([
      { name: 'Guests', 'knowledge-alone': 'accept' },
      { name: 'everyone' },
    ]);
    expect(await pages.policies().latest()).toMatchObject({ by: person.id, note: 'guests have no telephone' });
    expect(await pages.policies().draft(person.id)).toBeUndefined();
    const audited = world.audited('policies.').slice(-2);
    expect(audited.map(({ event }) => event)).toEqual(['policies.saving', 'policies.saved']);
    expect(audited[1]?.detail).toMatchObject({
      by: person.id,
      version: 2,
      hash: (await pages.policies().latest())?.hash,
    });
    const acts = world.audited('console.act');
    expect(acts.at(-1)?.detail).toMatchObject({ by: person.id, reason: 'guests have no telephone' });
    const [line] = world.portals.log.filter((one) => one.includes('the policies were changed'));
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 40, alarm: true, by: person.id, version: 2 });
  });

  test('in force that name a group which is gone are shown with what is amiss, and pages say whom to ask', {
    timeout,
  }, async () => {
    const { admin, world } = pages;
    expect((await admin.open('/policies')).page('.problem')).toHaveLength(0);
    const person = world.personIn('north');
    await pages.saveElsewhere(1, [{ name: 'Guests', members: { groups: ['Gone'] }, chain: ['otp-sms'] }, everyone]);
    await admin.open('/policies');
    expect(admin.status).toBe(200);
    expect(admin.page('.problem').text()).toContain('Nobody can be served by these policies now');
    expect(admin.text).toContain('“Guests” names the group Gone, which the directory does not have.');
    await admin.open(`/people/${person.id}`);
    expect([admin.status, admin.heading]).toEqual([500, 'Something is not set up as it must be']);
    expect(admin.text).not.toContain('Ask the helpdesk');
  });

  test('the form shows a policy as it is, and an edit changes only what was touched', { timeout }, async () => {
    const { admin, person } = pages;
    const full = {
      name: 'full',
      members: {
        groups: ['Domain Users', 'CONTOSO\\Helpdesk South'],
        units: [],
        except: { groups: ['Domain Admins'], units: ['People'] },
      },
      zone: 'extranet',
      chain: ['questions', 'otp-sms'],
      needed: 1,
      'unlock-after': 1,
      channels: { sms: ['texts'] },
      actions: ['unlock'],
      lockout: { threshold: 4, minutes: 16, 'bars-until-permanent': 5 },
      'flow-minutes': 33,
      'unknown-logins': 'say-so',
      share: 77,
      'knowledge-alone': 'accept',
    };
    await pages.saveElsewhere(1, [full, everyone]);
    await pages.begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ minutes: '17' });
    expect(admin.path).toBe('/policies/draft');
    const draft = await pages.policies().draft(person.id);
    const [changed] = (draft?.policies ?? []) as readonly Json[];
    expect(changed).toEqual({
      ...full,
      members: { everyone: false, ...full.members },
      lockout: { ...full.lockout, minutes: 17 },
      'include-privileged': false,
    });
    expect(admin.text).toContain('Minutes that a bar lasts in “full”: 17, and 16 before.');
  });

  test('providers are chosen in the form, and one that cannot be is said at its field', { timeout }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    const voice = 'calls\ntexts\nnobody';
    await pages.add(admin, { name: 'own', who: 'everyone', 'place-phone': '2', sms: 'calls', voice });
    expect(admin.status).toBe(422);
    const fields = admin.page('.problem a').toArray();
    expect(fields.map((one) => admin.page(one).attr('href'))).toEqual(expect.arrayContaining(['#sms', '#voice']));
    expect(fields).toHaveLength(2);
    expect(admin.page('#voice').val()).toBe(voice);
    await admin.submit({ sms: '', voice: 'calls' });
    expect(admin.path).toBe('/policies/draft');
    expect(admin.text).toContain('Calls of “own” go by calls, in this order, and by no other.');
    expect(admin.text).toContain('Calls go by: calls');
    const draft = (await pages.policies().draft(person.id))?.policies as readonly Json[];
    expect(draft.at(-1)).toMatchObject({ name: 'own', channels: { voice: ['calls'] } });
  });

  test('everything that is wrong with a form is said at its fields at once, and nothing typed is lost', {
    timeout,
  }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    const typed = {
      name: 'everyone',
      groups: 'One\nTwo',
      units: '/no/path',
      needed: '9',
      'unlock-after': 'x',
      unlock: '',
      reset: '',
      threshold: '0',
      minutes: '99999',
      bars: '',
      'flow-minutes': '4',
      share: '-1',
    };
    await pages.add(admin, { ...typed, 'place-phone': '1' });
    expect(admin.status).toBe(422);
    const fields = admin
      .page('.problem a')
      .toArray()
      .map((one) => admin.page(one).attr('href')?.slice(1));
    expect(fields.toSorted()).toEqual(
      [
        'actions',
        'bars',
        'chain',
        'flow-minutes',
        'minutes',
        'needed',
        'name',
        'share',
        'threshold',
        'units',
        'unlock-after',
      ].toSorted(),
    );
    for (const id of fields) expect(admin.page(`#${id}`).length, id).toBe(1);
    for (const [name, value] of Object.entries(typed)) {
      if (value === '' || name === 'groups') continue;
      expect(admin.page(`[name="${name}"]`).val() ?? '', name).toBe(value);
    }
    expect(admin.page('textarea[name="groups"]').text().trim()).toBe('One\nTwo');
    expect(await pages.policies().draft(person.id)).toMatchObject({ revision: 1 });
  });

  test('lists of names are taken as long as a policy may have them, in every script', { timeout }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    const names = Array.from({ length: 200 }, (_, at) => `المجموعة رقم ${at} من الموظفين المؤقتين`);
    await pages.add(admin, { name: 'long', groups: names.join('\n'), 'except-groups': names.join('\n') });
    expect([admin.path, admin.problems]).toEqual(['/policies/draft', '']);
    const draft = (await pages.policies().draft(person.id))?.policies as readonly Json[];
    expect(draft.at(-1)).toMatchObject({ members: { groups: names, except: { groups: names } } });
    // Nor does a browser cut off what is pasted there.
    await admin.open('/policies/draft/policy/1');
    expect(admin.page('textarea[maxlength]')).toHaveLength(0);
  });

  test('a list that something speaks against is refused with all of it, and the old one stays in force', {
    timeout,
  }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    await pages.add(admin, { name: 'A', groups: 'No Such Group', units: 'No/Such' });
    await pages.save(admin);
    expect(admin.status).toBe(422);
    expect(admin.text).toContain('the group No Such Group, which the directory does not have');
    expect(admin.text).toContain('the unit No/Such, which the directory does not have');
    expect(admin.page('#note').attr('value')).toBe('because');
    expect(await pages.policies().newest()).toBe(1);
    expect(await pages.policies().draft(person.id)).toBeDefined();
  });

  test('a list under which no administrator could pass any more is refused', { timeout }, async () => {
    const { admin } = pages;
    await pages.begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ 'place-otp-sms': '2', 'place-questions': '1' });
    await pages.save(admin);
    expect(admin.text).toContain('Under this list no administrator could pass any more');
    expect(await pages.policies().newest()).toBe(1);
  });

  test('a note is asked for, and a draft that changes nothing is not saved', { timeout }, async () => {
    const { admin } = pages;
    await pages.begin();
    await admin.open('/policies/draft/review');
    expect(admin.page('form[action="/policies/draft/save"]').length).toBe(0);
    await pages.add(admin, { name: 'B', groups: 'Helpdesk North' });
    await pages.save(admin, '  ');
    expect([admin.status, admin.problems]).toEqual([422, 'Say in a few words why you change it']);
    expect(await pages.policies().newest()).toBe(1);
  });

  test('the last policy can be taken out of a draft and the draft thrown away; nothing comes of it', {
    timeout,
  }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    await pages.arrange(admin, 'everyone', 'remove');
    await admin.open('/policies/draft/review');
    expect(admin.page('form[action="/policies/draft/save"]').length).toBe(0);
    await admin.open('/policies/draft');
    expect(admin.text).toContain('The draft has no policy');
    await admin.submit({}, 'discard=yes');
    expect(notice(admin)).toContain('Your draft is gone');
    expect(await pages.policies().draft(person.id)).toBeUndefined();
    expect(await pages.inForce()).toMatchObject([{ name: 'everyone' }]);
  });

  test('an earlier version comes back with one press, as a new one, after the same checks', { timeout }, async () => {
    const { admin } = pages;
    await pages.saveElsewhere(1, [{ ...everyone, share: 7 }]);
    await admin.open('/policies/versions/1');
    expect(admin.text).toContain('Share of unknown names that are shown “everyone”: 1, and 7 before.');
    await admin.submit();
    expect([admin.path, notice(admin)]).toEqual(['/policies', 'Version 3 is in force.']);
    expect(await pages.policies().latest()).toMatchObject({ version: 3, note: 'Back to version 1' });
    expect(await pages.inForce()).toEqual((await pages.policies().read(1))?.policies);
    await admin.open('/policies/versions/3');
    expect(admin.page('form[action$="/restore"]').length).toBe(0);
    await pages.saveElsewhere(3, [{ ...everyone, members: { groups: ['No Such Group'] } }]);
    await pages.saveElsewhere(4, [everyone]);
    await admin.open('/policies/versions/4');
    await admin.submit({ note: 'as it was on Monday' });
    expect([admin.status, await pages.policies().newest()]).toEqual([422, 5]);
    expect(admin.text).toContain('No Such Group, which the directory does not have');
    expect(admin.page('#note').val()).toBe('as it was on Monday');
  });

  test('what a list is worth is said of the shorter way to an unlock as well', { timeout }, async () => {
    const { admin } = pages;
    const worth = () => plain(admin.page('tbody td').last().text());
    await pages.saveElsewhere(1, [{ ...everyone, chain: ['questions', 'otp-sms'], 'unlock-after': 1 }]);
    await admin.open('/policies');
    expect(worth()).toContain('1 method an unlock: 0 methods');
    await pages.saveElsewhere(2, [everyone]);
    await admin.open('/policies');
    expect(worth()).not.toContain('unlock:');
  });

  test('versions say who saved what when and why, page by page', { timeout }, async () => {
    const { admin } = pages;
    for (let at = 1; at <= 30; at += 1) await pages.saveElsewhere(at, [{ ...everyone, share: at + 1 }], `Nr ${at}`);
    await admin.open('/policies/versions');
    expect(namesOn(admin)).toEqual(Array.from({ length: 25 }, (_, at) => String(31 - at)));
    await admin.open(admin.page('a[rel="next"]').attr('href') ?? '');
    expect(namesOn(admin)).toEqual(['6', '5', '4', '3', '2', '1']);
    await admin.open('/policies/versions/20');
    expect(pages.world.audited('console.viewed').at(-1)?.detail).toMatchObject({ version: 20 });
    expect(admin.text).toContain('Nr 19');
    expect(admin.text).toContain('Share of unknown names that are shown “everyone”: 20, and 19 before.');
  });
});

test('a draft is tried on everybody before it is saved, and waits', { timeout }, async () => {
  const { admin, person, world } = pages;
  await pages.begin();
  await pages.add(admin, { name: 'Tried', groups: 'Helpdesk North' });
  await admin.open('/policies/draft/review');
  await admin.submit({}, 'list=draft');
  expect(admin.path).toMatch(/^\/(jobs|simulator)\//);
  const job = admin.path.split('/').at(-1) ?? '';
  await expect.poll(async () => (await world.latchkey.stores.jobs.read(job))?.state, { timeout: 20_000 }).toBe('done');
  await admin.open(`/simulator/${job}`);
  expect(admin.text).toContain('Tried');
  expect(await pages.policies().draft(person.id)).toBeDefined();
  expect(await pages.policies().newest()).toBe(1);
});

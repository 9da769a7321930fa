import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld } from './world.ts';

const timeout = 60_000;
const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms'] };

let world: ConsoleWorld;
let person: Person;
let admin: Visitor;

beforeEach(async () => {
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  ({ person, visitor: admin } = await world.signedIn('administrator'));
});
afterEach(() => world.close());

const policies = () => world.latchkey.stores.policies;

/** Past the console, as another administrator on another node. */
function saveElsewhere(basedOn: number, list: Json, byName = 'Ben') {
  return policies().save({
    basedOn,
    by: 'account-2',
    byName,
    note: 'elsewhere',
    policies: list,
    at: world.clock.now(),
  });
}

const inForce = async () => (await policies().latest())?.policies as readonly { readonly name: string }[];
const notice = (visitor: Visitor): string => plain(visitor.page('.notice[role="status"]').text());
const namesOn = (visitor: Visitor): readonly string[] =>
  visitor
    .page('tbody th')
    .toArray()
    .map((one) => plain(visitor.page(one).text()));

/** Presses a button of the row of one policy. */
async function arrange(visitor: Visitor, name: string, way: 'up' | 'down' | 'remove') {
  const revision = visitor.page('input[name="revision"]').attr('value') ?? '';
  return visitor.post('/policies/draft/arrange', { revision, name, way });
}

async function begin(visitor: Visitor = admin): Promise<Visitor> {
  await visitor.open('/policies');
  return visitor.submit();
}

async function add(visitor: Visitor, fields: Readonly<Record<string, string>>): Promise<Visitor> {
  await visitor.open('/policies/draft/policy/new');
  return visitor.submit({ 'place-otp-sms': '1', ...fields });
}

const save = async (visitor: Visitor, note = 'because') => {
  await visitor.open('/policies/draft/review');
  return visitor.submit({ note });
};

describe('the policies, as an administrator changes them', () => {
  test('a policy is added, moved, looked at and saved, and then holds', { timeout }, async () => {
    await begin();
    expect(admin.path).toBe('/policies/draft');
    await add(admin, {
      name: 'Guests',
      'place-otp-sms': '',
      'place-questions': '1',
      groups: 'Helpdesk North',
      knowledge: 'yes',
    });
    expect([admin.path, ...namesOn(admin)]).toEqual(['/policies/draft', 'everyone', 'Guests']);
    expect((await arrange(admin, 'Guests', 'up')).status).toBe(303);
    await admin.open('/policies/draft');
    expect(namesOn(admin)).toEqual(['Guests', 'everyone']);
    expect(await inForce()).toMatchObject([{ name: 'everyone' }]);
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
    expect(await inForce()).toMatchObject([{ name: 'Guests', 'knowledge-alone': 'accept' }, { name: 'everyone' }]);
    expect(await policies().latest()).toMatchObject({ by: person.id, note: 'guests have no telephone' });
    expect(await policies().draft(person.id)).toBeUndefined();
    const audited = world.audited('policies.').slice(-2);
    expect(audited.map(({ event }) => event)).toEqual(['policies.saving', 'policies.saved']);
    expect(audited[1]?.detail).toMatchObject({ by: person.id, version: 2, hash: (await policies().latest())?.hash });
    const acts = world.audited('console.act');
    expect(acts.at(-1)?.detail).toMatchObject({ by: person.id, reason: 'guests have no telephone' });
    const [line] = world.portals.log.filter((one) => one.includes('the policies were changed'));
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 40, alarm: true, by: person.id, version: 2 });
  });

  test('the form shows a policy as it is, and an edit changes only what was touched', { timeout }, async () => {
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
    await saveElsewhere(1, [full, everyone]);
    await begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ minutes: '17' });
    expect(admin.path).toBe('/policies/draft');
    const draft = await policies().draft(person.id);
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
    await begin();
    const voice = 'calls\ntexts\nnobody';
    await add(admin, { name: 'own', who: 'everyone', 'place-phone': '2', sms: 'calls', voice });
    expect(admin.status).toBe(422);
    const fields = admin.page('.problem a').toArray();
    expect(fields.map((one) => admin.page(one).attr('href'))).toEqual(expect.arrayContaining(['#sms', '#voice']));
    expect(fields).toHaveLength(2);
    expect(admin.page('#voice').val()).toBe(voice);
    await admin.submit({ sms: '', voice: 'calls' });
    expect(admin.path).toBe('/policies/draft');
    expect(admin.text).toContain('Calls of “own” go by calls, in this order, and by no other.');
    expect(admin.text).toContain('Calls go by: calls');
    const draft = (await policies().draft(person.id))?.policies as readonly Json[];
    expect(draft.at(-1)).toMatchObject({ name: 'own', channels: { voice: ['calls'] } });
  });

  test('everything that is wrong with a form is said at its fields at once, and nothing typed is lost', {
    timeout,
  }, async () => {
    await begin();
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
    await add(admin, { ...typed, 'place-phone': '1' });
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
    expect(await policies().draft(person.id)).toMatchObject({ revision: 1 });
  });

  test('a list that something speaks against is refused with all of it, and the old one stays in force', {
    timeout,
  }, async () => {
    await begin();
    await add(admin, { name: 'A', groups: 'No Such Group', units: 'No/Such' });
    await save(admin);
    expect(admin.status).toBe(422);
    expect(admin.text).toContain('the group No Such Group, which the directory does not have');
    expect(admin.text).toContain('the unit No/Such, which the directory does not have');
    expect(admin.page('#note').attr('value')).toBe('because');
    expect(await policies().newest()).toBe(1);
    expect(await policies().draft(person.id)).toBeDefined();
  });

  test('a list under which no administrator could pass any more is refused', { timeout }, async () => {
    await begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ 'place-otp-sms': '2', 'place-questions': '1' });
    await save(admin);
    expect(admin.text).toContain('Under this list no administrator could pass any more');
    expect(await policies().newest()).toBe(1);
  });

  test('a note is asked for, and a draft that changes nothing is not saved', { timeout }, async () => {
    await begin();
    await admin.open('/policies/draft/review');
    expect(admin.page('form[action="/policies/draft/save"]').length).toBe(0);
    await add(admin, { name: 'B', groups: 'Helpdesk North' });
    await save(admin, '  ');
    expect([admin.status, admin.problems]).toEqual([422, 'Say in a few words why you change it']);
    expect(await policies().newest()).toBe(1);
  });

  test('the last policy can be taken out of a draft and the draft thrown away; nothing comes of it', {
    timeout,
  }, async () => {
    await begin();
    await arrange(admin, 'everyone', 'remove');
    await admin.open('/policies/draft/review');
    expect(admin.page('form[action="/policies/draft/save"]').length).toBe(0);
    await admin.open('/policies/draft');
    expect(admin.text).toContain('The draft has no policy');
    await admin.submit({}, 'discard=yes');
    expect(notice(admin)).toContain('Your draft is gone');
    expect(await policies().draft(person.id)).toBeUndefined();
    expect(await inForce()).toMatchObject([{ name: 'everyone' }]);
  });

  test('an earlier version comes back with one press, as a new one, after the same checks', { timeout }, async () => {
    await saveElsewhere(1, [{ ...everyone, share: 7 }]);
    await admin.open('/policies/versions/1');
    expect(admin.text).toContain('Share of unknown names that are shown “everyone”: 1, and 7 before.');
    await admin.submit();
    expect([admin.path, notice(admin)]).toEqual(['/policies', 'Version 3 is in force.']);
    expect(await policies().latest()).toMatchObject({ version: 3, note: 'Back to version 1' });
    expect(await inForce()).toEqual((await policies().read(1))?.policies);
    await admin.open('/policies/versions/3');
    expect(admin.page('form[action$="/restore"]').length).toBe(0);
    await saveElsewhere(3, [{ ...everyone, members: { groups: ['No Such Group'] } }]);
    await saveElsewhere(4, [everyone]);
    await admin.open('/policies/versions/4');
    await admin.submit();
    expect([admin.status, await policies().newest()]).toEqual([422, 5]);
    expect(admin.text).toContain('No Such Group, which the directory does not have');
  });

  test('versions say who saved what when and why, page by page', { timeout }, async () => {
    for (let at = 1; at <= 30; at += 1) await saveElsewhere(at, [{ ...everyone, share: at + 1 }], `Nr ${at}`);
    await admin.open('/policies/versions');
    expect(namesOn(admin)).toEqual(Array.from({ length: 25 }, (_, at) => String(31 - at)));
    await admin.open(admin.page('a[rel="next"]').attr('href') ?? '');
    expect(namesOn(admin)).toEqual(['6', '5', '4', '3', '2', '1']);
    await admin.open('/policies/versions/20');
    expect(admin.text).toContain('Nr 19');
    expect(admin.text).toContain('Share of unknown names that are shown “everyone”: 20, and 19 before.');
  });
});

describe('two administrators at once', () => {
  test('the second sees what the first changed, loses nothing, and puts theirs on top', { timeout }, async () => {
    const { visitor: second, person: other } = await world.signedIn('administrator');
    for (const [visitor, name] of [
      [admin, 'Mine'],
      [second, 'Theirs'],
    ] as const) {
      await begin(visitor);
      await add(visitor, { name, groups: 'Helpdesk North' });
      await visitor.open('/policies/draft/review');
    }
    await second.submit({ note: 'theirs' });
    expect(second.path).toBe('/policies');
    await admin.submit({ note: 'mine, typed with care' });
    expect(admin.status).toBe(422);
    expect(admin.text).toContain('“Theirs” is new, in place 2.');
    expect(admin.text).toContain('theirs');
    expect(admin.page('#note').attr('value')).toBe('mine, typed with care');
    expect(await policies().newest()).toBe(2);
    await admin.submit();
    expect(admin.text).toContain('“Mine” is new, in place 2.');
    expect(admin.text).not.toContain('“Theirs” is new');
    expect(admin.page('#note').attr('value')).toBe('mine, typed with care');
    await admin.submit();
    expect(notice(admin)).toBe('Version 3 is in force.');
    expect((await inForce()).map(({ name }) => name)).toEqual(['everyone', 'Mine', 'Theirs']);
    expect((await policies().list(2)).map(({ by }) => by)).toEqual([person.id, other.id]);
  });

  test('a policy that both have changed is as the second has it, and is named before it is saved', {
    timeout,
  }, async () => {
    await begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ share: '5' });
    await saveElsewhere(1, [{ ...everyone, zone: 'extranet' }]);
    await save(admin);
    expect(admin.path).toBe('/policies/draft/catch-up');
    expect(admin.text).toContain('You have both changed these');
    expect(admin.text).toContain('“everyone” counts from anywhere.');
    await admin.submit();
    expect(await inForce()).toMatchObject([{ share: 5, zone: 'any' }]);
  });

  test('of one in two windows the older window is told, keeps what was typed, and overwrites nothing', {
    timeout,
  }, async () => {
    await begin();
    await admin.open('/policies/draft/policy/0');
    const window = admin.tab();
    await add(admin, { name: 'New', groups: 'Helpdesk North' });
    await window.submit({ share: '9' });
    expect([window.status, window.problems]).toEqual([422, expect.stringContaining('changed in another window')]);
    expect(window.page('#share').val()).toBe('9');
    await window.submit();
    expect(window.path).toBe('/policies/draft');
    expect((await policies().draft(person.id))?.policies).toMatchObject([{ share: 9 }, { name: 'New' }]);
    const review = admin.tab();
    await review.open('/policies/draft/review');
    await arrange(await window.open('/policies/draft'), 'New', 'remove');
    await review.submit({ note: 'as I saw it' });
    expect([review.status, review.problems]).toEqual([422, expect.stringContaining('changed in another window')]);
    expect(await policies().newest()).toBe(1);
  });
});

test('a draft is tried on everybody before it is saved, and waits', { timeout }, async () => {
  await begin();
  await add(admin, { name: 'Tried', groups: 'Helpdesk North' });
  await admin.open('/policies/draft/review');
  await admin.submit({}, 'list=draft');
  expect(admin.path).toMatch(/^\/(jobs|simulator)\//);
  const job = admin.path.split('/').at(-1) ?? '';
  await expect.poll(async () => (await world.latchkey.stores.jobs.read(job))?.state, { timeout: 20_000 }).toBe('done');
  await admin.open(`/simulator/${job}`);
  expect(admin.text).toContain('Tried');
  expect(await policies().draft(person.id)).toBeDefined();
  expect(await policies().newest()).toBe(1);
});

describe('whoever is no administrator', () => {
  test.each(['helpdesk', 'auditor'] as const)(
    '%s sees the policies and their versions, and no way to change them',
    { timeout },
    async (role) => {
      await saveElsewhere(1, [{ ...everyone, share: 2 }]);
      const { visitor } = await world.signedIn(role);
      for (const path of ['/policies', '/policies/versions', '/policies/versions/1']) {
        await visitor.open(path);
        expect([path, visitor.status, visitor.page('main form').length]).toEqual([path, 200, 0]);
      }
    },
  );

  test.each(['helpdesk', 'auditor'] as const)(
    '%s can neither write, save nor bring back, whatever is posted',
    { timeout },
    async (role) => {
      await saveElsewhere(1, [{ ...everyone, share: 2 }]);
      await begin();
      const { visitor, person: who } = await world.signedIn(role);
      const posts: readonly [string, Record<string, string>][] = [
        ['/policies/draft/begin', {}],
        ['/policies/draft/arrange', { revision: '1', name: 'everyone', way: 'remove' }],
        ['/policies/draft/policy/new', { revision: '1', name: 'Evil' }],
        ['/policies/draft/discard', {}],
        ['/policies/draft/catch-up', { note: 'x' }],
        ['/policies/draft/save', { revision: '1', note: 'x' }],
        ['/policies/versions/1/restore', { based: '2', note: 'x' }],
      ];
      for (const [path, fields] of posts)
        expect([path, (await visitor.post(path, fields)).status]).toEqual([path, 403]);
      expect(await policies().newest()).toBe(2);
      expect(await policies().draft(who.id)).toBeUndefined();
      expect(await policies().draft(person.id)).toMatchObject({ revision: 1 });
      expect(
        world
          .audited('console.refused')
          .slice(-posts.length)
          .map(({ detail }) => detail.why),
      ).toEqual(posts.map(() => 'role'));
    },
  );
});

describe('what is forged', () => {
  test.each(['0', '2', '-1', '1e3', '01', '99999999999', 'latest', '%2e%2e', '1%00'])(
    'version %s is not there',
    { timeout },
    async (version) => {
      const shown = await admin.ask({ method: 'get', path: `/policies/versions/${version}` });
      const isFirst = version === '01';
      expect(shown.status).toBe(isFirst ? 200 : version.includes('%00') ? shown.status : 404);
      const back = await admin.post(`/policies/versions/${version}/restore`, { based: '1', note: 'x' });
      expect([400, 404, 422]).toContain(back.status);
      expect(await policies().newest()).toBe(1);
    },
  );

  test('a base that never was, a revision that is none, and fields that no form has save nothing', {
    timeout,
  }, async () => {
    await saveElsewhere(1, [{ ...everyone, share: 2 }]);
    for (const based of ['', '0', '1', '7', '-1', 'x']) {
      const answer = await admin.post('/policies/versions/1/restore', { based, note: 'x' });
      expect([based, answer.status]).toEqual([based, 422]);
    }
    await begin();
    await add(admin, { name: 'N', groups: 'Helpdesk North' });
    for (const revision of ['', '1', '3', '-2', '2e0']) {
      const answer = await admin.post('/policies/draft/save', { revision, note: 'x' });
      expect([revision, answer.status]).toEqual([revision, 422]);
    }
    await admin.open('/policies/draft/policy/0');
    const { path, body } = admin.form({});
    for (const more of ['&policies=x', '&include-privileged=yes', '&place-palm=1', '&who=all', '&name=a&name=b']) {
      const answer = await admin.ask({ method: 'post', path, body: `${body}${more}` });
      expect([more, answer.status]).toEqual([more, 400]);
    }
    expect(await policies().newest()).toBe(2);
    expect(await policies().draft(person.id)).toMatchObject({ revision: 2 });
  });

  test('markup and formulas of i18n in names, groups and notes are text like any other', { timeout }, async () => {
    const evil = '<img src=x onerror=alert(1)>$t(language.name){{name}}"\'&';
    await begin();
    await add(admin, { name: evil, groups: `Helpdesk North\n${evil}` });
    await admin.open('/policies/draft');
    expect(namesOn(admin)).toEqual(['everyone', evil]);
    expect(admin.page('main img, main script').length).toBe(0);
    await admin.open('/policies/draft/policy/1');
    expect(admin.page('#name').attr('value')).toBe(evil);
    await admin.submit({ groups: 'Helpdesk North' });
    await save(admin, evil);
    await admin.open('/policies/versions');
    expect(admin.text).toContain(evil);
    await admin.open('/policies/versions/2');
    expect(admin.text).toContain(`“${evil}” is new, in place 2.`);
    expect(admin.page('main img, main script').length).toBe(0);
  });

  test('a body larger than any form is refused, and the draft is as it was', { timeout }, async () => {
    await begin();
    await admin.open('/policies/draft/policy/0');
    const { path, body } = admin.form({});
    const huge = await admin.ask({ method: 'post', path, body: `${body}&x=${'y'.repeat(2_000_000)}` });
    expect(huge.status).toBe(413);
    expect(await policies().draft(person.id)).toMatchObject({ revision: 1 });
  });

  test('10,000 policies that came past the console close nothing for good: they are said to be unusable, and left again', {
    timeout,
  }, async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => ({ ...everyone, name: `P${at}` }));
    await saveElsewhere(1, many);
    await admin.open('/policies');
    expect(admin.text).toContain('The policies in force cannot be used');
    await admin.open('/policies/versions/2');
    expect([admin.status, admin.text.includes('cannot be read any more')]).toEqual([200, true]);
    await admin.open('/policies/versions/1');
    await admin.submit();
    expect(notice(admin)).toBe('Version 3 is in force.');
  });

  test('the draft of one administrator is nobody else’s', { timeout }, async () => {
    await begin();
    await add(admin, { name: 'Secret plan', groups: 'Helpdesk North' });
    const { visitor } = await world.signedIn('administrator');
    for (const path of ['/policies', '/policies/draft', '/policies/draft/review', '/policies/draft/policy/1']) {
      await visitor.open(path);
      expect([path, visitor.text.includes('Secret plan')]).toEqual([path, false]);
    }
  });
});

describe('pinned in the file', () => {
  test('policies are shown, said to be pinned, and have no form and no route', { timeout }, async () => {
    await world.close();
    world = await ConsoleWorld.open();
    const { visitor } = await world.signedIn('administrator');
    await visitor.open('/policies');
    expect(visitor.text).toContain('pinned in the configuration file');
    expect(visitor.page('main form').length).toBe(0);
    expect(namesOn(visitor)).toHaveLength(1);
    for (const path of ['/policies/draft', '/policies/draft/review', '/policies/versions']) {
      expect((await visitor.ask({ method: 'get', path })).status).toBe(404);
    }
    expect((await visitor.post('/policies/draft/save', { revision: '1', note: 'x' })).status).toBe(404);
  });
});

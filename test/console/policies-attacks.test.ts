import { describe, expect, test } from 'vitest';
import { everyone, namesOn, notice, policyPages, timeout } from './policy-pages.ts';

const pages = policyPages();

describe('whoever is no administrator', () => {
  test.each(['helpdesk', 'auditor'] as const)(
    '%s sees the policies and their versions, and no way to change them',
    { timeout },
    async (role) => {
      const { world } = pages;
      await pages.saveElsewhere(1, [{ ...everyone, share: 2 }]);
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
      const { person, world } = pages;
      await pages.saveElsewhere(1, [{ ...everyone, share: 2 }]);
      await pages.begin();
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
      expect(await pages.policies().newest()).toBe(2);
      expect(await pages.policies().draft(who.id)).toBeUndefined();
      expect(await pages.policies().draft(person.id)).toMatchObject({ revision: 1 });
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
      const { admin } = pages;
      const shown = await admin.ask({ method: 'get', path: `/policies/versions/${version}` });
      const isFirst = version === '01';
      expect(shown.status).toBe(isFirst ? 200 : version.includes('%00') ? shown.status : 404);
      const back = await admin.post(`/policies/versions/${version}/restore`, { based: '1', note: 'x' });
      expect([400, 404, 422]).toContain(back.status);
      expect(await pages.policies().newest()).toBe(1);
    },
  );

  test('a base that never was, a revision that is none, and fields that no form has save nothing', {
    timeout,
  }, async () => {
    const { admin, person } = pages;
    await pages.saveElsewhere(1, [{ ...everyone, share: 2 }]);
    for (const based of ['', '0', '1', '7', '-1', 'x']) {
      const answer = await admin.post('/policies/versions/1/restore', { based, note: 'x' });
      expect([based, answer.status]).toEqual([based, 422]);
    }
    await pages.begin();
    await pages.add(admin, { name: 'N', groups: 'Helpdesk North' });
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
    expect(await pages.policies().newest()).toBe(2);
    expect(await pages.policies().draft(person.id)).toMatchObject({ revision: 2 });
  });

  test('markup and formulas of i18n in names, groups and notes are text like any other', { timeout }, async () => {
    const { admin } = pages;
    const evil = '<img src=x onerror=alert(1)>$t(language.name){{name}}"\'&';
    await pages.begin();
    await pages.add(admin, { name: evil, groups: `Helpdesk North\n${evil}` });
    await admin.open('/policies/draft');
    expect(namesOn(admin)).toEqual(['everyone', evil]);
    expect(admin.page('main img, main script').length).toBe(0);
    await admin.open('/policies/draft/policy/1');
    expect(admin.page('#name').attr('value')).toBe(evil);
    await admin.submit({ groups: 'Helpdesk North' });
    await pages.save(admin, evil);
    await admin.open('/policies/versions');
    expect(admin.text).toContain(evil);
    await admin.open('/policies/versions/2');
    expect(admin.text).toContain(`“${evil}” is new, in place 2.`);
    expect(admin.page('main img, main script').length).toBe(0);
  });

  test('a body larger than any form is refused, and the draft is as it was', { timeout }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    await admin.open('/policies/draft/policy/0');
    const { path, body } = admin.form({});
    const huge = await admin.ask({ method: 'post', path, body: `${body}&x=${'y'.repeat(2_000_000)}` });
    expect(huge.status).toBe(413);
    expect(await pages.policies().draft(person.id)).toMatchObject({ revision: 1 });
  });

  test('10,000 policies that came past the console close nothing for good: they are said to be unusable, and left again', {
    timeout,
  }, async () => {
    const { admin } = pages;
    const many = Array.from({ length: 10_000 }, (_, at) => ({ ...everyone, name: `P${at}` }));
    await pages.saveElsewhere(1, many);
    await admin.open('/policies');
    expect(admin.text).toContain('The policies in force cannot be used');
    await admin.open('/policies/versions/2');
    expect([admin.status, admin.text.includes('cannot be read any more')]).toEqual([200, true]);
    await admin.open('/policies/versions/1');
    await admin.submit();
    expect(notice(admin)).toBe('Version 3 is in force.');
  });

  test('the draft of one administrator is nobody else’s', { timeout }, async () => {
    const { admin, world } = pages;
    await pages.begin();
    await pages.add(admin, { name: 'Secret plan', groups: 'Helpdesk North' });
    const { visitor } = await world.signedIn('administrator');
    for (const path of ['/policies', '/policies/draft', '/policies/draft/review', '/policies/draft/policy/1']) {
      await visitor.open(path);
      expect([path, visitor.text.includes('Secret plan')]).toEqual([path, false]);
    }
  });
});

describe('pinned in the file', () => {
  test('policies are shown, said to be pinned, and have no form and no route', { timeout }, async () => {
    await pages.close();
    await pages.open({});
    const { admin } = pages;
    await admin.open('/policies');
    expect(admin.text).toContain('pinned in the configuration file');
    expect(admin.page('main form').length).toBe(0);
    expect(namesOn(admin)).toHaveLength(1);
    for (const path of ['/policies/draft', '/policies/draft/review', '/policies/versions']) {
      expect((await admin.ask({ method: 'get', path })).status).toBe(404);
    }
    expect((await admin.post('/policies/draft/save', { revision: '1', note: 'x' })).status).toBe(404);
  });
});

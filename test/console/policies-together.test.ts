import { describe, expect, test } from 'vitest';
import { everyone, notice, policyPages, timeout } from './policy-pages.ts';

const pages = policyPages();

describe('two administrators at once', () => {
  test('the second sees what the first changed, loses nothing, and puts theirs on top', { timeout }, async () => {
    const { admin, person, world } = pages;
    const { visitor: second, person: other } = await world.signedIn('administrator');
    for (const [visitor, name] of [
      [admin, 'Mine'],
      [second, 'Theirs'],
    ] as const) {
      await pages.begin(visitor);
      await pages.add(visitor, { name, groups: 'Helpdesk North' });
      await visitor.open('/policies/draft/review');
    }
    await second.submit({ note: 'theirs' });
    expect(second.path).toBe('/policies');
    await admin.submit({ note: 'mine, typed with care' });
    expect(admin.status).toBe(422);
    expect(admin.text).toContain('“Theirs” is new, in place 2.');
    expect(admin.text).toContain('theirs');
    expect(admin.page('#note').attr('value')).toBe('mine, typed with care');
    expect(await pages.policies().newest()).toBe(2);
    await admin.submit();
    expect(admin.text).toContain('“Mine” is new, in place 2.');
    expect(admin.text).not.toContain('“Theirs” is new');
    expect(admin.page('#note').attr('value')).toBe('mine, typed with care');
    await admin.submit();
    expect(notice(admin)).toBe('Version 3 is in force.');
    expect((await pages.inForce()).map(({ name }) => name)).toEqual(['everyone', 'Mine', 'Theirs']);
    expect((await pages.policies().list(2)).map(({ by }) => by)).toEqual([person.id, other.id]);
  });

  test('a policy that both have changed is as the second has it, and is named before it is saved', {
    timeout,
  }, async () => {
    const { admin } = pages;
    await pages.begin();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ share: '5' });
    await pages.saveElsewhere(1, [{ ...everyone, zone: 'extranet' }]);
    await pages.save(admin);
    expect(admin.path).toBe('/policies/draft/catch-up');
    expect(admin.text).toContain('You have both changed these');
    expect(admin.text).toContain('“everyone” counts from anywhere.');
    await admin.submit();
    expect(await pages.inForce()).toMatchObject([{ share: 5, zone: 'any' }]);
  });

  test('of one in two windows the older window is told, keeps what was typed, and overwrites nothing', {
    timeout,
  }, async () => {
    const { admin, person } = pages;
    await pages.begin();
    await admin.open('/policies/draft/policy/0');
    const window = admin.tab();
    await pages.add(admin, { name: 'New', groups: 'Helpdesk North' });
    await window.submit({ share: '9' });
    expect([window.status, window.problems]).toEqual([422, expect.stringContaining('changed in another window')]);
    expect(window.page('#share').val()).toBe('9');
    await window.submit();
    expect(window.path).toBe('/policies/draft');
    expect((await pages.policies().draft(person.id))?.policies).toMatchObject([{ share: 9 }, { name: 'New' }]);
    const review = admin.tab();
    await review.open('/policies/draft/review');
    await pages.arrange(await window.open('/policies/draft'), 'New', 'remove');
    await review.submit({ note: 'as I saw it' });
    expect([review.status, review.problems]).toEqual([422, expect.stringContaining('changed in another window')]);
    expect(await pages.policies().newest()).toBe(1);
  });
});

import { describe, expect, test, vi } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import { threshold } from '../portals/world.ts';
import { peopleDesk, reason } from './people-desk.ts';
import { staffGroups, units } from './world.ts';

const desk = peopleDesk();

describe('a person who is stuck', () => {
  test('is found, seen why, and cleared; the person is told and comes in again', async () => {
    const person = await desk.registered('north');
    const visit = await desk.world.portals.start(person.samName);
    for (let at = 0; at < threshold; at += 1) {
      await visit.submit({ code: await desk.world.portals.wrongCode(person.mobile) }, 'act=next');
    }
    expect(visit.heading).toBe('Too many tries');
    const search = await desk.agent.visitor.tab().open(`/people?q=${person.samName}`);
    expect(search.text).toContain('1 person.');
    const link = search.page(`a[href="/people/${person.id}"]`);
    expect(link).toHaveLength(1);
    const page = await desk.agent.visitor.tab().open(link.attr('href') ?? '');
    expect(page.text).toContain('Barred from Latchkey until');
    expect(page.text).toContain('Gave a wrong answer at “Code by text message”.');
    const cleared = await desk.act(person, 'clear-bars', { reason });
    expect(cleared.page?.text.split('Nothing bars this person any more.')).toHaveLength(2);
    expect(cleared.page?.text).toContain('Nothing keeps this person from helping themselves.');
    expect(cleared.page?.text).toContain(reason);
    expect(await desk.mails(person.mail)).toEqual(
      expect.arrayContaining([expect.stringContaining('the helpdesk ended on')]),
    );
    const again = await desk.world.portals.passGate(await desk.world.portals.start(person.samName), person);
    expect(again.path).toBe('/reset/choose');
  });

  test('is shown with what the directory knows, and where to look for what it does not', async () => {
    const person = await desk.registered('north');
    desk.world.portals.lock(person);
    const page = await desk.open(person);
    expect(page.text).toContain('Locked in the directory, and may unlock the account alone');
    expect(page.text).toContain('Locked since');
    expect(page.text).toContain('event 4740');
    expect(page.text).toContain('5 of 5 that lock the account.');
    expect(page.text).toContain('The domain’s.');
    const may = page.page('.facts .tag.fine').toArray();
    expect(may.map((tag) => page.page(tag).text())).toEqual(['May unlock', 'May set a new password']);
    expect(page.text).toContain('••');
    expect(page.answer.text).not.toContain(person.mobile.slice(-7));
  });

  test('has open visits ended, and is asked to register by a mail that says how', async () => {
    const person = await desk.registered('north');
    const visit = await desk.world.portals.start(person.samName);
    expect((await desk.act(person, 'end-visits', { reason })).page?.text).toContain('The open visits have ended.');
    await visit.open(visit.path);
    expect(visit.path).toBe('/reset/ended');
    expect(visit.text).toContain('it was ended from elsewhere, by the helpdesk for example');
    expect((await desk.act(person, 'ask-to-register', { reason })).page?.text).toContain('The mail is on its way.');
    const [, mail] = await desk.mails(person.mail);
    expect(mail).toContain(`${desk.world.portals.origin}/registration`);
    expect((await desk.act(person, 'ask-to-register', { reason })).text).toContain('This was done a moment ago.');
  });

  test('has one way removed, on a page that says what is left, and is told elsewhere', async () => {
    const person = await desk.registered('north');
    await desk.world.portals.register(person, ['phone']);
    const path = `/people/${person.id}/remove/otp-sms`;
    const page = await desk.agent.visitor.tab().open(path);
    expect(page.text).toContain('Left is: Phone call.');
    await page.submit({ reason });
    expect(page.path).toBe(`/people/${person.id}`);
    expect(page.text).toContain('It was removed.');
    const texts = await desk.textsTo(person.mobile);
    const last = await desk.agent.visitor.tab().open(`/people/${person.id}/remove/phone`);
    expect(last.text).toContain('Nothing else that counts is registered');
    expect((await desk.mails(person.mail)).at(-1)).toContain('removed “Code by text message”');
    expect(await desk.textsTo(person.mobile)).toEqual(texts);
    expect((await desk.agent.visitor.tab().open(path)).status).toBe(404);
  });
});

describe('an act', () => {
  test.each([
    ['no reason', { reason: '  ' }, 422, 'Enter the reason.'],
    ['too long a reason', { reason: 'x'.repeat(501) }, 422, 'Enter at most'],
    ['no field of a reason', {}, 400, ''],
    ['another field', { reason, person: 'other' }, 400, ''],
  ])('with %s is not done', async (_what, fields, status, told) => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const answer = await desk.act(person, 'clear-bars', fields);
    expect(answer.status).toBe(status);
    expect(answer.text.replaceAll(/[\u2066-\u2069]/g, '')).toContain(told);
    expect(await desk.lockout(person)).toBeDefined();
  });

  test('with markup for a reason shows it as it was typed, on the page and in the history', async () => {
    const person = await desk.registered('north');
    const markup = '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{gate}}';
    const wrong = await desk.act(person, 'clear-bars', { reason: `${markup}${'x'.repeat(500)}` });
    expect(wrong.text).not.toContain('<script>alert');
    await desk.bar(person);
    const { page } = await desk.act(person, 'clear-bars', { reason: markup });
    expect(page?.page('q').first().text()).toBe(markup);
    expect(page?.answer.text).not.toMatch(/<script>alert|<img src=x/);
  });

  test.each(['', 'A'.repeat(64)])('5.10: without the token of the session (%j) is refused', async (token) => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const body = new URLSearchParams({ _csrf: token, reason }).toString();
    const { status } = await desk.agent.visitor.ask({ method: 'post', path: `/people/${person.id}/clear-bars`, body });
    expect(status).toBe(403);
    expect(await desk.lockout(person)).toBeDefined();
  });

  test('is none for an auditor, who sees everybody and is offered nothing', async () => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const auditor = await desk.world.signedIn('auditor');
    const page = await desk.open(person, auditor.visitor);
    const rows = page.page(`a[href="/audit?subject=${person.id}"]`);
    expect(rows).toHaveLength(1);
    expect((await auditor.visitor.tab().open(rows.attr('href') ?? '')).text).toContain(person.id);
    expect((await desk.open(person)).page('a[href^="/audit"]')).toHaveLength(0);
    expect(page.text).toContain('You may look at this person, and do nothing.');
    expect(page.page('main form, main a[href*="/remove/"], main a[href$="/code"]')).toHaveLength(0);
    expect((await desk.act(person, 'clear-bars', { reason }, auditor.visitor)).status).toBe(403);
    expect(await desk.lockout(person)).toBeDefined();
  });

  test('on oneself, on a privileged person or on an administrator of the console is refused', async () => {
    const own = await desk.world.signedIn('administrator');
    expect((await desk.open(own.person, own.visitor)).text).toContain('Nobody acts on their own account.');
    const self = await desk.act(own.person, 'ask-to-register', { reason }, own.visitor);
    expect([self.status, self.text]).toEqual([422, expect.stringContaining('Nobody acts on their own account.')]);
    const privileged = await desk.registered('north');
    desk.world.portals.demo.administration.set(privileged.entry, { adminCount: '1' });
    const staff = await desk.registered('north');
    desk.world.join(staff, staffGroups.administrator);
    for (const person of [privileged, staff]) {
      await desk.bar(person);
      // Nobody is asked for a reason first that leads to nothing.
      const page = await desk.open(person);
      expect(page.text).toContain('only an administrator of the console acts on it');
      expect(page.page('main form, main a[href*="/remove/"], main a[href$="/caller"]')).toHaveLength(0);
      const answer = await desk.act(person, 'clear-bars', { reason });
      expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('only an administrator')]);
      expect(await desk.lockout(person)).toBeDefined();
    }
  });

  test('by two at once is done and told once', async () => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const acted = await Promise.all([1, 2, 3].map(() => desk.act(person, 'clear-bars', { reason })));
    expect(acted.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await desk.mails(person.mail)).toHaveLength(1);
  });

  test('is no longer one’s own once the group is taken away', async () => {
    const other = await desk.world.signedIn('helpdesk');
    const person = await desk.registered('north');
    await desk.bar(person);
    desk.world.leave(other.person, staffGroups.helpdesk);
    // Nobody of the staff any more: the session ends.
    const { status, location } = await desk.act(person, 'clear-bars', { reason }, other.visitor);
    expect([status, location]).toEqual([303, '/console']);
    expect(await desk.lockout(person)).toBeDefined();
  });
});

describe('a search', () => {
  test('for a whole user name shows that person alone, and everybody whose name begins so when asked', async () => {
    const one = desk.world.personIn('north');
    const unit = `OU=${units.north},${desk.world.portals.people}`;
    const other = desk.world.portals.person({ unit, displayName: `${one.samName} the other` });
    const hits = (visitor: Visitor): readonly string[] =>
      visitor
        .page('main tbody a')
        .toArray()
        .map(({ attribs }) => attribs.href ?? '');
    const first = await desk.agent.visitor.tab().open(`/people?q=${one.samName.toUpperCase()}`);
    expect(hits(first)).toEqual([`/people/${one.id}`]);
    expect(first.text).toContain('This is the whole name, user name or mail address.');
    const all = await first.open(first.page('main p a').attr('href') ?? '');
    expect(hits(all).toSorted()).toEqual([`/people/${one.id}`, `/people/${other.id}`].toSorted());
    expect(all.text).not.toContain('This is the whole');
    const beginning = await desk.agent.visitor.tab().open(`/people?q=${one.samName.slice(0, -1)}`);
    expect(hits(beginning)).toEqual(expect.arrayContaining([...hits(all)]));
  });

  test('that the directory did not finish says so, and does not say that there is nobody', async () => {
    const slow = vi.spyOn(desk.world.latchkey.directory, 'searchPeople');
    slow.mockResolvedValue({ people: [], complete: false });
    const visitor = await desk.agent.visitor.tab().open('/people?q=zebedee');
    slow.mockRestore();
    expect(visitor.text).toContain('somebody may be missing');
    expect(visitor.text).not.toContain('Nobody whom you may see');
  });

  test.each([
    ['*', 'nobody'],
    ['*)(objectClass=*', 'nobody'],
    ['<script>', 'nobody'],
    ['x'.repeat(100), 'nobody'],
  ])('for %s finds nobody and breaks nothing', async (text) => {
    const visitor = await desk.agent.visitor.tab().open(`/people?q=${encodeURIComponent(text)}`);
    expect([visitor.status, visitor.page('main table')]).toEqual([
      text === '*' ? 422 : 200,
      expect.objectContaining({ length: 0 }),
    ]);
    expect(visitor.page('#q').attr('value')).toBe(text);
  });

  test.each(['q=a&q=b', `q=${'x'.repeat(101)}`])('that is none (%s) is refused', async (query) => {
    expect((await desk.agent.visitor.tab().open(`/people?${query}`)).status).toBeGreaterThanOrEqual(400);
  });

  test('shows no more than so many, and leaves in the audit how many, not what was typed', async () => {
    for (let at = 0; at < 27; at += 1) desk.world.personIn('north');
    const visitor = await desk.agent.visitor.tab().open('/people?q=person.');
    expect(visitor.page('main tbody tr')).toHaveLength(25);
    expect(visitor.text).toContain('There are more');
    const viewed = desk.world.audited('console.viewed').at(-1);
    expect(viewed?.detail).toMatchObject({ what: '/people', results: 25, by: desk.agent.person.id });
    expect(JSON.stringify(viewed)).not.toContain('person.');
    expect(desk.world.portals.log.join('\n')).not.toContain('q=person.');
  });
});

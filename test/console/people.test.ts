import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outside } from '../portals/outside.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import { type Person, threshold } from '../portals/world.ts';
import { ConsoleWorld, staffGroups, type units } from './world.ts';

let world: ConsoleWorld;
let agent: { readonly person: Person; readonly visitor: Visitor };

const policy = (name: string, chain: readonly string[], members: unknown) => ({
  name,
  members,
  chain,
  lockout: { threshold, minutes: 15, 'bars-until-permanent': 3 },
  'flow-minutes': 20,
});

beforeAll(async () => {
  const policies = [
    policy('harbour', ['otp-sms', 'helpdesk-code'], { units: ['People/North/Harbour'] }),
    policy('south', ['helpdesk-code'], { units: ['People/South'] }),
    policy('everyone', ['otp-sms'], 'everyone'),
  ];
  world = await ConsoleWorld.open({ policies });
});
beforeEach(async () => {
  agent = await world.signedIn('helpdesk');
});
afterAll(() => world.close());

const reason = 'Called back on the number in the directory';

async function registered(unit: keyof typeof units): Promise<Person> {
  const person = world.personIn(unit);
  await world.portals.register(person, ['otp-sms']);
  return person;
}

const open = (person: Pick<Person, 'id'>, by: Visitor = agent.visitor) => by.tab().open(`/people/${person.id}`);

/** Posts a form of the person's page, with the token of the session, and follows. */
async function act(person: Pick<Person, 'id'>, name: string, fields: object, by: Visitor = agent.visitor) {
  const visitor = by.tab();
  await visitor.open('/people');
  const { status, headers, text } = await visitor.post(`/people/${person.id}/${name}`, { ...fields });
  const page = status === 303 ? await by.tab().open(String(headers.location)) : undefined;
  return { status, location: headers.location, text, page };
}

const lockout = (person: Person) => world.latchkey.stores.failures.lockout(person.id, world.clock.now());
const rules = { threshold, minutes: 15, barsUntilPermanent: 3 };
const bar = (person: Person) => world.latchkey.stores.failures.bar(person.id, rules, world.clock.now());
const rowsAbout = async (person: Pick<Person, 'id'>) => world.latchkey.stores.audit.about(person.id, 50);
const mails = async (address: string): Promise<readonly string[]> => {
  await world.latchkey.outbox.idle();
  await world.latchkey.challenges.idle();
  return (world.latchkey.mailbox?.mails(address) ?? []).map(({ text }) => plain(text));
};
const textsTo = async (number: string): Promise<readonly string[]> => {
  await world.latchkey.challenges.idle();
  return world.portals.phones.phone(number).texts.map(({ text }) => text);
};

describe('a person who is stuck', () => {
  test('is found, seen why, and cleared; the person is told and comes in again', async () => {
    const person = await registered('north');
    const visit = await world.portals.start(person.samName);
    for (let at = 0; at < threshold; at += 1) {
      await visit.submit({ code: await world.portals.wrongCode(person.mobile) }, 'act=next');
    }
    expect(visit.heading).toBe('Too many tries');
    const search = await agent.visitor.tab().open(`/people?q=${person.samName}`);
    expect(search.text).toContain('1 person.');
    const link = search.page(`a[href="/people/${person.id}"]`);
    expect(link).toHaveLength(1);
    const page = await agent.visitor.tab().open(link.attr('href') ?? '');
    expect(page.text).toContain('Barred from Latchkey until');
    expect(page.text).toContain('Gave a wrong answer at “Code by text message”.');
    const cleared = await act(person, 'clear-bars', { reason });
    expect(cleared.page?.text.split('Nothing bars this person any more.')).toHaveLength(2);
    expect(cleared.page?.text).toContain('Nothing keeps this person from helping themselves.');
    expect(cleared.page?.text).toContain(reason);
    expect(await mails(person.mail)).toEqual(
      expect.arrayContaining([expect.stringContaining('the helpdesk ended on')]),
    );
    const again = await world.portals.passGate(await world.portals.start(person.samName), person);
    expect(again.path).toBe('/reset/choose');
  });

  test('is shown with what the directory knows, and where to look for what it does not', async () => {
    const person = await registered('north');
    world.portals.lock(person);
    const page = await open(person);
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
    const person = await registered('north');
    const visit = await world.portals.start(person.samName);
    expect((await act(person, 'end-visits', { reason })).page?.text).toContain('The open visits have ended.');
    await visit.open(visit.path);
    expect(visit.path).toBe('/reset/ended');
    expect((await act(person, 'ask-to-register', { reason })).page?.text).toContain('The mail is on its way.');
    const [, mail] = await mails(person.mail);
    expect(mail).toContain(`${world.portals.origin}/registration`);
    expect((await act(person, 'ask-to-register', { reason })).text).toContain('This was done a moment ago.');
  });

  test('has one way removed, on a page that says what is left, and is told elsewhere', async () => {
    const person = await registered('north');
    await world.portals.register(person, ['phone']);
    const path = `/people/${person.id}/remove/otp-sms`;
    const page = await agent.visitor.tab().open(path);
    expect(page.text).toContain('Left is: Phone call.');
    await page.submit({ reason });
    expect(page.path).toBe(`/people/${person.id}`);
    expect(page.text).toContain('It was removed.');
    const texts = await textsTo(person.mobile);
    const last = await agent.visitor.tab().open(`/people/${person.id}/remove/phone`);
    expect(last.text).toContain('Nothing else that counts is registered');
    expect((await mails(person.mail)).at(-1)).toContain('removed “Code by text message”');
    expect(await textsTo(person.mobile)).toEqual(texts);
    expect((await agent.visitor.tab().open(path)).status).toBe(404);
  });
});

describe('5.33: somebody of another unit', () => {
  let stranger: Person;
  beforeAll(async () => {
    stranger = await registered('south');
    await bar(stranger);
  });

  test('is found by nothing, and looks as if there were nobody', async () => {
    const nobody = await agent.visitor.tab().open('/people?q=nobody-at-all');
    for (const text of [stranger.samName, stranger.mail, stranger.id]) {
      const visitor = await agent.visitor.tab().open(`/people?q=${encodeURIComponent(text)}`);
      expect(visitor.status).toBe(nobody.status);
      expect(visitor.page('main [role="status"]').text()).toBe(nobody.page('main [role="status"]').text());
      expect(visitor.answer.text).not.toContain(stranger.id === text ? 'href="/people/' : stranger.id);
    }
  });

  test.each(['', '/code', '/caller', '/remove/otp-sms'])('is no page (%s), as nobody is', async (more) => {
    const there = await agent.visitor.tab().open(`/people/${stranger.id}${more}`);
    const look = (visitor: Visitor) => visitor.text.replace(/number: \S+/, '');
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x', '%00', `${stranger.id}x`, '__proto__']) {
      const nowhere = await agent.visitor.tab().open(`/people/${id}${more}`);
      expect([nowhere.status, look(nowhere)]).toEqual([there.status, look(there)]);
    }
    expect(there.status).toBe(404);
  });

  test.each([
    ['clear-bars', { reason }],
    ['end-visits', { reason }],
    ['ask-to-register', { reason }],
    ['remove/otp-sms', { reason }],
    ['code', { reason, to: 'otp-sms' }],
    ['caller', { act: 'start', reason, gate: 'otp-sms' }],
  ])('is not acted on by %s, and the try is in the audit', async (name, fields) => {
    const texts = await textsTo(stranger.mobile);
    expect((await act(stranger, name, fields)).status).toBe(404);
    expect(await lockout(stranger)).toBeDefined();
    expect(await world.latchkey.stores.enrolments.of(stranger.id)).toHaveLength(1);
    expect(await textsTo(stranger.mobile)).toEqual(texts);
    expect(await mails(stranger.mail)).toEqual([]);
    const refused = (await rowsAbout(stranger)).find(({ event }) => event === 'console.refused');
    expect(refused?.detail).toMatchObject({ by: agent.person.id, why: 'reach' });
  });

  test('is out of reach from the moment that they are moved, between the page and the act', async () => {
    const person = await registered('north');
    await bar(person);
    const page = await open(person);
    expect(page.status).toBe(200);
    const [name] = person.entry.dn.split(',');
    world.portals.demo.administration.move(person.entry, `${name},OU=South,${world.portals.people}`);
    expect((await act(person, 'clear-bars', { reason })).status).toBe(404);
    expect(await lockout(person)).toBeDefined();
  });

  test('is in reach of the helpdesk of their unit, and of an administrator', async () => {
    const south = await world.signedIn('helpdesk-south');
    expect((await open(stranger, south.visitor)).status).toBe(200);
    const administrator = await world.signedIn('administrator');
    expect((await open(stranger, administrator.visitor)).status).toBe(200);
  });
});

describe('an act', () => {
  test.each([
    ['no reason', { reason: '  ' }, 422, 'Enter the reason.'],
    ['too long a reason', { reason: 'x'.repeat(501) }, 422, 'Enter at most'],
    ['no field of a reason', {}, 400, ''],
    ['another field', { reason, person: 'other' }, 400, ''],
  ])('with %s is not done', async (_what, fields, status, told) => {
    const person = await registered('north');
    await bar(person);
    const answer = await act(person, 'clear-bars', fields);
    expect(answer.status).toBe(status);
    expect(answer.text.replaceAll(/[\u2066-\u2069]/g, '')).toContain(told);
    expect(await lockout(person)).toBeDefined();
  });

  test('with markup for a reason shows it as it was typed, on the page and in the history', async () => {
    const person = await registered('north');
    const markup = '<script>alert(1)</script> "><img src=x onerror=alert(2)> {{gate}}';
    const wrong = await act(person, 'clear-bars', { reason: `${markup}${'x'.repeat(500)}` });
    expect(wrong.text).not.toContain('<script>alert');
    await bar(person);
    const { page } = await act(person, 'clear-bars', { reason: markup });
    expect(page?.page('q').first().text()).toBe(markup);
    expect(page?.answer.text).not.toMatch(/<script>alert|<img src=x/);
  });

  test.each(['', 'A'.repeat(64)])('5.10: without the token of the session (%j) is refused', async (token) => {
    const person = await registered('north');
    await bar(person);
    const body = new URLSearchParams({ _csrf: token, reason }).toString();
    const { status } = await agent.visitor.ask({ method: 'post', path: `/people/${person.id}/clear-bars`, body });
    expect(status).toBe(403);
    expect(await lockout(person)).toBeDefined();
  });

  test('is none for an auditor, who sees everybody and is offered nothing', async () => {
    const person = await registered('north');
    await bar(person);
    const auditor = await world.signedIn('auditor');
    const page = await open(person, auditor.visitor);
    const rows = page.page(`a[href="/audit?subject=${person.id}"]`);
    expect(rows).toHaveLength(1);
    expect((await auditor.visitor.tab().open(rows.attr('href') ?? '')).text).toContain(person.id);
    expect((await open(person)).page('a[href^="/audit"]')).toHaveLength(0);
    expect(page.text).toContain('You may look at this person, and do nothing.');
    expect(page.page('main form, main a[href*="/remove/"], main a[href$="/code"]')).toHaveLength(0);
    expect((await act(person, 'clear-bars', { reason }, auditor.visitor)).status).toBe(403);
    expect(await lockout(person)).toBeDefined();
  });

  test('on oneself, on a privileged person or on an administrator of the console is refused', async () => {
    const own = await world.signedIn('administrator');
    expect((await open(own.person, own.visitor)).text).toContain('Nobody acts on their own account.');
    const self = await act(own.person, 'ask-to-register', { reason }, own.visitor);
    expect([self.status, self.text]).toEqual([422, expect.stringContaining('Nobody acts on their own account.')]);
    const privileged = await registered('north');
    world.portals.demo.administration.set(privileged.entry, { adminCount: '1' });
    const staff = await registered('north');
    world.join(staff, staffGroups.administrator);
    for (const person of [privileged, staff]) {
      await bar(person);
      const answer = await act(person, 'clear-bars', { reason });
      expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('only an administrator')]);
      expect(await lockout(person)).toBeDefined();
    }
  });

  test('by two at once is done and told once', async () => {
    const person = await registered('north');
    await bar(person);
    const acted = await Promise.all([1, 2, 3].map(() => act(person, 'clear-bars', { reason })));
    expect(acted.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await mails(person.mail)).toHaveLength(1);
  });

  test('is no longer one’s own once the group is taken away', async () => {
    const other = await world.signedIn('helpdesk');
    const person = await registered('north');
    await bar(person);
    world.leave(other.person, staffGroups.helpdesk);
    // Nobody of the staff any more: the session ends.
    const { status, location } = await act(person, 'clear-bars', { reason }, other.visitor);
    expect([status, location]).toEqual([303, '/console']);
    expect(await lockout(person)).toBeDefined();
  });
});

describe('a code of the helpdesk', () => {
  const codeIn = (text: string | undefined): string => /\b\d{8}\b/.exec(text ?? '')?.[0] ?? '';

  /** Whoever sends codes has proved themselves a moment ago. */
  const fresh = async (): Promise<Visitor> => (await world.signedIn('helpdesk')).visitor;

  async function issued(person: Person, to = 'otp-sms'): Promise<string> {
    const page = await (await fresh()).open(`/people/${person.id}/code`);
    await page.submit({ to, reason });
    expect(page.text).toContain('A code is on its way');
    return codeIn((await textsTo(person.mobile)).at(-1));
  }

  async function toCode(person: Person): Promise<Visitor> {
    const visitor = await world.portals.passGate(await world.portals.start(person.samName), person);
    expect(visitor.path).toBe('/reset/helpdesk-code');
    return visitor;
  }

  test('lets the person through once; nobody of the staff sees it, and nothing keeps it', async () => {
    const person = await registered('inNorth');
    expect((await open(person)).text).toContain('asks for a code from the helpdesk');
    const code = await issued(person);
    expect(code).toMatch(/^\d{8}$/);
    const visitor = await toCode(person);
    await visitor.submit({ code });
    expect(visitor.path).toBe('/reset/choose');
    const page = await open(person);
    expect(page.text).toContain('The helpdesk had a code sent.');
    const everything = [page.answer.text, JSON.stringify(world.portals.auditRows()), world.portals.log.join('\n')];
    for (const place of everything) {
      expect(place).not.toContain(code);
      expect(place).not.toContain(person.mobile.slice(1));
    }
    expect((await mails(person.mail)).at(-1)).toContain('had a code sent');
    // The flow that used it goes on to its end, and no other comes so far.
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    // Without a code the person is somebody who cannot pass: the same pages, and nothing is sent.
    const texts = await textsTo(person.mobile);
    const replay = await world.portals.start(person.samName);
    expect(replay.path).toBe('/reset/otp-sms');
    expect(await textsTo(person.mobile)).toEqual(texts);
  });

  test('is asked for again who has not proved themselves lately, before a code is sent or a way removed', async () => {
    const person = await registered('inNorth');
    const { visitor } = await world.signedIn('helpdesk');
    world.clock.pass(6 * 60);
    for (const path of ['code', 'remove/otp-sms']) {
      expect((await visitor.tab().open(`/people/${person.id}/${path}`)).path).toBe('/confirm');
      expect((await act(person, path, { reason, to: 'otp-sms' }, visitor)).location).toBe('/confirm');
    }
    expect(await textsTo(person.mobile)).toEqual([]);
    expect(await world.latchkey.stores.enrolments.of(person.id)).toHaveLength(1);
  });

  test('of which there is none looks the same, and passes nobody', async () => {
    const person = await registered('inNorth');
    const without = await world.portals.start(person.samName);
    expect(without.path).toBe('/reset/otp-sms');
    await issued(person);
    const other = await registered('inNorth');
    world.clock.pass(60);
    const theirs = await issued(other);
    const visitor = await toCode(person);
    await visitor.submit({ code: theirs });
    expect(visitor.problems).toContain('not right');
  });

  test('is nothing after its ten minutes, nor once a newer one was sent', async () => {
    const person = await registered('inNorth');
    const first = await issued(person);
    world.clock.pass(61);
    const second = await issued(person);
    const visitor = await toCode(person);
    await visitor.submit({ code: first });
    expect(visitor.problems).toContain('not right');
    world.clock.pass(600);
    await visitor.submit({ code: second });
    expect(visitor.path).toBe('/reset/helpdesk-code');
    expect([visitor.status, visitor.problems]).toEqual([200, expect.stringContaining('not right')]);
    expect((await open(person)).text).toContain('asks for a code from the helpdesk');
  });

  test('that came to its end before its page was opened is asked for all the same', async () => {
    const person = await registered('inNorth');
    const code = await issued(person);
    world.clock.pass(590);
    const visitor = await world.portals.start(person.samName);
    world.clock.pass(11);
    await world.portals.passGate(visitor, person);
    expect([visitor.path, visitor.status]).toEqual(['/reset/helpdesk-code', 200]);
    await visitor.submit({ code });
    expect(visitor.problems).toContain('not right');
  });

  test('5.4: tells nobody by its end, or by its use elsewhere, that there was one', async () => {
    const agentOfSouth = (await world.signedIn('helpdesk-south')).visitor;
    const person = await registered('south');
    const page = await agentOfSouth.open(`/people/${person.id}/code`);
    await page.submit({ to: 'otp-sms', reason });
    const code = codeIn((await textsTo(person.mobile)).at(-1));
    // A name that nobody has and that is shown the same chain.
    const ghosts = Array.from({ length: 30 }, (_, at) => `ghost.south.${at}`);
    let ghost: Visitor | undefined;
    for (const name of ghosts) {
      const visitor = await world.portals.start(name);
      if (visitor.path === '/reset/helpdesk-code') ghost ??= visitor;
    }
    if (ghost === undefined) throw new Error('no decoy was shown the chain of the south');
    const [early, late] = [await world.portals.start(person.samName), await world.portals.start(person.samName)];
    const guess = (visitor: Visitor) => visitor.ask({ method: 'post', ...visitor.form({ code: '00000000' }) });
    const shown = async (visitor: Visitor) => [
      outside(await guess(visitor)),
      outside((await visitor.open('/reset/helpdesk-code')).answer),
    ];
    const own = await world.portals.start(person.samName);
    await own.submit({ code });
    expect(own.path).toBe('/reset/choose');
    const asDecoy = await shown(ghost);
    expect(await shown(early)).toEqual(asDecoy);
    world.clock.pass(601);
    expect(await shown(late)).toEqual(await shown(ghost));
  });

  test('posted many times at once passes one flow of many', async () => {
    const person = await registered('inNorth');
    const code = await issued(person);
    const visitors: Visitor[] = [];
    for (let at = 0; at < 2; at += 1) {
      world.clock.pass(11);
      visitors.push(await toCode(person));
    }
    const posts = visitors.flatMap((visitor) => Array.from({ length: 5 }, () => visitor.tab()));
    const answers = await Promise.all(posts.map((visitor) => visitor.post('/reset/helpdesk-code', { code })));
    expect(answers.map(({ status }) => status)).not.toContain(500);
    const stands = await Promise.all(visitors.map(async (visitor) => (await visitor.tab().open('/reset/choose')).path));
    expect(stands.filter((path) => path === '/reset/choose')).toHaveLength(1);
  });

  test('goes to the manager whom the directory names, in a mail that says for whom', async () => {
    const person = await registered('inNorth');
    const path = `/people/${person.id}/code`;
    expect((await (await fresh()).open(path)).text).not.toContain('The person’s manager');
    const manager = world.personIn('north');
    world.portals.demo.administration.set(person.entry, { manager: manager.entry.dn });
    const page = await (await fresh()).open(path);
    await page.submit({ to: 'manager', reason });
    const mail = (await mails(manager.mail)).at(-1);
    expect(mail).toContain(person.samName);
    const visitor = await toCode(person);
    await visitor.submit({ code: codeIn(mail) });
    expect(visitor.path).toBe('/reset/choose');
  });

  test('5.33: never goes to whoever asks for it: the manager themselves, their mailbox, their telephone', async () => {
    const person = await registered('inNorth');
    const by = await world.signedIn('helpdesk');
    world.portals.demo.administration.set(person.entry, { manager: by.person.entry.dn });
    const asked = async (to: string) => (await act(person, 'code', { reason, to }, by.visitor)).text;
    expect(await asked('manager')).toContain('It would come to yourself');
    const shared = world.personIn('north');
    world.portals.demo.administration.set(shared.entry, { mail: by.person.mail.toUpperCase() });
    world.portals.demo.administration.set(person.entry, { manager: shared.entry.dn });
    expect(await asked('manager')).toContain('It would come to yourself');
    await world.portals.register({ ...person, mobile: by.person.mobile }, ['otp-sms']);
    expect(await asked('otp-sms')).toContain('It would come to yourself');
    expect(await mails(by.person.mail)).toEqual([]);
    const refused = (await rowsAbout(person)).filter(({ event }) => event === 'helpdesk.refused');
    expect(refused.map(({ detail }) => detail?.why)).toEqual(['yours', 'yours', 'yours']);
    expect((await rowsAbout(person)).map(({ event }) => event)).not.toContain('code.issuing');
  });

  test('5.33: posted many times at once sends one text', async () => {
    const person = await registered('inNorth');
    const by = await fresh();
    await Promise.all(Array.from({ length: 8 }, () => act(person, 'code', { reason, to: 'otp-sms' }, by)));
    expect(await textsTo(person.mobile)).toHaveLength(1);
  });

  test('is not bombed, and goes nowhere that the person did not register', async () => {
    const person = await registered('inNorth');
    await issued(person);
    const by = await fresh();
    expect((await act(person, 'code', { reason, to: 'otp-sms' }, by)).text).toContain('This was done a moment ago.');
    for (const to of ['phone', 'questions', 'helpdesk-code', '+447700900000', '__proto__', 'manager']) {
      expect((await act(person, 'code', { reason, to }, by)).text).toContain('There is nowhere to send it to.');
    }
    expect((await act(person, 'code', { reason }, by)).text).toContain('Choose where it goes.');
    expect(await textsTo(person.mobile)).toHaveLength(1);
  });

  test('cannot be registered: the registration leaves it out', async () => {
    const person = world.personIn('inNorth');
    const visitor = await world.portals.signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/otp-sms');
    await visitor.submit({ number: person.mobile }, 'act=next');
    await visitor.submit({ code: await world.portals.code(person.mobile) }, 'act=next');
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toContain('Ask the helpdesk for a code.');
  });
});

describe('a caller', () => {
  async function started(person: Person): Promise<Visitor> {
    const page = await agent.visitor.tab().open(`/people/${person.id}/caller`);
    return page.submit({ gate: 'otp-sms', reason }, 'act=start');
  }

  const codeIn = (text: string | undefined): string => /\b\d{6}\b/.exec(text ?? '')?.[0] ?? '';

  test('who reads out the code is verified, and both have seen the same words; also one who is barred', async () => {
    const person = await registered('north');
    await bar(person);
    const page = await started(person);
    const phrase = page.page('.phrase').text().trim();
    const text = (await textsTo(person.mobile)).at(-1);
    expect(phrase).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+ \d\d$/);
    expect(text).toContain(phrase);
    expect(page.answer.text).not.toContain(codeIn(text));
    await page.submit({ code: codeIn(text) }, 'act=check');
    expect(page.text).toContain('Verified: the caller has the telephone');
    const rows = await rowsAbout(person);
    expect(rows.find(({ event }) => event === 'caller.verified')?.detail).toMatchObject({
      by: agent.person.id,
      reason,
    });
    expect(JSON.stringify(rows)).not.toContain(codeIn(text));
    expect(await lockout(person)).toBeDefined();
  });

  test('5.33: is sent one text, however many checks are begun at once', async () => {
    const person = await registered('north');
    const fields = { act: 'start', gate: 'otp-sms', reason };
    await Promise.all(Array.from({ length: 8 }, () => act(person, 'caller', fields)));
    expect(await textsTo(person.mobile)).toHaveLength(1);
  });

  test('who cannot is not, after so many wrong codes, and the person is not barred by that', async () => {
    const person = await registered('north');
    const page = await started(person);
    const right = codeIn((await textsTo(person.mobile)).at(-1));
    const wrong = right === '000000' ? '111111' : '000000';
    for (let at = 0; at < 10 && page.page('#code').length > 0; at += 1) await page.submit({ code: wrong }, 'act=check');
    expect(page.text).toContain('Not verified.');
    expect((await rowsAbout(person)).map(({ event }) => event)).toContain('caller.not-verified');
    expect(await lockout(person)).toBeUndefined();
    const told = (await mails(person.mail)).at(-1);
    expect(told).toContain('could not tell the code that was sent to your telephone');
    expect(told).not.toContain('we take none for a while');
    world.clock.pass(61);
    expect((await act(person, 'caller', { act: 'start', reason, gate: 'otp-sms' })).text).toContain(
      'Too many wrong codes',
    );
    expect((await act(person, 'clear-bars', { reason })).status).toBe(303);
    expect((await started(person)).page('.phrase')).toHaveLength(1);
  });

  test('who gives up is not verified; a code that is too old, or another person’s, verifies nobody', async () => {
    const person = await registered('north');
    const page = await started(person);
    const code = codeIn((await textsTo(person.mobile)).at(-1));
    const other = await registered('north');
    const elsewhere = await act(other, 'caller', { act: 'check', code });
    expect(elsewhere.page?.text).not.toContain('Verified');
    await page.submit({}, 'act=stop');
    expect(page.text).toContain('Not verified.');
    await act(person, 'caller', { act: 'check', code });
    expect((await rowsAbout(person)).map(({ event }) => event)).not.toContain('caller.verified');
    world.clock.pass(61);
    const late = await started(person);
    const second = codeIn((await textsTo(person.mobile)).at(-1));
    world.clock.pass(600);
    await late.submit({ code: second }, 'act=check');
    expect(late.text).toContain('Not verified.');
    expect((await rowsAbout(person)).map(({ event }) => event)).not.toContain('caller.verified');
  });
});

describe('a search', () => {
  test.each([
    ['*', 'nobody'],
    ['*)(objectClass=*', 'nobody'],
    ['<script>', 'nobody'],
    ['x'.repeat(100), 'nobody'],
  ])('for %s finds nobody and breaks nothing', async (text) => {
    const visitor = await agent.visitor.tab().open(`/people?q=${encodeURIComponent(text)}`);
    expect([visitor.status, visitor.page('main table')]).toEqual([
      text === '*' ? 422 : 200,
      expect.objectContaining({ length: 0 }),
    ]);
    expect(visitor.page('#q').attr('value')).toBe(text);
  });

  test.each(['q=a&q=b', `q=${'x'.repeat(101)}`])('that is none (%s) is refused', async (query) => {
    expect((await agent.visitor.tab().open(`/people?${query}`)).status).toBeGreaterThanOrEqual(400);
  });

  test('shows no more than so many, and leaves in the audit how many, not what was typed', async () => {
    for (let at = 0; at < 27; at += 1) world.personIn('north');
    const visitor = await agent.visitor.tab().open('/people?q=person.');
    expect(visitor.page('main tbody tr')).toHaveLength(25);
    expect(visitor.text).toContain('There are more');
    const viewed = world.audited('console.viewed').at(-1);
    expect(viewed?.detail).toMatchObject({ what: '/people', results: 25, by: agent.person.id });
    expect(JSON.stringify(viewed)).not.toContain('person.');
    expect(world.portals.log.join('\n')).not.toContain('q=person.');
  });
});

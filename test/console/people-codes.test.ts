import { load } from 'cheerio';
import { describe, expect, test } from 'vitest';
import { outside } from '../portals/outside.ts';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { peopleDesk, reason } from './people-desk.ts';
import { ConsoleWorld } from './world.ts';

const desk = peopleDesk();

describe('a code of the helpdesk', () => {
  const codeIn = (text: string | undefined): string => /\b\d{8}\b/.exec(text ?? '')?.[0] ?? '';

  /** Whoever sends codes has proved themselves a moment ago. */
  const fresh = async (): Promise<Visitor> => (await desk.world.signedIn('helpdesk')).visitor;

  async function issued(person: Person, to = 'otp-sms'): Promise<string> {
    const page = await (await fresh()).open(`/people/${person.id}/code`);
    await page.submit({ to, reason });
    expect(page.text).toContain('A code is on its way');
    return codeIn((await desk.textsTo(person.mobile)).at(-1));
  }

  async function toCode(person: Person): Promise<Visitor> {
    const visitor = await desk.world.portals.passGate(await desk.world.portals.start(person.samName), person);
    expect(visitor.path).toBe('/reset/helpdesk-code');
    return visitor;
  }

  test('lets the person through once; nobody of the staff sees it, and nothing keeps it', async () => {
    const person = await desk.registered('inNorth');
    expect((await desk.open(person)).text).toContain('asks for a code from the helpdesk');
    const code = await issued(person);
    expect(code).toMatch(/^\d{8}$/);
    const visitor = await toCode(person);
    await visitor.submit({ code });
    expect(visitor.path).toBe('/reset/choose');
    const page = await desk.open(person);
    expect(page.text).toContain('The helpdesk had a code sent.');
    const everything = [
      page.answer.text,
      JSON.stringify(desk.world.portals.auditRows()),
      desk.world.portals.log.join('\n'),
    ];
    for (const place of everything) {
      expect(place).not.toContain(code);
      expect(place).not.toContain(person.mobile.slice(1));
    }
    expect((await desk.mails(person.mail)).at(-1)).toContain('had a code sent');
    // The flow that used it goes on to its end, and no other comes so far.
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
    // Without a code the person is somebody who cannot pass: the same pages, and nothing is sent.
    const texts = await desk.textsTo(person.mobile);
    const replay = await desk.world.portals.start(person.samName);
    expect(replay.path).toBe('/reset/otp-sms');
    expect(await desk.textsTo(person.mobile)).toEqual(texts);
  });

  test('keeps what was chosen and typed when the other is missing, and says so where it belongs', async () => {
    const person = await desk.registered('inNorth');
    for (const [path, field, press] of [
      ['code', 'to', undefined],
      ['caller', 'gate', 'act=start'],
    ] as const) {
      const page = await (await fresh()).open(`/people/${person.id}/${path}`);
      // The only place there is need not be chosen, so a browser would send it.
      const nowhere = await page.post(page.path, { reason, ...(press === undefined ? {} : { act: 'start' }) });
      const asked = load(nowhere.text);
      expect([nowhere.status, asked('.problem a').text()]).toEqual([422, 'Choose where it goes.']);
      expect(asked(asked('.problem a').attr('href') ?? '').is(`fieldset#${field}`)).toBe(true);
      expect(asked('textarea[name="reason"]').text()).toBe(reason);
      await page.submit({ reason: '', [field]: 'otp-sms' }, press);
      expect([page.status, page.problems]).toEqual([422, 'Enter the reason.']);
      expect(page.page(`input[name="${field}"][checked]`).attr('value')).toBe('otp-sms');
    }
    expect(await desk.textsTo(person.mobile)).toEqual([]);
  });

  test('is asked for again who has not proved themselves lately, before a code is sent or a way removed', async () => {
    const person = await desk.registered('inNorth');
    const { visitor } = await desk.world.signedIn('helpdesk');
    desk.world.clock.pass(6 * 60);
    for (const path of ['code', 'remove/otp-sms']) {
      expect((await visitor.tab().open(`/people/${person.id}/${path}`)).path).toBe('/confirm');
      expect((await desk.act(person, path, { reason, to: 'otp-sms' }, visitor)).location).toBe('/confirm');
    }
    expect(await desk.textsTo(person.mobile)).toEqual([]);
    expect(await desk.world.latchkey.stores.enrolments.of(person.id)).toHaveLength(1);
  });

  test('of which there is none looks the same, and passes nobody', async () => {
    const person = await desk.registered('inNorth');
    const without = await desk.world.portals.start(person.samName);
    expect(without.path).toBe('/reset/otp-sms');
    await issued(person);
    const other = await desk.registered('inNorth');
    desk.world.clock.pass(60);
    const theirs = await issued(other);
    const visitor = await toCode(person);
    await visitor.submit({ code: theirs });
    expect(visitor.problems).toContain('not right');
  });

  test('is nothing after its ten minutes, nor once a newer one was sent', async () => {
    const person = await desk.registered('inNorth');
    const first = await issued(person);
    desk.world.clock.pass(61);
    const second = await issued(person);
    const visitor = await toCode(person);
    await visitor.submit({ code: first });
    expect(visitor.problems).toContain('not right');
    desk.world.clock.pass(600);
    await visitor.submit({ code: second });
    expect(visitor.path).toBe('/reset/helpdesk-code');
    expect([visitor.status, visitor.problems]).toEqual([200, expect.stringContaining('not right')]);
    expect((await desk.open(person)).text).toContain('asks for a code from the helpdesk');
  });

  test('that came to its end before its page was opened is asked for all the same', async () => {
    const person = await desk.registered('inNorth');
    const code = await issued(person);
    desk.world.clock.pass(590);
    const visitor = await desk.world.portals.start(person.samName);
    desk.world.clock.pass(11);
    await desk.world.portals.passGate(visitor, person);
    expect([visitor.path, visitor.status]).toEqual(['/reset/helpdesk-code', 200]);
    await visitor.submit({ code });
    expect(visitor.problems).toContain('not right');
  });

  test('5.4: tells nobody by its end, or by its use elsewhere, that there was one', async () => {
    const { portals } = desk.world;
    const agentOfSouth = (await desk.world.signedIn('helpdesk-south')).visitor;
    const person = await desk.registered('south');
    const page = await agentOfSouth.open(`/people/${person.id}/code`);
    await page.submit({ to: 'otp-sms', reason });
    const code = codeIn((await desk.textsTo(person.mobile)).at(-1));
    // A name that nobody has and that is shown the same chain.
    const ghosts = Array.from({ length: 30 }, (_, at) => `ghost.south.${at}`);
    let ghost: Visitor | undefined;
    for (const name of ghosts) {
      const visitor = await portals.start(name);
      if (visitor.path === '/reset/helpdesk-code') ghost ??= visitor;
    }
    if (ghost === undefined) throw new Error('no decoy was shown the chain of the south');
    const [early, late] = [await portals.start(person.samName), await portals.start(person.samName)];
    const guess = (visitor: Visitor) => visitor.ask({ method: 'post', ...visitor.form({ code: '00000000' }) });
    const shown = async (visitor: Visitor) => [
      outside(await guess(visitor)),
      outside((await visitor.open('/reset/helpdesk-code')).answer),
    ];
    const own = await portals.start(person.samName);
    await own.submit({ code });
    expect(own.path).toBe('/reset/choose');
    const asDecoy = await shown(ghost);
    expect(await shown(early)).toEqual(asDecoy);
    desk.world.clock.pass(601);
    expect(await shown(late)).toEqual(await shown(ghost));
  });

  test('posted many times at once passes one flow of many', async () => {
    const person = await desk.registered('inNorth');
    const code = await issued(person);
    const visitors: Visitor[] = [];
    for (let at = 0; at < 2; at += 1) {
      desk.world.clock.pass(11);
      visitors.push(await toCode(person));
    }
    const posts = visitors.flatMap((visitor) => Array.from({ length: 5 }, () => visitor.tab()));
    const answers = await Promise.all(posts.map((visitor) => visitor.post('/reset/helpdesk-code', { code })));
    expect(answers.map(({ status }) => status)).not.toContain(500);
    const stands = await Promise.all(visitors.map(async (visitor) => (await visitor.tab().open('/reset/choose')).path));
    expect(stands.filter((path) => path === '/reset/choose')).toHaveLength(1);
  });

  test('goes to the manager whom the directory names, in a mail that says for whom', async () => {
    const person = await desk.registered('inNorth');
    const path = `/people/${person.id}/code`;
    expect((await (await fresh()).open(path)).text).not.toContain('The person’s manager');
    const manager = desk.world.personIn('north');
    desk.world.portals.demo.administration.set(person.entry, { manager: manager.entry.dn });
    const page = await (await fresh()).open(path);
    await page.submit({ to: 'manager', reason });
    const mail = (await desk.mails(manager.mail)).at(-1);
    expect(mail).toContain(person.samName);
    const visitor = await toCode(person);
    await visitor.submit({ code: codeIn(mail) });
    expect(visitor.path).toBe('/reset/choose');
  });

  test('needs no choice where it can go to one place only, and what was chosen stays when the reason lacks', async () => {
    const person = await desk.registered('inNorth');
    const page = await (await fresh()).open(`/people/${person.id}/code`);
    const chosen = () => page.page('[name="to"][checked]').attr('value');
    expect(chosen()).toBe('otp-sms');
    const manager = desk.world.personIn('north');
    desk.world.portals.demo.administration.set(person.entry, { manager: manager.entry.dn });
    await page.open(`/people/${person.id}/code`);
    expect(chosen()).toBeUndefined();
    await page.submit({ to: 'manager', reason: '' });
    expect(page.text).toContain('Enter the reason.');
    expect(chosen()).toBe('manager');
  });

  test('5.33: never goes to whoever asks for it: the manager themselves, their mailbox, their telephone', async () => {
    const person = await desk.registered('inNorth');
    const by = await desk.world.signedIn('helpdesk');
    desk.world.portals.demo.administration.set(person.entry, { manager: by.person.entry.dn });
    const asked = async (to: string) => (await desk.act(person, 'code', { reason, to }, by.visitor)).text;
    expect(await asked('manager')).toContain('It would come to yourself');
    const shared = desk.world.personIn('north');
    desk.world.portals.demo.administration.set(shared.entry, { mail: by.person.mail.toUpperCase() });
    desk.world.portals.demo.administration.set(person.entry, { manager: shared.entry.dn });
    expect(await asked('manager')).toContain('It would come to yourself');
    await desk.world.portals.register({ ...person, mobile: by.person.mobile }, ['otp-sms']);
    expect(await asked('otp-sms')).toContain('It would come to yourself');
    expect(await desk.mails(by.person.mail)).toEqual([]);
    const refused = (await desk.rowsAbout(person)).filter(({ event }) => event === 'helpdesk.refused');
    expect(refused.map(({ detail }) => detail?.why)).toEqual(['yours', 'yours', 'yours']);
    expect((await desk.rowsAbout(person)).map(({ event }) => event)).not.toContain('code.issuing');
  });

  test('5.33: posted many times at once sends one text', async () => {
    const person = await desk.registered('inNorth');
    const by = await fresh();
    await Promise.all(Array.from({ length: 8 }, () => desk.act(person, 'code', { reason, to: 'otp-sms' }, by)));
    expect(await desk.textsTo(person.mobile)).toHaveLength(1);
  });

  test('is not bombed, and goes nowhere that the person did not register', async () => {
    const person = await desk.registered('inNorth');
    await issued(person);
    const by = await fresh();
    expect((await desk.act(person, 'code', { reason, to: 'otp-sms' }, by)).text).toContain(
      'This was done a moment ago.',
    );
    for (const to of ['phone', 'questions', 'helpdesk-code', '+447700900000', '__proto__', 'manager']) {
      expect((await desk.act(person, 'code', { reason, to }, by)).text).toContain('There is nowhere to send it to.');
    }
    expect((await desk.act(person, 'code', { reason }, by)).text).toContain('Choose where it goes.');
    expect(await desk.textsTo(person.mobile)).toHaveLength(1);
  });

  test('cannot be registered: the registration leaves it out', async () => {
    const person = desk.world.personIn('inNorth');
    const visitor = await desk.world.portals.signIn(person.samName, person.password);
    expect(visitor.path).toBe('/registration/otp-sms');
    await visitor.submit({ number: person.mobile }, 'act=next');
    await visitor.submit({ code: await desk.world.portals.code(person.mobile) }, 'act=next');
    expect(visitor.path).toBe('/registration/done');
    expect(visitor.text).toContain('Ask the helpdesk for a code.');
  });

  test('attack: has no page, by any address, for somebody of whom no policy asks one, and none is sent', async () => {
    const person = await desk.registered('north');
    const by = await fresh();
    expect((await desk.open(person)).page(`a[href="/people/${person.id}/code"]`)).toHaveLength(0);
    const look = (visitor: Visitor) => visitor.text.replace(/number: \S+/, '');
    const nowhere = await by.tab().open('/people/00000000-0000-4000-8000-000000000000/code');
    const there = await by.tab().open(`/people/${person.id}/code`);
    expect([there.status, look(there)]).toEqual([404, look(nowhere)]);
    for (const fields of [{ reason, to: 'otp-sms' }, { reason, to: 'manager' }, { reason }]) {
      expect((await desk.act(person, 'code', fields, by)).status).toBe(404);
    }
    expect(await desk.textsTo(person.mobile)).toEqual([]);
    const rows = await desk.rowsAbout(person);
    expect(rows.map(({ event }) => event)).not.toContain('code.issuing');
    expect(rows.map(({ event }) => event)).toContain('helpdesk.refused');
    expect(await desk.world.latchkey.stores.enrolments.registered(person.id)).toHaveLength(1);
  });
});

test('where no policy asks for codes, and none can come to, there is no way to one', async () => {
  const world = await ConsoleWorld.open();
  try {
    const paths = world.latchkey.console?.router.routes.map(({ path }) => path) ?? [];
    expect(paths).toContain('/people/:id/caller');
    expect(paths).not.toContain('/people/:id/code');
    const { visitor } = await world.signedIn('administrator');
    const person = world.personIn('north');
    await world.portals.register(person, ['otp-sms']);
    const page = await visitor.open(`/people/${person.id}`);
    expect(page.page('a[href$="/code"]')).toHaveLength(0);
    const look = (one: Visitor) => one.text.replace(/number: \S+/, '');
    const nowhere = await visitor.tab().open('/no/such/page');
    const there = await visitor.tab().open(`/people/${person.id}/code`);
    expect([there.status, look(there)]).toEqual([404, look(nowhere)]);
    const { status } = await page.post(`/people/${person.id}/code`, { reason, to: 'otp-sms' });
    expect(status).toBe(404);
    await world.latchkey.challenges.idle();
    expect(world.portals.phones.phone(person.mobile).texts).toEqual([]);
  } finally {
    await world.close();
  }
});

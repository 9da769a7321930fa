import { beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { peopleDesk, reason } from './people-desk.ts';

const desk = peopleDesk();

describe('5.33: somebody of another unit', () => {
  let stranger: Person;
  beforeAll(async () => {
    stranger = await desk.registered('south');
    await desk.bar(stranger);
  });

  test('is found by nothing, and looks as if there were nobody', async () => {
    const nobody = await desk.agent.visitor.tab().open('/people?q=nobody-at-all');
    for (const text of [stranger.samName, stranger.mail, stranger.id]) {
      const visitor = await desk.agent.visitor.tab().open(`/people?q=${encodeURIComponent(text)}`);
      expect(visitor.status).toBe(nobody.status);
      expect(visitor.page('main [role="status"]').text()).toBe(nobody.page('main [role="status"]').text());
      expect(visitor.answer.text).not.toContain(stranger.id === text ? 'href="/people/' : stranger.id);
    }
  });

  test.each(['', '/code', '/caller', '/remove/otp-sms'])('is no page (%s), as nobody is', async (more) => {
    const there = await desk.agent.visitor.tab().open(`/people/${stranger.id}${more}`);
    const look = (visitor: Visitor) => visitor.text.replace(/number: \S+/, '');
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x', '%00', `${stranger.id}x`, '__proto__']) {
      const nowhere = await desk.agent.visitor.tab().open(`/people/${id}${more}`);
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
    const texts = await desk.textsTo(stranger.mobile);
    expect((await desk.act(stranger, name, fields)).status).toBe(404);
    expect(await desk.lockout(stranger)).toBeDefined();
    expect(await desk.world.latchkey.stores.enrolments.of(stranger.id)).toHaveLength(1);
    expect(await desk.textsTo(stranger.mobile)).toEqual(texts);
    expect(await desk.mails(stranger.mail)).toEqual([]);
    const refused = (await desk.rowsAbout(stranger)).find(({ event }) => event === 'console.refused');
    expect(refused?.detail).toMatchObject({ by: desk.agent.person.id, why: 'reach' });
  });

  test('is out of reach from the moment that they are moved, between the page and the act', async () => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const page = await desk.open(person);
    expect(page.status).toBe(200);
    const [name] = person.entry.dn.split(',');
    desk.world.portals.demo.administration.move(person.entry, `${name},OU=South,${desk.world.portals.people}`);
    expect((await desk.act(person, 'clear-bars', { reason })).status).toBe(404);
    expect(await desk.lockout(person)).toBeDefined();
  });

  test('is in reach of the helpdesk of their unit, and of an administrator', async () => {
    const south = await desk.world.signedIn('helpdesk-south');
    expect((await desk.open(stranger, south.visitor)).status).toBe(200);
    const administrator = await desk.world.signedIn('administrator');
    expect((await desk.open(stranger, administrator.visitor)).status).toBe(200);
  });
});

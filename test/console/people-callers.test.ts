import { describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { peopleDesk, reason } from './people-desk.ts';

const desk = peopleDesk();

describe('a caller', () => {
  async function started(person: Person): Promise<Visitor> {
    const page = await desk.agent.visitor.tab().open(`/people/${person.id}/caller`);
    return page.submit({ gate: 'otp-sms', reason }, 'act=start');
  }

  const codeIn = (text: string | undefined): string => /\b\d{6}\b/.exec(text ?? '')?.[0] ?? '';

  test('who reads out the code is verified, and both have seen the same words; also one who is barred', async () => {
    const person = await desk.registered('north');
    await desk.bar(person);
    const page = await started(person);
    const phrase = page.page('.phrase').text().trim();
    const text = (await desk.textsTo(person.mobile)).at(-1);
    expect(phrase).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+ \d\d$/);
    expect(text).toContain(phrase);
    expect(page.answer.text).not.toContain(codeIn(text));
    await page.submit({ code: codeIn(text) }, 'act=check');
    expect(page.text).toContain('Verified: the caller has the telephone');
    const rows = await desk.rowsAbout(person);
    expect(rows.find(({ event }) => event === 'caller.verified')?.detail).toMatchObject({
      by: desk.agent.person.id,
      reason,
    });
    expect(JSON.stringify(rows)).not.toContain(codeIn(text));
    expect(await desk.lockout(person)).toBeDefined();
  });

  test('whose check was left for another one is not verified by it, and the agent is told', async () => {
    const [one, other] = [await desk.registered('north'), await desk.registered('north')];
    const page = await started(one);
    const code = codeIn((await desk.textsTo(one.mobile)).at(-1));
    await started(other);
    await page.submit({ code }, 'act=check');
    expect([page.path, page.text]).toEqual([
      `/people/${one.id}/caller`,
      expect.stringContaining('This check is not under way any more'),
    ]);
    for (const person of [one, other]) {
      expect((await desk.rowsAbout(person)).map(({ event }) => event)).not.toContain('caller.verified');
    }
  });

  test('5.33: is sent one text, however many checks are begun at once', async () => {
    const person = await desk.registered('north');
    const fields = { act: 'start', gate: 'otp-sms', reason };
    await Promise.all(Array.from({ length: 8 }, () => desk.act(person, 'caller', fields)));
    expect(await desk.textsTo(person.mobile)).toHaveLength(1);
  });

  test('who cannot is not, after so many wrong codes, and the person is not barred by that', async () => {
    const person = await desk.registered('north');
    const page = await started(person);
    const right = codeIn((await desk.textsTo(person.mobile)).at(-1));
    const wrong = right === '000000' ? '111111' : '000000';
    for (let at = 0; at < 10 && page.page('#code').length > 0; at += 1) await page.submit({ code: wrong }, 'act=check');
    expect(page.text).toContain('Not verified.');
    expect((await desk.rowsAbout(person)).map(({ event }) => event)).toContain('caller.not-verified');
    expect(await desk.lockout(person)).toBeUndefined();
    const told = (await desk.mails(person.mail)).at(-1);
    expect(told).toContain('could not tell the code that was sent to your telephone');
    expect(told).not.toContain('we take none for a while');
    desk.world.clock.pass(61);
    expect((await desk.act(person, 'caller', { act: 'start', reason, gate: 'otp-sms' })).text).toContain(
      'Too many wrong codes',
    );
    expect((await desk.act(person, 'clear-bars', { reason })).status).toBe(303);
    expect((await started(person)).page('.phrase')).toHaveLength(1);
  });

  test('who gives up is not verified; a code that is too old, or another person’s, verifies nobody', async () => {
    const person = await desk.registered('north');
    const page = await started(person);
    const code = codeIn((await desk.textsTo(person.mobile)).at(-1));
    const other = await desk.registered('north');
    const elsewhere = await desk.act(other, 'caller', { act: 'check', code });
    expect(elsewhere.page?.text).not.toContain('Verified');
    await page.submit({}, 'act=stop');
    expect(page.text).toContain('Not verified.');
    await desk.act(person, 'caller', { act: 'check', code });
    expect((await desk.rowsAbout(person)).map(({ event }) => event)).not.toContain('caller.verified');
    desk.world.clock.pass(61);
    const late = await started(person);
    const second = codeIn((await desk.textsTo(person.mobile)).at(-1));
    desk.world.clock.pass(600);
    await late.submit({ code: second }, 'act=check');
    expect(late.text).toContain('Not verified.');
    const ends = (await desk.rowsAbout(person))
      .map(({ event }) => event)
      .filter((event) => event.startsWith('caller.'));
    expect(ends.filter((event) => event === 'caller.not-verified')).toHaveLength(2);
    expect(ends).not.toContain('caller.verified');
  });
});

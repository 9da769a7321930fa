import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

const newPassword = 'Canary-New-77-Password';
const wrongPassword = 'Canary-Wrong-88-Password';
const wrongAnswer = 'Canary Wrong Answer';

describe('a whole visit', () => {
  /** Everything that a person and Latchkey told each other, and every page with its address. */
  async function visit(person: Person): Promise<{ pages: string; addresses: string; codes: readonly string[] }> {
    const visitor = world.visitor();
    const pages: string[] = [];
    const addresses: string[] = [];
    const codes: string[] = [];
    const ask = visitor.ask.bind(visitor);
    visitor.ask = async (asked) => {
      const answer = await ask(asked);
      pages.push(answer.text);
      addresses.push(asked.path, String(answer.headers.location ?? ''));
      return answer;
    };
    await world.signIn(person.samName, wrongPassword, visitor);
    await world.signIn(person.samName, person.password, visitor);
    await world.confirmCall(person.phone);
    await visitor.submit({}, 'act=next');
    for (let gate = 0; gate < 3; gate += 1) await visitor.submit({}, 'keep=yes');
    await world.start(person.samName, visitor);
    await world.confirmCall(person.phone);
    await visitor.submit({}, 'act=next');
    codes.push(await world.code(person.mobile));
    const wrong = await world.wrongCode(person.mobile);
    await visitor.submit({ code: wrong }, 'act=next');
    await visitor.submit({ code: codes[0] ?? '' }, 'act=next');
    await visitor.submit({ q1: wrongAnswer, q2: wrongAnswer });
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: 'Canary-short', repeat: 'Canary-other' });
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    await world.latchkey.challenges.idle();
    return { pages: pages.join('\n'), addresses: addresses.join('\n'), codes };
  }

  test('leaves no secret in the log at any level, in an address, or on a page', async () => {
    const person = await world.registered();
    const from = world.log.length;
    const { pages, addresses, codes } = await visit(person);
    const log = world.log.slice(from).join('\n');
    expect(log.split('\n').length).toBeGreaterThan(20);
    const never = [
      person.password,
      newPassword,
      wrongPassword,
      'Canary-short',
      'Canary-other',
      wrongAnswer,
      'Hillside Primary',
      'Blue Heron Pier',
      'Captain Nemo',
      ...codes,
    ];
    for (const secret of never) {
      expect(secret).not.toBe('');
      expect(log).not.toContain(secret);
      expect(addresses).not.toContain(secret);
      expect(pages).not.toContain(secret);
    }
    for (const personal of [person.phone, person.mobile, person.phone.slice(3), person.mobile.slice(3)]) {
      expect(log).not.toContain(personal);
      expect(addresses).not.toContain(personal);
    }
    for (const name of [person.samName, person.mail, 'DC=contoso', '<GUID=']) expect(addresses).not.toContain(name);
    for (const inner of ['DC=contoso', '<GUID=', person.id]) expect(pages).not.toContain(inner);
  });

  test('leaves no secret in the audit', async () => {
    const person = await world.registered();
    const { codes } = await visit(person);
    const rows = JSON.stringify(await world.latchkey.stores.audit.about(person.id, 500));
    expect(rows).toContain('write.done');
    for (const secret of [person.password, newPassword, wrongAnswer, person.phone, person.mobile, ...codes]) {
      expect(rows).not.toContain(secret);
    }
  });

  test('shows whole numbers to nobody before they have proved that they hold one', async () => {
    const person = await world.registered();
    const seen: string[] = [];
    const visitor = await world.start(person.samName);
    seen.push(visitor.answer.text);
    await world.passGate(visitor, person);
    seen.push(visitor.answer.text);
    seen.push((await world.signIn(person.samName, person.password)).answer.text);
    for (const page of seen) {
      for (const number of [person.phone, person.mobile]) expect(page).not.toContain(number.slice(-6));
    }
  });

  test('puts no secret into the log when the request itself is refused', async () => {
    const visitor = await world.visitor().open('/registration');
    const from = world.log.length;
    const bodies = [
      `login=a&password=${wrongPassword}`,
      `_csrf=${visitor.token}&login=a&password=${wrongPassword}&x=y`,
    ];
    for (const body of bodies) await visitor.ask({ method: 'post', path: '/registration', body });
    await visitor.ask({ method: 'get', path: `/reset?password=${wrongPassword}` });
    await visitor.ask({ method: 'post', path: `/reset?password=${wrongPassword}`, body: '' });
    const log = world.log.slice(from).join('\n');
    expect(log).toContain('request refused');
    expect(log).not.toContain('Canary');
  });
});

describe('5.19: a name that is markup', () => {
  test.each([
    '<img src=x onerror=alert(1)>',
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    '{{1234567*7}} $\u007b1234567*7} <%= 1234567*7 %> #{1234567*7}',
    '</script><script>alert(1)//',
    '$t(page.help) {{constructor}}',
  ])('%s is text on every page and in every mail', async (displayName) => {
    const person = await world.registered({ displayName });
    const visitor = await world.toPassword(person);
    const check = (): void => {
      const $ = visitor.page;
      expect($('img, [onerror]')).toHaveLength(0);
      expect(
        $('script')
          .toArray()
          .map((one) => $(one).attr('src')),
      ).toEqual(['/assets/latchkey.js']);
      expect($('script').text()).toBe('');
      expect(visitor.answer.text).not.toContain('8641969');
    };
    check();
    const names = JSON.parse(visitor.page('#password').attr('data-names') ?? '[]') as string[];
    expect(names[0]).toBe(person.samName);
    await visitor.submit({ password: 'short', repeat: 'short' });
    check();
    await visitor.submit({ password: newPassword, repeat: newPassword });
    check();
    expect(visitor.path).toBe('/reset/done');
    const [mail] = world.latchkey.mailbox?.mails(person.mail) ?? [];
    expect(mail?.text).toContain(displayName);
  });

  test('typed as a user name comes back as text', async () => {
    const typed = '"><script>alert(1)</script>@x*';
    const visitor = await world.start(typed);
    expect(visitor.status).toBe(422);
    expect(visitor.page('#login').attr('value')).toBe(typed);
    expect(visitor.page('main script')).toHaveLength(0);
  });

  test.each([
    '*',
    'a*',
    '*)(objectClass=*',
    ')(|(cn=*',
    'anna.berg)(uid=*',
    '\\2a',
    'anna\\00berg',
    '%2a',
    "' OR 1=1--",
  ])('5.18: that is a filter (%s) finds nobody', async (typed) => {
    const find = world.latchkey.directory.find.bind(world.latchkey.directory);
    expect(await find({ kind: 'bare', name: typed })).toBeUndefined();
    const visitor = await world.start(typed);
    expect(visitor.status === 422 || visitor.path === '/reset/phone').toBe(true);
  });
});

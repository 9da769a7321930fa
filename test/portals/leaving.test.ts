import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'] });
});
afterAll(() => world.close());

const newPassword = 'Correct-Horse-7-Battery';
const forget = '"cache", "storage"';

/** How a code's page names the number. */
const mask = (person: Person): string => `••${person.mobile.slice(-2)}`;

const clearing = (visitor: Visitor): unknown => visitor.answer.headers['clear-site-data'];

/** Every way in which a visit ends, and the page on which it does. */
const ends: Readonly<Record<string, readonly [path: string, end: (person: Person) => Promise<Visitor>]>> = {
  'a reset': [
    '/reset/done',
    async (person) => (await world.toPassword(person)).submit({ password: newPassword, repeat: newPassword }),
  ],
  'an unlock': [
    '/reset/done',
    async (person) => {
      world.lock(person);
      return (await world.toChoice(person)).submit({ action: 'unlock' });
    },
  ],
  'a cancel': ['/reset/ended', async (person) => (await world.start(person.samName)).submit({}, 'cancel=yes')],
  'too many wrong codes': [
    '/reset/refused',
    async (person) => {
      const visitor = await world.start(person.samName);
      const code = await world.wrongCode(person.mobile);
      for (let tries = 0; tries < 3; tries += 1) await visitor.submit({ code }, 'act=next');
      return visitor;
    },
  ],
  'the time of a flow': [
    '/reset/expired',
    async (person) => {
      const visitor = await world.start(person.samName);
      for (let half = 0; half < 2; half += 1) {
        world.clock.pass(15 * 60);
        await visitor.tab().open('/help');
      }
      return visitor.open('/reset/otp-sms');
    },
  ],
  'the time of a session': [
    '/reset/expired',
    async (person) => {
      const visitor = await world.start(person.samName);
      world.clock.pass(60 * 60);
      return visitor.open('/reset/otp-sms');
    },
  ],
  'a registration': [
    '/registration/done',
    async (person) => {
      const visitor = await world.signIn(person.samName, person.password);
      await visitor.submit({ code: await world.code(person.mobile) }, 'act=next');
      for (let gate = 0; gate < 2; gate += 1) await visitor.submit({}, 'keep=yes');
      return visitor;
    },
  ],
};

describe.each(Object.entries(ends))('5.38: after %s', (_what, [path, end]) => {
  test('the browser forgets the visit, the end bears a reload, and the language stays', async () => {
    const person = await world.registered();
    const visitor = await end(person);
    expect([visitor.path, clearing(visitor)]).toEqual([path, forget]);
    expect(visitor.answer.headers['cache-control']).toBe('no-store');
    const { heading } = visitor;
    await visitor.open(path);
    expect([visitor.path, visitor.heading, clearing(visitor)]).toEqual([path, heading, forget]);
    await visitor.post('/language', { language: 'ar', back: path });
    await visitor.open(path);
    expect([visitor.path, visitor.page('html').attr('lang')]).toEqual([path, 'ar']);
  });

  test('every page before it leads to the end, and shows nothing of the visit', async () => {
    const person = await world.registered();
    const visitor = await end(person);
    const portal = path.split('/')[1];
    for (const page of ['otp-sms', 'questions', 'confirm-otp-sms', 'choose', 'password', 'working', 'done']) {
      const back = await visitor.tab().open(`/${portal}/${page}`);
      expect(back.path).toBe(path);
      expect(back.text).not.toContain(mask(person));
    }
    const start = await visitor.tab().open(`/${portal}`);
    expect(start.page('#login').attr('value') ?? '').toBe('');
    expect(start.answer.text).not.toContain(person.samName);
  });
});

describe('5.38: nothing else', () => {
  test('makes a browser forget anything: what is under way goes on', async () => {
    const person = await world.registered();
    const visitor = await world.visitor().open('/');
    for (const open of ['/', '/help', '/reset', '/registration', '/nothing/here']) {
      expect(clearing(await visitor.open(open))).toBeUndefined();
    }
    await world.start(person.samName, visitor);
    expect([visitor.path, clearing(visitor)]).toEqual(['/reset/otp-sms', undefined]);
    expect(visitor.text).toContain(mask(person));
    for (let gate = 0; gate < 2; gate += 1) await world.passGate(visitor, person);
    expect([visitor.path, clearing(visitor)]).toEqual(['/reset/choose', undefined]);
    await visitor.submit({ action: 'reset' });
    expect([visitor.path, clearing(visitor)]).toEqual(['/reset/password', undefined]);
  });

  test('that was typed as a secret comes back in a field', async () => {
    const person = await world.registered();
    const fields = (visitor: Visitor): readonly string[] =>
      visitor
        .page('main input:not([type="hidden"], [type="radio"], [autocomplete="username"])')
        .toArray()
        .map((field) => visitor.page(field).attr('value') ?? '');
    const wrong = await world.signIn(person.samName, 'Wrong-Password-1');
    expect([wrong.status, fields(wrong)]).toEqual([422, ['']]);
    const visitor = await world.start(person.samName);
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    expect(fields(visitor)).toEqual(['']);
    await world.passGate(visitor, person);
    await visitor.submit({ q1: 'wrong', q2: 'wrong' });
    expect(fields(visitor)).toEqual(['', '']);
    await world.passGate(visitor, person);
    await visitor.submit({ action: 'reset' });
    await visitor.submit({ password: 'short', repeat: 'other' });
    expect(visitor.problems).not.toBe('');
    expect(fields(visitor)).toEqual(['', '']);
  });
});

describe('other sites', () => {
  const pages = ['/', '/help', '/reset', '/reset/otp-sms', '/reset/otp-sms/state', '/registration', '/not-me/abc'];
  const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'a frame': { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
    'an old frame': { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'frame' },
    'an object': { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'object' },
    'an embedded page': { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'embed' },
    'an image': { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
    'a script': { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'script' },
    'a fetch': { 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' },
    'no mode at all': {},
  };

  test.each(Object.entries(parts))('3.5.8: 5.11: get no page as %s', async (_what, headers) => {
    const visitor = await world.start((await world.registered()).samName);
    for (const site of ['cross-site', 'same-site']) {
      for (const path of pages) {
        const answer = await visitor.ask({ method: 'get', path, headers: { 'Sec-Fetch-Site': site, ...headers } });
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.text).not.toMatch(/••|"state"/);
      }
    }
  });

  test('may lead people here, in a window of their own', async () => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
    for (const path of ['/', '/help', '/reset', '/registration']) {
      expect((await world.visitor().ask({ method: 'get', path, headers })).status).toBe(200);
    }
  });

  test('5.11: 3.4.6: can put no page in a frame, whatever the page', async () => {
    const person = await world.registered();
    const visitor = await world.visitor().open('/reset');
    const seen: Visitor['answer'][] = [visitor.answer];
    await world.start(person.samName, visitor);
    seen.push(visitor.answer);
    for (let gate = 0; gate < 2; gate += 1) seen.push((await world.passGate(visitor, person)).answer);
    seen.push((await visitor.submit({ action: 'reset' })).answer);
    seen.push((await visitor.submit({ password: newPassword, repeat: newPassword })).answer);
    expect(visitor.path).toBe('/reset/done');
    for (const { headers } of seen) {
      expect(String(headers['content-security-policy']).split(';')).toContain("frame-ancestors 'none'");
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  test('our own script may ask how a flow stands', async () => {
    const visitor = await world.start((await world.registered()).samName);
    const headers = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };
    const answer = await visitor.ask({ method: 'get', path: '/reset/otp-sms/state', headers });
    expect([answer.status, Object.keys(JSON.parse(answer.text))]).toEqual([200, ['state']]);
  });
});

test('5.39: the secret of a link is not in the log, in whatever form somebody follows it', async () => {
  const secret = 'Zq'.repeat(21).concat('x');
  const from = world.log.length;
  const forms = [
    `/not-me/${secret}`,
    `//not-me/${secret}`,
    `/NOT-ME/${secret}`,
    `/not-me//${secret}`,
    `/not-me/x/${secret}`,
  ];
  for (const path of [...forms, `/help?token=${secret}`, `/not-me/${secret}/`, `/not-me/%5A${secret.slice(1)}`]) {
    for (const method of ['get', 'post', 'put'] as const) await world.visitor().ask({ method, path });
  }
  const lines = world.log.slice(from);
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.join('\n')).not.toContain(secret.slice(1));
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askAsWritten } from '../portals/octets.ts';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let staff: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open();
});
beforeEach(async () => {
  ({ visitor: staff } = await world.signedIn('administrator', 'helpdesk', 'auditor'));
});
afterAll(() => world.close());

const isIn = async (visitor: Visitor): Promise<boolean> => (await visitor.tab().open('/')).path === '/';

/** The id that a cookie is signed over. */
const plainId = (value: string): string => decodeURIComponent(value).replace(/^s:/, '').split('.')[0] ?? '';

describe('a session of one surface', () => {
  test('is nothing on the other, under whatever name its cookie is brought', async () => {
    const own = staff.cookies.get('latchkey-console') ?? '';
    const portal = world.portals.visitor();
    for (const name of ['latchkey', 'latchkey-console']) portal.cookies.set(name, own);
    await portal.open('/reset');
    expect(portal.cookies.get('latchkey')).not.toBe(own);

    const person = await world.staff('administrator');
    const registering = await world.portals.signIn(person.samName, person.password);
    const theirs = registering.cookies.get('latchkey') ?? '';
    const thief = world.visitor();
    for (const name of ['latchkey', 'latchkey-console']) thief.cookies.set(name, theirs);
    expect(await isIn(thief)).toBe(false);
    await thief.open('/console/otp-sms');
    expect(thief.path).toBe('/console/expired');
  });

  test('is nothing on the other even for who can sign cookies: the rows are apart', async () => {
    const { sessions } = world.latchkey.stores;
    const id = plainId(staff.cookies.get('latchkey-console') ?? '');
    expect(await sessions.read(`console:${id}`, world.clock.now())).toBeDefined();
    expect(await sessions.read(id, world.clock.now())).toBeUndefined();
  });

  test('sets no cookie of the other', async () => {
    expect([...staff.cookies.keys()]).toEqual(['latchkey-console']);
    const portal = await world.portals.visitor().open('/reset');
    expect([...portal.cookies.keys()]).toEqual(['latchkey']);
  });
});

describe('a flow', () => {
  /** The console with the id of some flow in a session of its own, as only who writes the database could put it there. */
  async function holding(flow: string): Promise<Visitor> {
    const visitor = await world.visitor().open('/console');
    const { sessions } = world.latchkey.stores;
    const key = `console:${plainId(visitor.cookies.get('latchkey-console') ?? '')}`;
    const kept = (await sessions.read(key, world.clock.now())) as object;
    await sessions.rewrite(key, { data: { ...kept, flow }, expires: new Date(world.clock.now().getTime() + 600_000) });
    return visitor;
  }

  const flowOf = async (visitor: Visitor): Promise<string> => {
    const id = plainId(visitor.cookies.get('latchkey') ?? '');
    const kept = await world.latchkey.stores.sessions.read(id, world.clock.now());
    return (kept as { flow: string }).flow;
  };

  test('of a portal opens no console, however far it has come', async () => {
    const person = await world.staff('administrator');
    const reset = await world.portals.start(person.samName);
    const open = await holding(await flowOf(reset));
    await open.open('/console/otp-sms');
    expect(open.path).toBe('/console/expired');
    await world.portals.passGate(reset, person);
    await reset.submit({ action: 'unlock' });
    expect(reset.path).toBe('/reset/done');
    const ended = await holding(await flowOf(reset));
    for (const page of ['done', 'otp-sms', 'choose']) {
      const { location } = (await ended.post(`/console/${page}`, {})).headers;
      expect(location).toBe('/console/expired');
      expect(await isIn(ended)).toBe(false);
    }
  });

  test('of a sign-in that is over opens no second session', async () => {
    const person = await world.staff('administrator');
    const visitor = await world.password(person);
    const id = plainId(visitor.cookies.get('latchkey-console') ?? '');
    const kept = await world.latchkey.stores.sessions.read(`console:${id}`, world.clock.now());
    const { flow } = kept as { flow: string };
    await world.passFactor(person, visitor);
    expect(await isIn(visitor)).toBe(true);
    world.clock.pass(21 * 60);
    const later = await holding(flow);
    await later.post('/console/done', {});
    expect(await isIn(later)).toBe(false);
  });

  test('cannot be guessed, and the last page is not reached without one', async () => {
    for (const page of ['done', 'otp-sms', 'phone', 'choose', 'working', '__proto__', 'constructor']) {
      const visitor = await world.visitor().open('/console');
      expect((await visitor.post(`/console/${page}`, {})).headers.location).toBe('/console/expired');
      expect((await visitor.ask({ method: 'get', path: `/console/${page}/state` })).text).toBe('{"state":"changed"}');
      expect(await isIn(visitor)).toBe(false);
    }
  });

  test('is walked at its own page: a jump to the end is led back', async () => {
    const visitor = await world.password(await world.staff('administrator'));
    expect((await visitor.post('/console/done', {})).headers.location).toBe('/console/otp-sms');
    expect((await visitor.open('/console/done')).path).toBe('/console/otp-sms');
    expect(await isIn(visitor)).toBe(false);
  });
});

describe('a request that another site makes', () => {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

  test('is refused without the token of the session, and nothing happens', async () => {
    for (const token of ['', 'A'.repeat(64), (await world.visitor().open('/console')).token]) {
      const body = new URLSearchParams({ _csrf: token }).toString();
      const { status } = await staff.ask({ method: 'post', path: '/sign-out', body, headers: form });
      expect(status).toBe(403);
    }
    expect(await isIn(staff)).toBe(true);
  });

  test.each([
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Mode': 'cors' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ])('is refused with the token too when the browser says %o', async (headers) => {
    await staff.open('/');
    const body = new URLSearchParams({ _csrf: staff.token }).toString();
    const answer = await staff.ask({ method: 'post', path: '/sign-out', body, headers: { ...form, ...headers } });
    expect(answer.status).toBe(403);
    expect(await isIn(staff)).toBe(true);
  });

  test.each(['image', 'iframe', 'script', 'empty'])('gets nothing for its %s', async (dest) => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': dest };
    expect((await staff.ask({ method: 'get', path: '/', headers })).status).toBe(403);
  });

  test('is no sign-in: a form that somebody sends from elsewhere signs nobody in as another', async () => {
    const person = await world.staff('auditor');
    const body = new URLSearchParams({ login: person.samName, password: person.password }).toString();
    const headers = { ...form, 'Sec-Fetch-Site': 'cross-site' };
    expect((await staff.ask({ method: 'post', path: '/console', body, headers })).status).toBe(403);
    expect(world.portals.standing(person).badPasswords).toBe(0);
  });
});

describe('a request that is not one of the console', () => {
  test.each(['evil.example', 'localhost', 'localhost:1', 'LOCALHOST:1', ''])(
    'under the host "%s" is refused',
    async (host) => {
      const answer = await askAsWritten(new URL(world.origin).origin.replace('localhost', '127.0.0.1'), {
        path: '/console',
        headers: { Host: host },
      });
      expect([400, 421]).toContain(answer.status);
      expect(answer.text).not.toContain('evil.example');
    },
  );

  test('under the name of the portals is refused, and theirs knows no console', async () => {
    const visitor = world.visitor({ Host: new URL(world.portals.origin).host });
    expect((await visitor.ask({ method: 'get', path: '/console' })).status).toBe(421);
    for (const path of ['/console', '/console/otp-sms', '/confirm', '/sign-out']) {
      expect((await world.portals.visitor().ask({ method: 'get', path })).status).toBe(404);
    }
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'PROPFIND'])('with %s is refused', async (method) => {
    const answer = await askAsWritten(world.origin.replace('localhost', '127.0.0.1'), {
      method,
      path: '/',
      headers: { Host: new URL(world.origin).host },
    });
    expect([400, 405]).toContain(answer.status);
  });

  test('with another kind of body, a query beside it or fields too many is refused', async () => {
    const login = { login: 'a', password: 'b' };
    const visitor = await world.visitor().open('/console');
    const json = { 'Content-Type': 'application/json' };
    const ask = (path: string, body: string, headers = {}) => visitor.ask({ method: 'post', path, body, headers });
    expect((await ask('/console', JSON.stringify(login), json)).status).toBe(415);
    expect((await ask('/console?a=b', '')).status).toBe(400);
    expect((await visitor.post('/console', { ...login, role: 'administrator' })).status).toBe(400);
    expect((await visitor.post('/console', { ...login, staff: 'x', flow: 'y' })).status).toBe(400);
    expect((await visitor.post('/console', { 'login[]': 'a', password: 'b' })).status).toBe(400);
  });
});

test('5.12: a name that cannot be one of ours, such as one with a NUL, reaches no store: PostgreSQL would fail at it', async () => {
  const { jobs, campaigns } = world.latchkey.stores;
  const asked: unknown[] = [];
  const kept = [jobs.read, campaigns.read, campaigns.optedOut] as const;
  Object.assign(jobs, { read: (id: string) => asked.push(id) && kept[0].call(jobs, id) });
  Object.assign(campaigns, { read: (id: string) => asked.push(id) && kept[1].call(campaigns, id) });
  Object.assign(campaigns, {
    optedOut: (ids: readonly string[]) => asked.push(...ids) && kept[2].call(campaigns, ids),
  });
  try {
    for (const name of ['%00', 'a%00', `${'x'.repeat(65)}`, '%F0%9F%98%80', "'%20or%201=1--"]) {
      for (const path of ['/jobs', '/simulator', '/audit/check', '/campaigns']) {
        expect([path, (await staff.ask({ method: 'get', path: `${path}/${name}` })).status]).toEqual([path, 404]);
      }
      await staff.open('/campaigns');
      const account = decodeURIComponent(name);
      expect((await staff.post('/campaigns/opt-in', { account })).status).toBe(404);
    }
  } finally {
    delete (jobs as { read?: unknown }).read;
    delete (campaigns as { read?: unknown }).read;
    delete (campaigns as { optedOut?: unknown }).optedOut;
  }
  expect(asked).toEqual([]);
});

describe('nobody is led elsewhere', () => {
  test('by the way back of the language', async () => {
    for (const back of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/a?b=//c',
    ]) {
      expect((await staff.post('/language', { language: 'en', back })).status).toBe(400);
    }
  });

  test('by the page that was wanted before the sign-in', async () => {
    const { router } = world.latchkey.console ?? {};
    router?.route({
      method: 'get',
      path: '/:anything',
      roles: ['administrator'],
      handler: () => ({ kind: 'json', body: 'here' }),
    });
    const wanted = [
      '/%5cevil.example',
      '/\\evil.example',
      '/%2f%2fevil.example',
      '/%0d%0aX-Evil:1',
      '/;//evil.example',
    ];
    for (const path of wanted) {
      const person = await world.staff('administrator');
      const visitor = world.visitor();
      await askWritten(visitor, path);
      await world.password(person, visitor);
      const code = await world.portals.code(person.mobile);
      const { path: page, body } = visitor.form({ code }, 'act=next');
      const { headers } = await visitor.ask({ method: 'post', path: page, body });
      expect(['/', path].filter((one) => !one.includes('\\'))).toContain(headers.location);
      expect(headers['x-evil']).toBeUndefined();
    }
  });

  /** Asks for an address that a client would write otherwise, and keeps the session that comes of it. */
  async function askWritten(visitor: Visitor, path: string): Promise<void> {
    const { headers } = await askAsWritten(world.origin.replace('localhost', '127.0.0.1'), {
      path,
      headers: { Host: new URL(world.origin).host },
    });
    for (const line of headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      visitor.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
  }
});

describe('what the console answers', () => {
  test('is kept by nobody, framed by nobody, and runs nothing of others', async () => {
    for (const path of ['/', '/confirm', '/console', '/help', '/no/such/page']) {
      const { headers } = await staff.ask({ method: 'get', path });
      const policy = String(headers['content-security-policy']).split(';');
      expect(policy).toEqual(
        expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]),
      );
      expect(policy.join()).not.toMatch(/unsafe|\*|https?:|data:/);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
      });
      for (const name of Object.keys(headers)) expect(name).not.toMatch(/^(access-control-|x-powered-by$|server$)/);
    }
  });

  test('is pinned to TLS and to its host behind a proxy', async () => {
    const host = 'console.contoso.example';
    const outside = { 'public-url': `https://${host}` };
    const own = await ConsoleWorld.open({ console: outside, settings: { 'trusted-proxies': ['loopback'] } });
    try {
      const visitor = own.visitor({ Host: host, 'X-Forwarded-Proto': 'https' });
      await visitor.open('/console');
      const { headers } = visitor.answer;
      expect(headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
      expect(String(headers['set-cookie'])).toMatch(
        /^__Host-latchkey-console=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    } finally {
      await own.close();
    }
  });
});

test('nothing secret of a sign-in is in the log', async () => {
  const { person, visitor } = await world.signedIn('administrator');
  const log = world.portals.log.join('\n');
  const session = plainId(visitor.cookies.get('latchkey-console') ?? '');
  for (const secret of [person.password, session, person.mobile, person.samName]) expect(log).not.toContain(secret);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askAsWritten } from './octets.ts';
import { type Answer, type Asked, plain, type Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open();
});
afterAll(() => world.close());

/** A page that can be posted to: how to get there, and what would be right to post. */
interface Post {
  readonly who: Person;
  readonly visitor: Visitor;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

type Arrive = (person: Person) => Promise<Omit<Post, 'who'>>;

const newPassword = 'Correct-Horse-7-Battery';

async function upTo(person: Person, gates: number): Promise<Visitor> {
  const visitor = await world.start(person.samName);
  for (let gate = 0; gate < gates; gate += 1) await world.passGate(visitor, person);
  return visitor;
}

/** Every page that takes a POST. The fields are right, so that only what a test spoils can be why it is refused. */
const posts: Readonly<Record<string, Arrive>> = {
  '/reset': async (person) => ({
    visitor: await world.visitor().open('/reset'),
    path: '/reset',
    fields: { login: person.samName },
  }),
  '/registration': async (person) => ({
    visitor: await world.visitor().open('/registration'),
    path: '/registration',
    fields: { login: person.samName, password: person.password },
  }),
  '/language': async () => ({
    visitor: await world.visitor().open('/'),
    path: '/language',
    fields: { language: 'ar', back: '/reset' },
  }),
  '/reset/phone': async (person) => {
    const visitor = await upTo(person, 0);
    await world.confirmCall(person.phone);
    return { visitor, path: '/reset/phone', fields: { act: 'next' } };
  },
  '/reset/otp-sms': async (person) => {
    const visitor = await upTo(person, 1);
    const code = await world.code(person.mobile);
    return { visitor, path: '/reset/otp-sms', fields: { act: 'next', code } };
  },
  '/reset/questions': async (person) => ({
    visitor: await upTo(person, 2),
    path: '/reset/questions',
    fields: { q1: 'an answer', q2: 'another' },
  }),
  '/reset/choose': async (person) => ({
    visitor: await upTo(person, 3),
    path: '/reset/choose',
    fields: { action: 'unlock' },
  }),
  '/reset/password': async (person) => ({
    visitor: await (await upTo(person, 3)).submit({ action: 'reset' }),
    path: '/reset/password',
    fields: { password: newPassword, repeat: newPassword },
  }),
  '/registration/confirm-phone': async (person) => {
    const visitor = await world.signIn(person.samName, person.password);
    await world.confirmCall(person.phone);
    return { visitor, path: '/registration/confirm-phone', fields: { act: 'next' } };
  },
};

/** All that a request may change: how the person stands in the directory, and what Latchkey keeps of them. */
async function state({ who, visitor, path }: Post): Promise<unknown> {
  const { stores } = world.latchkey;
  return {
    standing: world.standing(who),
    enrolments: await stores.enrolments.of(who.id),
    lockout: await stores.failures.lockout(who.id, world.clock.now()),
    reached: await world.reached(who),
    place: path.split('/').length > 2 ? (await visitor.tab().open(path)).path : path,
    events: (await world.audited(who)).filter((event) => event !== 'flow.sequence-violation').length,
  };
}

async function arrive(path: string, make: Arrive): Promise<Post> {
  const who = await world.registered();
  // So that an unlock would show; but nobody signs in who is locked.
  if (path.startsWith('/reset')) world.lock(who);
  return { who, ...(await make(who)) };
}

/** A plain page with a number for the helpdesk, and nothing of what was sent. */
function expectErrorPage(answer: Answer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  const said = plain(answer.text.replace(/<[^>]*>/g, ' '));
  expect(said).toMatch(/give this number: [0-9a-f]{12}\./);
  expect(said).not.toMatch(/node_modules|\.ts\b|Error:|at \w+ \(/);
}

type Spoil = (
  post: Post,
  form: string,
) => { status: number } & Partial<Omit<Asked, 'path'>> & { readonly path?: string };

const first = (post: Post): string => Object.keys(post.fields)[0] ?? '';
const withToken = (post: Post, rest: string): string => `_csrf=${encodeURIComponent(post.visitor.token)}&${rest}`;

const spoiled: Readonly<Record<string, Spoil>> = {
  'a field twice (5.12)': (post, form) => ({ status: 400, body: `${form}&${first(post)}=other` }),
  'a field twice with the same value (5.12)': (post, form) => ({
    status: 400,
    body: `${form}&${new URLSearchParams({ [first(post)]: post.fields[first(post)] ?? '' })}`,
  }),
  'a field as a list': (post, form) => ({
    status: 400,
    body: form.replace(new RegExp(`(^|&)${first(post)}=`), `$1${first(post)}[]=`),
  }),
  'a field as an object': (post, form) => ({
    status: 400,
    body: form.replace(new RegExp(`(^|&)${first(post)}=`), `$1${first(post)}[$ne]=`),
  }),
  'a field more': (_post, form) => ({ status: 400, body: `${form}&isAdmin=true` }),
  'somebody else’s name beside it (5.12)': (_post, form) => ({
    status: 400,
    body: `${form}&user=grace.admin&dn=x&flowId=y`,
  }),
  'a number to send to (5.13)': (_post, form) => ({ status: 400, body: `${form}&phone=%2B447700900999` }),
  'no fields at all': (post) => ({ status: 400, body: withToken(post, '') }),
  __proto__: (_post, form) => ({ status: 400, body: `${form}&__proto__=x` }),
  'constructor and prototype': (_post, form) => ({ status: 400, body: `${form}&constructor[prototype][x]=y` }),
  'more fields than anybody needs': (_post, form) => ({
    status: 413,
    body: `${form}&${Array.from({ length: 100 }, (_, n) => `f${n}=`).join('&')}`,
  }),
  'a megabyte': (_post, form) => ({ status: 413, body: `${form}&x=${'a'.repeat(1_000_000)}` }),
  'the token twice': (post, form) => ({ status: 403, body: withToken(post, form) }),
  'no token (5.10)': (post) => ({ status: 403, body: new URLSearchParams(post.fields).toString() }),
  'an empty token (5.10)': (post) => ({ status: 403, body: `_csrf=&${new URLSearchParams(post.fields)}` }),
  'a made-up token (5.10)': (post) => ({
    status: 403,
    body: `_csrf=${'ab'.repeat(64)}&${new URLSearchParams(post.fields)}`,
  }),
  'another site’s Origin (5.10)': (_post, body) => ({ status: 403, body, headers: { Origin: 'https://evil.example' } }),
  'no Origin to speak of': (_post, body) => ({ status: 403, body, headers: { Origin: 'null' } }),
  'Sec-Fetch-Site: cross-site (5.10)': (_post, body) => ({
    status: 403,
    body,
    headers: { 'Sec-Fetch-Site': 'cross-site' },
  }),
  'Sec-Fetch-Site: same-site (5.10)': (_post, body) => ({
    status: 403,
    body,
    headers: { 'Sec-Fetch-Site': 'same-site' },
  }),
  'a script’s fetch (5.10)': (_post, body) => ({
    status: 403,
    body,
    headers: { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' },
  }),
  'JSON (3.5.2)': (post) => ({
    status: 415,
    body: JSON.stringify({ ...post.fields, _csrf: post.visitor.token }),
    headers: { 'Content-Type': 'application/json' },
  }),
  'text (5.10)': (_post, body) => ({ status: 415, body, headers: { 'Content-Type': 'text/plain' } }),
  'a multipart form': (post) => ({
    status: 415,
    body: `--b\r\nContent-Disposition: form-data; name="${first(post)}"\r\n\r\nx\r\n--b--\r\n`,
    headers: { 'Content-Type': 'multipart/form-data; boundary=b' },
  }),
  'an odd character set': (_post, body) => ({
    status: 415,
    body,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-7' },
  }),
  'a query': (post, body) => ({ status: 400, body, path: `${post.path}?${first(post)}=x` }),
  PUT: (_post, body) => ({ status: 405, method: 'put', body }),
  PATCH: (_post, body) => ({ status: 405, method: 'patch', body }),
  DELETE: () => ({ status: 405, method: 'delete' }),
  TRACE: () => ({ status: 405, method: 'trace' }),
  'another host': (_post, body) => ({ status: 421, body, headers: { Host: 'evil.example' } }),
};

// One person for all tests of a page, because nothing that is refused may change anything; the last test goes on.
describe.each(Object.entries(posts))('a POST to %s', (path, make) => {
  let post: Post;
  let before: unknown;

  beforeAll(async () => {
    post = await arrive(path, make);
    before = await state(post);
  });

  test.each(Object.entries(spoiled))('with %s is refused and changes nothing', async (_what, spoil) => {
    const form = new URLSearchParams({ _csrf: post.visitor.token, ...post.fields }).toString();
    const { status, ...asked } = spoil(post, form);
    const answer = await post.visitor.ask({ method: 'post', path, ...asked });
    expectErrorPage(answer, status);
    expect(answer.text).not.toContain('evil');
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD, POST');
    expect(await state(post)).toEqual(before);
  });

  test('with each field left out is refused and changes nothing', async () => {
    for (const left of Object.keys(post.fields)) {
      const { [left]: _left, ...rest } = post.fields;
      expectErrorPage(await post.visitor.post(path, rest), 400);
    }
    expect(await state(post)).toEqual(before);
  });

  test('5.10: with the token of somebody else’s session is refused and changes nothing', async () => {
    const attacker = await world.visitor().open('/reset');
    const body = new URLSearchParams({ _csrf: attacker.token, ...post.fields }).toString();
    expectErrorPage(await post.visitor.ask({ method: 'post', path, body }), 403);
    expect(await state(post)).toEqual(before);
  });

  test('that is right goes on, so that nothing above is refused for another reason', async () => {
    const answer = await post.visitor.post(path, post.fields);
    expect(answer.status).toBe(303);
    if (path !== '/language') expect(await state(post)).not.toEqual(before);
  });
});

describe('the way back from a change of language', () => {
  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/reset//evil',
    '/reset?x',
    '/%2e%2e',
    'reset',
  ])('is never %s', async (back) => {
    const visitor = await world.visitor().open('/');
    expectErrorPage(await visitor.post('/language', { language: 'ar', back }), 400);
  });
});

describe('5.9: the host', () => {
  const origins = (text: string): readonly string[] => text.match(/https?:\/\/[^"'\s]+/g) ?? [];

  test.each(['evil.example', 'localhost', '127.0.0.1', 'evil.example:80@127.0.0.1', ''])(
    'is refused and not echoed when it is %j',
    async (host) => {
      const answer = await world.visitor().ask({ method: 'get', path: '/reset', headers: { Host: host } });
      expect([400, 421]).toContain(answer.status);
      expect(answer.text).not.toContain('evil');
      expect(answer.headers.location).toBeUndefined();
    },
  );

  test('that is unknown is refused on a page that has its style, and gets nothing else', async () => {
    const visitor = world.visitor({ Host: 'evil.example' });
    const $ = (await visitor.open('/reset')).page;
    expect(visitor.status).toBe(421);
    const parts = $('link, script')
      .toArray()
      .map((part) => $(part).attr('href') ?? $(part).attr('src') ?? '');
    expect(parts).toContain('/assets/latchkey.css');
    for (const path of [...parts, '/health/live'])
      expect((await visitor.ask({ method: 'get', path })).status).toBe(200);
    for (const path of ['/', '/help', '/registration', '/demo/phone', '/nothing/here', '/assets/nothing.css']) {
      expect((await visitor.ask({ method: 'get', path })).status).toBe(421);
    }
  });

  test('is not taken from what anybody may forward, and pages name no host', async () => {
    const headers = { 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example', 'X-Original-URL': '/admin' };
    const visitor = world.visitor(headers);
    await world.start('nobody.at.all', visitor);
    expect(visitor.path).toBe('/reset/phone');
    expect(visitor.answer.text).not.toContain('evil');
    expect(origins(visitor.answer.text)).toEqual([]);
  });
});

describe('5.25: the address of a person', () => {
  test('is the peer’s, whatever the browser says, where no proxy is trusted', async () => {
    const person = await world.registered();
    const headers = { 'X-Forwarded-For': '203.0.113.7', 'X-Real-IP': '203.0.113.7' };
    await world.start(person.samName, world.visitor(headers));
    const [row] = await world.latchkey.stores.audit.about(person.id, 1, { only: 'flow.started' });
    expect(row?.address).toBe('127.0.0.1');
  });
});

describe('5.17: paths written in other ways', () => {
  const type = 'application/x-www-form-urlencoded';

  test.each([
    '/reset/password/',
    '//reset/password',
    '/reset//password',
    '/reset/./password',
    '/reset/%2e%2e/reset/password',
    '/reset/password;x=1',
    '/reset/PASSWORD',
    '/RESET/password',
    '/reset/password%00',
    '/reset/%',
  ])('%s gives nothing that the plain path does not give', async (path) => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const Cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await askAsWritten(world.origin, { path, headers: { Cookie } });
    expect([303, 400, 404]).toContain(answer.status);
    if (answer.status === 303) expect(answer.headers.location).toBe('/reset/phone');
    const fields = { _csrf: visitor.token, password: newPassword, repeat: newPassword };
    const body = new URLSearchParams(fields).toString();
    const headers = { Cookie, 'Content-Type': type };
    const posted = await askAsWritten(world.origin, { method: 'POST', path, headers, body });
    expect([303, 400, 404]).toContain(posted.status);
    expect(await world.bind(person, person.password)).toBe('bound');
  });

  test.each([
    '/.git/HEAD',
    '/assets/../package.json',
    '/assets/%2e%2e/package.json',
    '/assets/.env',
    '/package.json',
    '/src/main.ts',
    '/assets/latchkey.js.map',
    '/metrics',
  ])('%s is not there', async (path) => {
    expectErrorPage({ path, ...(await askAsWritten(world.origin, { path })) } as Answer, 404);
  });
});

describe('every answer', () => {
  const kinds: Readonly<Record<string, () => Promise<Answer>>> = {
    'a page': () => world.visitor().ask({ method: 'get', path: '/reset' }),
    'a redirect': () => world.visitor().ask({ method: 'get', path: '/reset/phone' }),
    'a missing page': () => world.visitor().ask({ method: 'get', path: '/nothing/here' }),
    'a refused host': () => world.visitor().ask({ method: 'get', path: '/', headers: { Host: 'evil.example' } }),
    'an asset': () => world.visitor().ask({ method: 'get', path: '/assets/latchkey.css' }),
    health: () => world.visitor().ask({ method: 'get', path: '/health/ready' }),
    'a fault of ours': async () => {
      const { stores } = world.latchkey;
      const visitor = await world.start((await world.registered()).samName);
      const read = stores.flows.read;
      stores.flows.read = async () => {
        throw new Error('secret detail of a fault');
      };
      try {
        return await visitor.ask({ method: 'get', path: '/reset/phone' });
      } finally {
        stores.flows.read = read;
      }
    },
  };

  test.each(Object.entries(kinds))('5.11, 5.38: %s carries the security headers', async (_what, ask) => {
    const { headers, status, text } = await ask();
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ]) {
      expect(policy.split(';')).toContain(rule);
    }
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    for (const name of ['x-powered-by', 'server', 'access-control-allow-origin', 'etag']) {
      if (name !== 'etag' || status !== 200 || text.startsWith('<')) expect(headers[name]).toBeUndefined();
    }
    expect(text).not.toContain('secret detail');
  });

  test('of ours that failed is a 500 with a number, and the detail is in the log under that number', async () => {
    const answer = await kinds['a fault of ours']?.();
    if (answer === undefined) throw new Error('no such kind');
    expectErrorPage(answer, 500);
    const number = /give this number: \u2068?([0-9a-f]{12})/.exec(answer.text)?.[1] ?? 'none';
    expect(world.log.some((line) => line.includes(number) && line.includes('secret detail of a fault'))).toBe(true);
  });

  test('5.38: that is a page is never cached, and assets are', async () => {
    for (const what of ['a page', 'a redirect', 'a missing page', 'a fault of ours', 'a refused host']) {
      expect((await kinds[what]?.())?.headers['cache-control']).toBe('no-store');
    }
    expect((await kinds['an asset']?.())?.headers['cache-control']).toBe('public, max-age=300');
  });

  test('over plain HTTP on loopback has no HSTS', async () => {
    expect((await kinds['a page']?.())?.headers['strict-transport-security']).toBeUndefined();
  });
});

describe('cookies', () => {
  test('on loopback are HttpOnly, SameSite, for the whole host and for this visit', async () => {
    const answer = await world.visitor().ask({ method: 'get', path: '/reset' });
    const set = [answer.headers['set-cookie'] ?? []].flat();
    expect(set).toHaveLength(1);
    expect(set[0]).toMatch(/^latchkey=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('behind a trusted proxy with https are Secure and bound to the host by their names', async () => {
    const https = await PortalWorld.open({
      chain: ['otp-sms'],
      settings: { 'public-url': 'https://portal.contoso.example', 'trusted-proxies': ['loopback'] },
    });
    try {
      const proxied = {
        Host: 'portal.contoso.example',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-For': '203.0.113.7',
      };
      const person = await https.registered();
      const visitor = https.visitor(proxied);
      await visitor.open('/reset');
      const set = [visitor.answer.headers['set-cookie'] ?? []].flat();
      expect(set).toHaveLength(1);
      expect(set[0]).toMatch(/^__Host-latchkey=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      expect(visitor.answer.headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains');
      await visitor.submit({ login: person.samName });
      expect(visitor.path).toBe('/reset/otp-sms');
      const [row] = await https.latchkey.stores.audit.about(person.id, 1, { only: 'flow.started' });
      expect(row?.address).toBe('203.0.113.7');
      const language = await visitor.post('/language', { language: 'ar', back: '/reset' });
      const chosen = [language.headers['set-cookie'] ?? []].flat().find((line) => line.includes('language'));
      expect(chosen).toMatch(
        /^__Host-latchkey-language=ar; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
      );
      const plainly = await https.visitor({ Host: proxied.Host }).ask({ method: 'get', path: '/reset' });
      expect(plainly.headers['set-cookie']).toBeUndefined();
    } finally {
      await https.close();
    }
  });

  test('are never larger than a browser keeps', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    for (const value of visitor.cookies.values()) expect(value.length).toBeLessThan(1024);
  });
});

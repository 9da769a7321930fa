import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { routesIn } from '../web/routes-in.ts';
import { askAsWritten, type PlainAnswer } from './octets.ts';
import { PortalWorld } from './world.ts';

const host = 'portal.contoso.example';
/** What a proxy with TLS says beside the request. */
const proxied = { Host: host, 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.7' };
const logo = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9" height="9"/></svg>';

let world: PortalWorld;
let folder: string;

// The demo has every route that there is.
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'latchkey-routes-'));
  writeFileSync(path.join(folder, 'logo.svg'), logo);
  const { gates } = parse(await readFile('config/latchkey.yaml', 'utf8'));
  const organisation = { name: 'Contoso', helpdesk: {}, 'logo-file': path.join(folder, 'logo.svg') };
  const settings = { organisation, gates, directory: { kind: 'demo' }, keys: 'ephemeral' };
  const outside = { 'public-url': `https://${host}`, 'trusted-proxies': ['loopback'] };
  world = await PortalWorld.open({ settings: { ...settings, ...outside } });
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

interface Route {
  readonly methods: readonly ('GET' | 'POST')[];
  /** Addresses that it answers. */
  readonly samples: readonly string[];
  /** Seconds for which anybody may keep what it answers; left out, nobody may. */
  readonly keep?: number;
  /** Files may be named in other ways: all of them are the same file. */
  readonly file?: true;
}

const token = 'A'.repeat(43);
const gates = ['phone', 'otp-sms', 'questions'];

/** Every route of the portals: one that is in no row here fails the first test, and every row is in every matrix. */
const routes: Readonly<Record<string, Route>> = {
  '/': { methods: ['GET'], samples: ['/'] },
  '/help': { methods: ['GET'], samples: ['/help'] },
  '/health/live': { methods: ['GET'], samples: ['/health/live'] },
  '/health/ready': { methods: ['GET'], samples: ['/health/ready'] },
  '/assets (files)': {
    methods: ['GET'],
    samples: ['/assets/latchkey.css', '/assets/latchkey.js'],
    keep: 300,
    file: true,
  },
  '/brand.css': { methods: ['GET'], samples: ['/brand.css'], keep: 300 },
  '/brand/logo': { methods: ['GET'], samples: ['/brand/logo'], keep: 300 },
  '/callbacks/:provider/:reference': { methods: ['POST'], samples: ['/callbacks/texts/abc'] },
  '/callbacks{/*rest}': { methods: [], samples: ['/callbacks', '/callbacks/texts', '/callbacks/texts/abc/x'] },
  '/language': { methods: ['POST'], samples: ['/language'] },
  '/not-me/:token': { methods: ['GET', 'POST'], samples: [`/not-me/${token}`] },
  '/reset/': { methods: ['GET', 'POST'], samples: ['/reset'] },
  '/reset/:page': {
    methods: ['GET', 'POST'],
    samples: [...gates, 'choose', 'password', 'working', 'done', 'expired'].map((page) => `/reset/${page}`),
  },
  '/reset/:page/state': { methods: ['GET'], samples: ['/reset/phone/state'] },
  '/registration/': { methods: ['GET', 'POST'], samples: ['/registration'] },
  '/registration/:page': {
    methods: ['GET', 'POST'],
    samples: [...gates, 'confirm-phone', 'done', 'refused'].map((page) => `/registration/${page}`),
  },
  '/registration/:page/state': { methods: ['GET'], samples: ['/registration/phone/state'] },
  '/demo/phone': { methods: ['GET', 'POST'], samples: ['/demo/phone'] },
};

const samples = Object.values(routes).flatMap((route) => route.samples.map((sample) => [sample, route] as const));

test('5.17: every route that the app has is in the rows of these tests, with its methods, and no other is', () => {
  const found = routesIn(world.latchkey.app.router.stack);
  expect(found.length).toBeGreaterThan(20);
  const rows = Object.entries(routes).flatMap(([route, { methods }]) =>
    (methods.length === 0 ? ['ANY'] : methods).map((method) => `${method} ${route}`),
  );
  expect([...new Set(found.map(([route, method]) => `${method} ${route}`))].sort()).toEqual(rows.sort());
});

const ask = (asked: Parameters<typeof askAsWritten>[1]): Promise<PlainAnswer> =>
  askAsWritten(world.origin, { ...asked, headers: { ...proxied, ...asked.headers } });

/** ASVS 3.2.1, 3.3.1 to 3.3.5, 3.4.1 to 3.4.8, 4.1.1, 13.4.6: what every answer carries, whatever it answers. */
function expectGuarded(answer: PlainAnswer, keep?: number): void {
  const { headers } = answer;
  const policy = String(headers['content-security-policy'])
    .split(';')
    .map((rule) => rule.trim());
  for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
    expect(policy).toContain(rule);
  expect(policy.join()).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(headers).toMatchObject({
    'strict-transport-security': 'max-age=63072000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': keep === undefined ? 'no-store' : `public, max-age=${keep}`,
  });
  expect(headers['referrer-policy']).toMatch(/^(same-origin|no-referrer)$/);
  for (const name of Object.keys(headers)) expect(name).not.toMatch(/^(access-control-|x-powered-by$|server$)/);
  if (answer.text !== '') expect(headers['content-type']).toMatch(/; charset=utf-8$|^image\/svg\+xml/);
  for (const cookie of headers['set-cookie'] ?? []) {
    expect(cookie).toMatch(/^__Host-[a-z-]+=[^;]*; (?:[^;]+; )?Path=\/; (?:[^;]+; )?HttpOnly; Secure; SameSite=Lax$/);
    expect(cookie.length).toBeLessThan(4096);
    expect(keep).toBeUndefined();
  }
}

/** What an answer says, without what differs from one to the next. */
function essence({ status, headers, text }: PlainAnswer): unknown {
  const same = text.replace(/(name="_csrf" value|name="back" value)="[^"]*"/g, '$1').replace(/[0-9a-f]{12}/g, '#');
  return { status, location: headers.location, text: same };
}

describe.each(samples)('%s', (sample, route) => {
  const method = route.methods.includes('GET') ? 'GET' : 'POST';

  test('3.4.1 to 3.4.8: carries all security headers, answers HEAD as GET, and is not kept unless it may be', async () => {
    const answer = await ask({ method, path: sample });
    expect(answer.status).toBeLessThan(500);
    expectGuarded(answer, answer.status === 200 ? route.keep : undefined);
    if (method !== 'GET') return;
    const head = await ask({ method: 'HEAD', path: sample });
    expect([head.status, head.text]).toEqual([answer.status, '']);
    expectGuarded(head, head.status === 200 ? route.keep : undefined);
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS', 'PROPFIND', 'QUERY', 'PURGE', 'LINK', 'SEARCH'])(
    '4.1.4: has no method %s',
    async (other) => {
      const answer = await ask({ method: other, path: sample });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
      expectGuarded(answer);
    },
  );

  test('takes no POST where it has none, and shows nothing to a GET where it has none', async () => {
    const others = (['GET', 'POST'] as const).filter((name) => !route.methods.includes(name));
    for (const other of others) {
      const body =
        other === 'POST' ? { body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } } : {};
      const answer = await ask({ method: other, path: sample, ...body });
      expect([403, 404]).toContain(answer.status);
      expectGuarded(answer);
    }
  });

  test.each(['https://evil.example', 'null', `http://${host}`])('3.4.2: shares nothing with %s', async (origin) => {
    for (const asked of ['GET', 'POST', 'OPTIONS']) {
      const answer = await ask({
        method: asked,
        path: sample,
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
      expectGuarded(answer, answer.status === 200 && asked === 'GET' ? route.keep : undefined);
    }
  });

  test('5.17: is the same or nothing in every other form of its path', async () => {
    const plainly = essence(await ask({ method, path: sample }));
    const [letter = ''] = sample.slice(1);
    const encoded = `/%${letter.charCodeAt(0).toString(16)}${sample.slice(2)}`;
    const forms = [
      `/${sample}`,
      `/.${sample}`,
      `/%2e${sample}`,
      `/x/..${sample}`,
      `/x/%2e%2e${sample}`,
      `/x/%2E%2E%2F${sample.slice(1)}`,
      `/assets/..${sample}`,
      `/health/..${sample}`,
      `/%2f${sample.slice(1)}`,
      encoded,
      encoded.replace('%', '%25'),
      sample.toUpperCase(),
      sample.replace(/\/(?=[^/]*$)/, '//'),
      sample.replace(/\/(?=[^/]*$)/, '/./'),
      sample.replace(/\/(?=[^/]*$)/, '%2f'),
      ...[
        '/',
        '//',
        '/.',
        '/..',
        '.',
        ';x',
        ';x=1',
        ';/x',
        '/x.css',
        '.css',
        '%00',
        '%00.css',
        '%20',
        '%2f',
        '%5c',
        '%',
      ].map((end) => sample + end),
      ...['%0a', '%0d%0aX-Evil:1', '%3f', '%23', '%c0%af', '%u002f', '%252e', '~', '.bak', '.map'].map(
        (end) => sample + end,
      ),
    ].filter((form) => form.startsWith('/') && form !== sample && !samples.some(([own]) => own === form));
    for (const form of forms) {
      const answer = await ask({ method, path: form });
      const isRefused = (method === 'POST' ? [400, 403, 404, 415, 421] : [400, 404, 421]).includes(answer.status);
      // Without a flow, every page of a portal leads to the same end.
      const isLedBack = answer.headers.location === `/${sample.split('/')[1]}/expired`;
      if (!isRefused && !isLedBack) expect([form, essence(answer)]).toEqual([form, plainly]);
      expect(answer.headers['x-evil']).toBeUndefined();
      expectGuarded(answer, answer.status === 200 ? route.keep : undefined);
    }
  });
});

test('1.3.4: a logo that holds a script runs none, even when it is opened by itself', async () => {
  const { headers, text } = await ask({ path: '/brand/logo' });
  expect(text).toBe(logo);
  const policy = String(headers['content-security-policy']).split('; ');
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", 'sandbox']));
  expect(policy.join()).not.toMatch(/allow-|script-src|style-src/);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsoleRoute } from '../../src/console/console-router.ts';
import { everyRole, type Role } from '../../src/core/staff/staff.ts';
import type { Visitor } from '../portals/visitor.ts';
import { routesIn } from '../web/routes-in.ts';
import { ConsoleWorld } from './world.ts';

const acting: readonly Role[] = ['administrator', 'helpdesk'];

/** Who may what. A route that is in no row here fails, and so does a row without a route. */
const table: Readonly<Record<string, readonly Role[]>> = {
  'GET /': everyRole,
  'GET /confirm': everyRole,
  'POST /confirm': everyRole,
  'POST /sign-out': everyRole,
  'GET /sessions': everyRole,
  'POST /sessions': everyRole,
  'GET /simulator': ['administrator', 'auditor'],
  'POST /simulator': ['administrator'],
  'GET /simulator/:job': ['administrator', 'auditor'],
  'GET /simulator/:job/people.csv': ['administrator', 'auditor'],
  'GET /simulator/:job/units.csv': ['administrator', 'auditor'],
  'GET /one-login': everyRole,
  'POST /one-login': everyRole,
  'GET /campaigns': ['administrator', 'auditor'],
  'GET /campaigns/new': ['administrator'],
  'POST /campaigns/new': ['administrator'],
  'POST /campaigns/opt-out': ['administrator'],
  'POST /campaigns/opt-in': ['administrator'],
  'GET /campaigns/:campaign': ['administrator', 'auditor'],
  'POST /campaigns/:campaign/stop': ['administrator'],
  'GET /jobs': ['administrator', 'auditor'],
  'GET /jobs/:job': ['administrator', 'auditor'],
  'GET /jobs/:job/state': ['administrator', 'auditor'],
  'POST /jobs/:job/cancel': ['administrator'],
  'GET /people': everyRole,
  'GET /people/:id': everyRole,
  'POST /people/:id/clear-bars': acting,
  'POST /people/:id/end-visits': acting,
  'POST /people/:id/ask-to-register': acting,
  'GET /people/:id/remove/:gate': acting,
  'POST /people/:id/remove/:gate': acting,
  'GET /people/:id/code': acting,
  'POST /people/:id/code': acting,
  'GET /people/:id/sessions': ['administrator'],
  'POST /people/:id/sessions': ['administrator'],
  'GET /people/:id/caller': acting,
  'POST /people/:id/caller': acting,
  'GET /policies': everyRole,
  'GET /policies/versions': everyRole,
  'GET /policies/versions/:version': everyRole,
  'POST /policies/versions/:version/restore': ['administrator'],
  'POST /policies/draft/begin': ['administrator'],
  'GET /policies/draft': ['administrator'],
  'POST /policies/draft/arrange': ['administrator'],
  'GET /policies/draft/policy/:at': ['administrator'],
  'POST /policies/draft/policy/:at': ['administrator'],
  'POST /policies/draft/discard': ['administrator'],
  'GET /policies/draft/review': ['administrator'],
  'POST /policies/draft/catch-up': ['administrator'],
  'POST /policies/draft/save': ['administrator'],
  'GET /drive': ['administrator', 'helpdesk'],
  'POST /drive': ['administrator', 'helpdesk'],
  'POST /drive/phone/:drive': ['administrator', 'helpdesk'],
  'POST /drive/end/:drive': ['administrator', 'helpdesk'],
  'GET /drive/live/:who': ['administrator', 'helpdesk'],
  'POST /drive/live/:who': ['administrator', 'helpdesk'],
  'GET /drive/providers': ['administrator', 'helpdesk'],
  'POST /drive/providers': ['administrator', 'helpdesk'],
  'GET /drive/providers/:trial': ['administrator', 'helpdesk'],
  'GET /drive/providers/:trial/state': ['administrator', 'helpdesk'],
  'POST /drive/providers/:trial': ['administrator', 'helpdesk'],
  'GET /drive/walk/:drive/:page/state': ['administrator', 'helpdesk'],
  'GET /drive/walk/:drive/:page': ['administrator', 'helpdesk'],
  'POST /drive/walk/:drive/:page': ['administrator', 'helpdesk'],
  'GET /reports': ['administrator', 'auditor'],
  'GET /reports/file': ['administrator', 'auditor'],
  'GET /coverage': everyRole,
  'GET /coverage/file': everyRole,
  'GET /audit': ['administrator', 'auditor'],
  'GET /audit/rows/:sequence': ['administrator', 'auditor'],
  'GET /audit/file': ['administrator', 'auditor'],
  'GET /audit/check': ['administrator', 'auditor'],
  'POST /audit/check': ['administrator', 'auditor'],
  'GET /audit/check/:job': ['administrator', 'auditor'],
  'POST /audit/check/:job': ['administrator', 'auditor'],
};

/** What anybody reaches: the way in, and what shows nothing of anybody. */
const open = [
  'GET /health/live',
  'GET /health/ready',
  'GET /assets (files)',
  'GET /assets/chart.js',
  'GET /brand.css',
  'GET /brand/logo',
  'POST /language',
  'GET /help',
  'GET /console/',
  'POST /console/',
  'GET /console/:page/state',
  'GET /console/:page',
  'POST /console/:page',
];

let world: ConsoleWorld;
const visitors = new Map<Role, Visitor>();

beforeAll(async () => {
  // Pinned, the policies have no more than their one page.
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  for (const role of everyRole) visitors.set(role, (await world.signedIn(role)).visitor);
});
afterAll(() => world.close());

const console = () => {
  const { console } = world.latchkey;
  if (console === undefined) throw new Error('there is no console');
  return console;
};

const nameOf = ({ method, path }: Pick<ConsoleRoute, 'method' | 'path'>): string => `${method.toUpperCase()} ${path}`;

/** The path with something that nobody is for every parameter. */
const sampleOf = (path: string): string => path.replaceAll(/:[a-z]+/gi, '00000000-0000-4000-8000-000000000000');

/** Asks as the form of the page there would, and as nothing else. */
async function ask(visitor: Visitor, { method, path }: ConsoleRoute) {
  if (method === 'get') return visitor.ask({ method, path: sampleOf(path) });
  return visitor.post(sampleOf(path), {});
}

test('every route of the console is in the table with its roles, or among those that are open', () => {
  const found = new Set(routesIn(console().app.router.stack).map(([path, method]) => `${method} ${path}`));
  expect([...found].sort()).toEqual([...Object.keys(table), ...open].sort());
  const declared = console().router.routes.map((route) => [nameOf(route), route.roles] as const);
  expect(Object.fromEntries(declared)).toEqual(table);
});

test('the way around begins with people, who wait on the telephone meanwhile', async () => {
  const page = await visitors.get('helpdesk')?.tab().open('/');
  const links = page?.page('nav.menu a').toArray() ?? [];
  expect(links.map((link) => link.attribs.href)).toEqual([
    '/',
    '/people',
    '/policies',
    '/one-login',
    '/coverage',
    '/drive',
  ]);
});

describe.each(everyRole)('%s', (role) => {
  test('reaches the routes of the role and no other', async () => {
    const visitor = visitors.get(role);
    if (visitor === undefined) throw new Error(`nobody is ${role}`);
    for (const route of console().router.routes) {
      if (nameOf(route) === 'POST /sign-out') continue;
      const before = world.audited('console.refused').length;
      const answer = await ask(visitor, route);
      const isAllowed = table[nameOf(route)]?.includes(role) === true;
      expect([nameOf(route), answer.status === 403]).toEqual([nameOf(route), !isAllowed]);
      expect([nameOf(route), answer.headers.location]).not.toEqual([nameOf(route), '/console']);
      const refused = world.audited('console.refused').slice(before);
      if (!isAllowed) expect(refused.map(({ detail }) => detail.why)).toEqual(['role']);
      await visitor.open('/');
    }
  });
});

describe('nobody', () => {
  test('reaches any route of the console', async () => {
    const visitor = await world.visitor().open('/console');
    for (const route of console().router.routes) {
      const answer = await ask(visitor, route);
      const told = [answer.status, answer.headers.location ?? answer.text];
      expect([nameOf(route), ...told]).toEqual(
        route.quiet === true ? [nameOf(route), 401, '{"state":"changed"}'] : [nameOf(route), 303, '/console'],
      );
    }
  });
});

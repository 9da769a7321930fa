import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConsoleRoute } from '../../src/console/console-router.ts';
import type { Visitor } from '../portals/visitor.ts';
import { ConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let visitor: Visitor;

beforeAll(async () => {
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  ({ visitor } = await world.signedIn('administrator', 'helpdesk', 'auditor'));
  await visitor.open('/policies');
  await visitor.post('/policies/draft/begin', {});
});
afterAll(() => world.close());

/** As they stand in an address. */
const values = [
  '%00',
  '%F0%9F%98%80',
  '__proto__',
  'constructor',
  '..%2f..%2fetc',
  '%ff',
  '-1',
  '1',
  '9999999999999999999',
  "'%20or%201=1--",
  '*)(objectClass=*',
  '%3Cscript%3E',
  'a'.repeat(3_000),
  '%e2%80%ae',
];
/** Fields that some form or address of the console has. */
const fields = [
  ...['q', 'login', 'list', 'account', 'reason', 'to', 'act', 'gate', 'code', 'who', 'zone', 'policy', 'registered'],
  ...['name', 'way', 'revision', 'based', 'note', 'provider', 'channel', 'call', 'end', 'plot', 'from', 'unit'],
  ...['before', 'after', 'event', 'subject', 'confirmed', 'kind', 'was'],
];
const queries = ['?q=a&q=b&event=a&event=b', '?from[]=1&unit[x]=2', '?__proto__=x&constructor=y'];

const valueAt = (at: number): string => values[at % values.length] ?? '';

function typed(at: number): string {
  try {
    return decodeURIComponent(valueAt(at));
  } catch {
    return valueAt(at);
  }
}

/** Some addresses of a route, others for each. */
function pathsOf({ path, method }: ConsoleRoute, at: number): readonly string[] {
  const some = [0, 3, 6, 9, 12].map((step) => valueAt(at + step));
  if (path.includes(':')) return some.map((value) => path.replaceAll(/:[a-z]+/g, () => value));
  if (method === 'post') return some.map(() => path);
  const asked = fields.filter((_, field) => (field + at) % 3 === 0);
  const made = asked.map((field, step) => `?${field}=${valueAt(at + step)}&before=${valueAt(at + step + 5)}`);
  return [...queries, ...made].map((query) => `${path}${query}`);
}

test('5.12: whatever is asked for or posted, no page of the console breaks, and nobody is signed out by it', async () => {
  const routes = (world.latchkey.console?.router.routes ?? []).filter(({ path }) => path !== '/sign-out');
  expect(routes.length).toBeGreaterThan(50);
  let count = 0;
  const statusOf = async ({ method }: ConsoleRoute, path: string): Promise<number> => {
    count += 1;
    if (method === 'get') return (await visitor.ask({ method, path })).status;
    const some = fields.filter((_, at) => (count * 7 + at * 13) % 11 < 3);
    const body = Object.fromEntries(some.map((field, at) => [field, typed(count + at * 5)]));
    return (await visitor.post(path, body)).status;
  };
  for (const [at, route] of routes.entries()) {
    for (const path of pathsOf(route, at)) expect([route.method, path, await statusOf(route, path)]).not.toContain(500);
  }
  expect((await visitor.open('/')).path).toBe('/');
  expect(world.portals.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

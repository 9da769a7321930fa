import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Entry } from '../../src/directories/demo/entry.ts';
import { askAsWritten } from './octets.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

/** A page that takes a POST, with the names of its fields. */
interface Place {
  readonly path: string;
  readonly fields: readonly string[];
  /** Somebody who stands there. */
  readonly arrive: () => Promise<Visitor>;
  /** Whose flow must go on standing there; left out where there is none. */
  readonly person?: Person;
}

const runs = { numRuns: 300, interruptAfterTimeLimit: 20_000 };
const form = 'application/x-www-form-urlencoded';

let world: PortalWorld;
let demo: PortalWorld;
let foreign: string;
const places = new Map<string, Place>();

/** Every change of an entry, whoever makes it, but what a sign-in of Latchkey's own account leaves there. */
let writes = 0;
const { set, replaceContent } = Entry.prototype;

beforeAll(async () => {
  const lockout = { threshold: 100, minutes: 15, 'bars-until-permanent': 100 };
  world = await PortalWorld.open({ policy: { lockout } });
  const { gates } = parse(readFileSync('config/latchkey.yaml', 'utf8'));
  demo = await PortalWorld.open({ settings: { directory: { kind: 'demo' }, keys: 'ephemeral', gates } });
  foreign = (await world.visitor().open('/reset')).token;
  const fresh = (path: string, from: string, fields: readonly string[]): void =>
    void places.set(path, { path, fields, arrive: () => world.visitor().open(from) });
  fresh('/reset', '/reset', ['login', 'proof', 'solution']);
  fresh('/registration', '/registration', ['login', 'password', 'proof', 'solution']);
  fresh('/language', '/', ['language', 'back']);
  fresh(`/not-me/${'A'.repeat(43)}`, '/reset', ['act']);
  fresh('/callbacks/texts/abc', '/reset', ['MessageSid', 'CallStatus']);
  fresh('/help', '/reset', ['q']);
  await standing('/reset/phone', ['act', 'another', 'leave-out'], (person) => world.start(person.samName));
  await standing('/reset/otp-sms', ['act', 'code', 'another', 'back'], (person) => through(person, 1));
  await standing('/reset/questions', ['q1', 'q2'], (person) => through(person, 2));
  await standing('/reset/choose', ['action'], (person) => through(person, 3));
  // Without `repeat`: no body is ever right by chance.
  await standing('/reset/password', ['password', 'back'], (person) => world.toPassword(person));
  await standing('/registration/confirm-phone', ['act'], (person) => world.signIn(person.samName, person.password));
  await standing('/registration/phone', ['act', 'number', 'keep', 'leave-out'], async (person) => {
    const visitor = await world.signIn(person.samName, person.password);
    await world.confirmCall(person.phone);
    return visitor.submit({}, 'act=next');
  });
  const count = (entry: Entry): void => {
    if (entry.text('sAMAccountName') !== 'svc-latchkey') writes += 1;
  };
  Entry.prototype.set = function (attributes) {
    count(this);
    set.call(this, attributes);
  };
  Entry.prototype.replaceContent = function (content) {
    count(this);
    replaceContent.call(this, content);
  };
});
afterAll(async () => {
  Object.assign(Entry.prototype, { set, replaceContent });
  await world.close();
  await demo.close();
});

async function standing(
  path: string,
  fields: readonly string[],
  arrive: (person: Person) => Promise<Visitor>,
): Promise<void> {
  const person = await world.registered();
  const visitor = await arrive(person);
  if (visitor.path !== path) throw new Error(`${visitor.path} instead of ${path}`);
  places.set(path, { path, fields, person, arrive: async () => visitor });
}

async function through(person: Person, gates: number): Promise<Visitor> {
  const visitor = await world.start(person.samName);
  for (let gate = 0; gate < gates; gate += 1) await world.passGate(visitor, person);
  return visitor;
}

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })).map(encode);
const octets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Values as they stand in a body or a query: encoded, half encoded, or not at all. */
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: octets },
  fc.constantFrom('', 'next', 'again', '0', '-1', '1e999', 'NaN', 'true', 'null', 'undefined', '[object Object]'),
  fc.constantFrom('%', '%zz', '%u0041', '%00', 'a%00b', '\0', '%ff%fe', '%c0%af', '%ed%a0%80', '%F0%9F', '%0d%0aX: y'),
  fc.constantFrom('*', '*)(objectClass=*', "' OR 1=1--", '<%= 7*7 %>', '$t(page.help)', '../../etc/passwd', '//evil'),
  { weight: 1, arbitrary: fc.constantFrom(300, 1_000, 5_000).map((length) => 'a'.repeat(length)) },
);

const strangeKeys = fc.constantFrom(
  '__proto__',
  '__proto__[login]',
  'constructor',
  'constructor[prototype][isAdmin]',
  'constructor.prototype.isAdmin',
  'hasOwnProperty',
  'toString',
  'length',
  'user',
  'flow',
  'phone',
  '',
  '[]',
  '_csrf[]',
  '%5f_proto__',
);

/** `name=value`, `name[]=value`, `name[$ne]=value`, several times, in any order. */
const pairsOf = (fields: readonly string[]): fc.Arbitrary<string> => {
  const known = fc.constantFrom(...fields);
  const key = fc.oneof(
    { weight: 5, arbitrary: known },
    known.map((name) => `${name}[]`),
    known.map((name) => `${name}[$ne]`),
    known.map((name) => `${name}[0][a]`),
    strangeKeys,
    text,
  );
  const exact = fc
    .tuple(...fields.map(() => value))
    .map((values) => fields.map((name, at) => `${name}=${values[at]}`).join('&'));
  const loose = fc
    .array(fc.tuple(key, value), { maxLength: 6 })
    .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));
  const large = exact.map((pairs) => `${pairs}&x=${'a'.repeat(1_000_000)}`);
  const nested = fc.integer({ min: 1, max: 2_000 }).map((deep) => `${fields[0]}${'[a]'.repeat(deep)}=x`);
  return fc.oneof(
    { weight: 4, arbitrary: exact },
    { weight: 6, arbitrary: loose },
    { weight: 2, arbitrary: large },
    nested,
  );
};

const bodyOf = (fields: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: pairsOf(fields) },
    octets,
    fc.jsonValue().map((json) => JSON.stringify(json)),
    fc.dictionary(fc.constantFrom(...fields, '__proto__', '_csrf'), fc.jsonValue()).map((json) => JSON.stringify(json)),
  );

const askedOf = (path: string, fields: readonly string[]) =>
  fc.record({
    path: fc.constant(path),
    method: fc.constantFrom('POST', 'POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT'),
    body: bodyOf(fields),
    query: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, pairsOf(fields)),
    token: fc.constantFrom('right', 'right', 'right', 'right', 'none', 'foreign', 'twice', 'list', 'made up'),
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constant(form) },
      fc.constantFrom(
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=b',
        'a',
        `${form}; charset=utf-7`,
      ),
      fc.constantFrom(`${form};charset="`, `${form}; charset=`, `${form}, ${form}`, 'multipart/form-data', 'text/xml'),
    ),
    cookie: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      fc.constantFrom(
        'latchkey=%',
        'latchkey=s%3A%ff.x',
        'latchkey=j:{"__proto__":{"flow":1}}',
        '__proto__=x; latchkey',
        'latchkey-language=%',
      ),
    ),
    language: fc.constantFrom('en', '__proto__', 'x'.repeat(500), '*;q=zz', 'constructor'),
  });

type Sent = ReturnType<typeof askedOf> extends fc.Arbitrary<infer A> ? A : never;

/** Sends it from where the visitor stands. */
async function send(where: PortalWorld, visitor: Visitor, asked: Sent): Promise<number> {
  const right = `_csrf=${encodeURIComponent(visitor.token)}`;
  const tokens: Readonly<Record<string, string>> = {
    right,
    none: '',
    foreign: `_csrf=${encodeURIComponent(foreign)}`,
    twice: `${right}&${right}`,
    list: right.replace('=', '[]='),
    'made up': `_csrf=${'ab'.repeat(32)}`,
  };
  const { method, type, language } = asked;
  const own = [...visitor.cookies].map(([name, held]) => `${name}=${held}`).join('; ');
  // What no client can send in a request line is encoded there; the body is sent as it is.
  const query = asked.query.slice(0, 4_000).replace(/[^\x21-\x7e]/g, '_');
  const { status } = await askAsWritten(where.origin, {
    method,
    path: query === '' ? asked.path : `${asked.path}?${query}`,
    headers: { Cookie: asked.cookie ?? own, 'Content-Type': type, 'Accept-Language': language },
    ...(method === 'POST' || method === 'PUT'
      ? { body: Buffer.from(`${tokens[asked.token]}&${asked.body}`, 'latin1') }
      : {}),
  });
  return status;
}

/** What may not move, whatever is sent. */
async function held(person: Person): Promise<unknown> {
  const { enrolments, failures } = world.latchkey.stores;
  return {
    standing: world.standing(person),
    enrolments: await enrolments.of(person.id),
    lockout: await failures.lockout(person.id, world.clock.now()),
    reached: await world.reached(person),
    events: (await world.audited(person)).filter((event) => event.startsWith('write.')),
  };
}

describe('5.12: 2.2.1: whatever is sent', () => {
  test('to any page is answered, breaks nothing, writes nothing, and moves no flow', async () => {
    const all = [...places.values()];
    const people = all.flatMap(({ person }) => person ?? []);
    const before = await Promise.all(people.map(held));
    const seen = new Map<number, number>();
    const from = world.log.length;
    writes = 0;
    const any = fc
      .constantFrom(...all)
      .chain((place) => askedOf(place.path, place.fields).map((asked) => ({ place, asked })));
    await fc.assert(
      fc.asyncProperty(any, async ({ place, asked }) => {
        const wrote = writes;
        const visitor = await place.arrive();
        const status = await send(world, visitor, asked);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expect(status).toBeLessThan(500);
        expect(writes).toBe(wrote);
        expect(Reflect.ownKeys(Object.prototype)).not.toContain('isAdmin');
        if (place.person !== undefined) expect((await visitor.tab().open(place.path)).path).toBe(place.path);
      }),
      runs,
    );
    expect(writes).toBe(0);
    expect(await Promise.all(people.map(held))).toEqual(before);
    expect(world.log.slice(from).filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
    // It got through to the forms, and was refused for every reason.
    for (const status of [303, 400, 403, 405, 413, 415])
      expect([status, seen.get(status)]).not.toEqual([status, undefined]);
  }, 60_000);

  test('to the virtual phone is answered, and presses nothing', async () => {
    const visitor = await demo.visitor().open('/demo/phone');
    await fc.assert(
      fc.asyncProperty(askedOf('/demo/phone', ['call', 'key']), async (asked) => {
        expect(await send(demo, visitor, asked)).toBeLessThan(500);
      }),
      { ...runs, numRuns: 60 },
    );
    expect((await visitor.tab().open('/demo/phone')).status).toBe(200);
  }, 60_000);
});

/** Text as a form has it; half of a character, which cannot be encoded, as the octets that some clients send. */
function encode(typed: string): string {
  try {
    return encodeURIComponent(typed);
  } catch {
    return '%ed%a0%80';
  }
}

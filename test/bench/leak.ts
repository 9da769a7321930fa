import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { openStores } from '../../src/stores/open-stores.ts';
import { type SambaService, startSamba, whyNoSamba } from '../services/samba.ts';
import { SambaAdministrator } from '../services/samba-administrator.ts';
import { PortalProcess } from './portal-process.ts';
import { median, rankTest } from './rank-test.ts';
import { type Reply, Visitor } from './visitor.ts';

/**
 * Measures what the running portal itself gives away: the same visits are made with logins of every class, in random
 * order, a few at once, against a real directory, and every answer is compared with that to somebody who can pass.
 * With `--no-floors` it shows what the minimum times of a start and a sign-in hide; with `--only` it makes some journeys.
 */
const { values: wish } = parseArgs({
  options: {
    samples: { type: 'string', default: '200' },
    'at-once': { type: 'string', default: '4' },
    'no-floors': { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
  },
});
const samples = Number(wish.samples);
/** Starts and sign-ins with one account: few enough for every limit, and for the directory's own lock. */
const perAccount = 2;

/** What an answer is compared by, beside its time. */
interface Seen {
  readonly status: number;
  readonly headers: readonly string[];
  readonly bytes: number;
}
interface Sample extends Seen {
  readonly ms: number;
}

/** Half of everybody: where there are several policies, these have one of their own. */
const half = 'callers';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

type Make = (
  admin: SambaAdministrator,
  index: number,
) => Promise<{ samName: string; id?: string; registered: boolean }>;

/** Logins are equally long, so that a page that repeats one is equally long too. */
const nameOf = (kind: string, index: number): string => `${kind}${String(index).padStart(5, '0')}`;

function person(kind: string, change?: (admin: SambaAdministrator, id: string) => Promise<void>): Make {
  return async (admin, index) => {
    const { id, samName } = await admin.addPerson({ samName: nameOf(kind, index) });
    await change?.(admin, id);
    return { id, samName, registered: true };
  };
}

const classes: Readonly<Record<string, Make>> = {
  normal: person('nor'),
  unknown: async (_admin, index) => ({ samName: nameOf('unk', index), registered: false }),
  unregistered: async (admin, index) => ({
    ...(await admin.addPerson({ samName: nameOf('unr', index) })),
    registered: false,
  }),
  disabled: person('dis', (admin, id) => admin.set(id, { userAccountControl: '514' })),
  expired: person('exp', (admin, id) => admin.set(id, { accountExpires: '131000000000000000' })),
  locked: async (admin, index) => {
    const one = await admin.addPerson({ samName: nameOf('loc', index) });
    await admin.lock(one, 5);
    return { ...one, registered: true };
  },
  privileged: async (admin, index) => {
    const one = await admin.addPerson({ samName: nameOf('pri', index) });
    await admin.addToProtectedGroup(one);
    return { ...one, registered: true };
  },
  barred: person('bar'),
};

interface Crowd {
  readonly logins: ReadonlyMap<string, readonly string[]>;
  readonly enrol: (store: PortalProcess['store'], key: string, chain: readonly string[]) => Promise<void>;
}

async function makeCrowd(samba: SambaService): Promise<Crowd> {
  const admin = await SambaAdministrator.connect(samba);
  const logins = new Map<string, string[]>();
  const registered: { readonly id: string; readonly kind: string }[] = [];
  const group = await admin.addGroup({ samName: half });
  for (const [kind, make] of Object.entries(classes)) {
    const names: string[] = [];
    for (let index = 0; index < Math.ceil(samples / perAccount); index += 1) {
      const one = await make(admin, index);
      names.push(one.samName);
      if (one.id !== undefined && index % 2 === 0) await admin.addMember(`<GUID=${group.id}>`, one.id);
      if (one.registered && one.id !== undefined) registered.push({ id: one.id, kind });
    }
    logins.set(kind, names);
    print(`  ${names.length} ${kind}`);
  }
  await admin.close();
  return {
    logins,
    async enrol(store, key, chain) {
      const sealer = createSealer({ keys: [{ id: 'bench', secret: Buffer.from(key, 'hex') }] });
      const stores = await openStores({ ...store, 'busy-timeout-ms': 5000 }, { sealer, clock: systemClock });
      await stores.migrate();
      for (const [index, { id, kind }] of registered.entries()) {
        const data = { number: `+44770090${String(index).padStart(4, '0')}` };
        for (const gate of chain) await stores.enrolments.keep({ accountId: id, gate, data, provedAt: new Date() });
        const rules = { threshold: 3, minutes: 1440, barsUntilPermanent: 3 };
        if (kind === 'barred') await stores.failures.bar(id, rules, new Date());
      }
      await stores.close();
    },
  };
}

/** One visit; each of its answers is a sample of a step. */
type Visit = (visitor: Visitor, login: string) => Promise<Readonly<Record<string, Reply>>>;

const withCode: Visit = async (visitor, login) => {
  await visitor.get('/reset');
  const start = await visitor.ask('POST', '/reset', { login });
  const page = await visitor.ask('GET', '/reset/otp-sms');
  const wrong = await visitor.ask('POST', '/reset/otp-sms', { act: 'next', code: '000000' });
  const after = await visitor.ask('GET', '/reset/otp-sms');
  return { start, 'code: the page': page, 'code: a wrong one': wrong, 'code: the page after it': after };
};

const withCall: Visit = async (visitor, login) => {
  await visitor.get('/reset');
  const start = await visitor.ask('POST', '/reset', { login });
  const page = await visitor.ask('GET', '/reset/phone');
  const state = await visitor.ask('GET', '/reset/phone/state');
  const next = await visitor.ask('POST', '/reset/phone', { act: 'next' });
  return { start, 'call: the page': page, 'call: how it stands': state, 'call: Next while it rings': next };
};

const withPassword: Visit = async (visitor, login) => {
  await visitor.get('/registration');
  return {
    'sign-in, wrong password': await visitor.ask('POST', '/registration', { login, password: 'Not-The-One-77' }),
  };
};

/** Steps are told apart by the gate that stands first: which one that is hangs on the policy, and not on the class. */
const withWays: Visit = async (visitor, login) => {
  await visitor.get('/reset');
  const start = await visitor.ask('POST', '/reset', { login });
  const [first = '', other = ''] = start.headers.get('location') === '/reset/phone' ? calls : texts;
  const page = await visitor.ask('GET', `/reset/${first}`);
  const turning = visitor.ask('POST', `/reset/${first}`, { another: other });
  // What is sent, or not, is sent about now: whoever loads the server can feel that from outside.
  await pause(4);
  const meanwhile = await visitor.ask('GET', '/health/ready');
  const turn = await turning;
  const turned = await visitor.ask('GET', `/reset/${other}`);
  return {
    start,
    [`${first} first: the page`]: page,
    [`${first} first: to the other way`]: turn,
    [`${first} first: another answer meanwhile`]: meanwhile,
    [`${first} first: the other page`]: turned,
  };
};

interface Journey {
  readonly chain: readonly string[];
  readonly visits: readonly Visit[];
  readonly settings?: Readonly<Record<string, unknown>>;
}

const texts = ['otp-sms', 'phone'];
const calls = ['phone', 'otp-sms'];
const journeys: Readonly<Record<string, Journey>> = {
  text: { chain: ['otp-sms'], visits: [withCode, withPassword] },
  call: { chain: ['phone'], visits: [withCall] },
  ways: {
    chain: texts,
    visits: [withWays],
    settings: {
      policies: [
        { name: half, members: { groups: [half] }, chain: calls, needed: 1 },
        { name: 'others', members: 'everyone', chain: texts, needed: 1 },
      ],
    },
  },
};

async function run(samba: SambaService, crowd: Crowd, journey: Journey) {
  const portal = await PortalProcess.start(
    {
      samba,
      chain: journey.chain,
      ...(journey.settings === undefined ? {} : { settings: journey.settings }),
      ...(wish['no-floors'] ? { floors: { startMs: 0, signInMs: 0, postMs: 0 } } : {}),
    },
    (store, key) => crowd.enrol(store, key, journey.chain),
  );
  try {
    for (const visit of journey.visits) {
      const order = shuffled(
        [...crowd.logins].flatMap(([kind, names]) =>
          Array.from({ length: samples }, (_, index) => ({ kind, login: names[index % names.length] ?? '' })),
        ),
      );
      const seen = new Map<string, Map<string, Sample[]>>();
      // The first visits pay for what is made at the first need.
      for (let warm = 0; warm < 20; warm += 1) await visit(new Visitor(portal.base), nameOf('wrm', warm));
      let begun = 0;
      const lane = async (): Promise<void> => {
        for (let next = order[begun]; next !== undefined; next = order[begun]) {
          const { kind, login } = next;
          begun += 1;
          if (begun % 100 === 0) process.stderr.write(`${begun} of ${order.length} visits\n`);
          const replies = await visit(new Visitor(portal.base, addressOf(begun)), login);
          for (const [step, reply] of Object.entries(replies)) {
            // Whoever is refused at the door is refused alike, and nothing would be measured.
            if ([403, 429].includes(reply.status) || reply.status >= 500)
              throw new Error(`${step} answered ${reply.status} to ${kind}`);
            const byClass = seen.get(step) ?? new Map<string, Sample[]>();
            seen.set(step, byClass);
            byClass.set(kind, [...(byClass.get(kind) ?? []), sampleOf(reply)]);
          }
        }
      };
      await Promise.all(Array.from({ length: Number(wish['at-once']) }, lane));
      for (const [step, byClass] of seen) tell(step, byClass);
    }
  } finally {
    await portal.stop();
  }
}

function tell(step: string, byClass: ReadonlyMap<string, readonly Sample[]>): void {
  const normal = byClass.get('normal') ?? [];
  print(`\n${step}`);
  print('  class          median ms   difference   share greater   p        status, size, headers');
  for (const [kind, found] of byClass) {
    const own = median(found.map(({ ms }) => ms));
    const usual = median(normal.map(({ ms }) => ms));
    const { share, p } = rankTest(
      found.map(({ ms }) => ms),
      normal.map(({ ms }) => ms),
    );
    const columns = [
      kind.padEnd(14),
      own.toFixed(2).padStart(9),
      (own - usual).toFixed(2).padStart(12),
      kind === 'normal' ? '' : share.toFixed(3),
      kind === 'normal' ? '' : p.toFixed(3),
    ];
    print(
      `  ${columns[0]} ${columns[1]} ${columns[2]} ${columns[3]?.padStart(15)} ${columns[4]?.padStart(7)}   ${looks(found, normal)}`,
    );
  }
}

/** Whether what can be seen beside the time is one and the same set of answers; if not, what only one of them has. */
function looks(found: readonly Sample[], normal: readonly Sample[]): string {
  const own = seenIn(found);
  const usual = seenIn(normal);
  const only = [...own].filter((one) => !usual.has(one)).map((one) => `+ ${one}`);
  const never = [...usual].filter((one) => !own.has(one)).map((one) => `- ${one}`);
  if (only.length + never.length > 0) return `DIFFERENT: ${[...only, ...never].join(', ')}`;
  return `alike (${[...own].filter((one) => /^status|bytes$/.test(one)).join(', ')})`;
}

function seenIn(samples: readonly Sample[]): ReadonlySet<string> {
  return new Set(samples.flatMap(({ status, bytes, headers }) => [`status ${status}`, `${bytes} bytes`, ...headers]));
}

/** Headers whose values are new with every answer are compared by name only. */
const nonces = new Set(['date', 'set-cookie']);

function sampleOf({ status, headers, body, ms }: Reply): Sample {
  const lines = [...headers].map(([name, value]) => (nonces.has(name) ? name : `${name}: ${value}`));
  return { status, ms, bytes: Buffer.byteLength(body), headers: lines };
}

/** Every visitor comes from elsewhere: what is limited for each address is not what is measured here. */
function addressOf(index: number): string {
  return `198.18.${(index >> 8) & 255}.${index & 255}`;
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const reason = whyNoSamba();
if (reason !== undefined) {
  process.stderr.write(`The measure needs Samba AD. ${reason}\n`);
  process.exit(1);
}

const samba = await startSamba();
try {
  print(`${samples} samples of each class and step${wish['no-floors'] ? ', without the minimum times' : ''}`);
  const crowd = await makeCrowd(samba);
  for (const [name, journey] of Object.entries(journeys)) {
    if (wish.only !== undefined && !wish.only.includes(name)) continue;
    print(`\n# ${name}`);
    await run(samba, crowd, journey);
  }
} finally {
  await samba.stop();
}

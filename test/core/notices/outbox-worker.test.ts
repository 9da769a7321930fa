import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotSent, Unavailable } from '../../../src/core/errors.ts';
import type { Courier } from '../../../src/core/provider.ts';
import { smtp } from '../../../src/providers/smtp/definition.ts';
import { TestAuthority } from '../../peers/authority.ts';
import { SmtpPeer } from '../../peers/smtp-peer.ts';
import { withFiles } from '../../providers/files.ts';
import { testNeeds } from '../../providers/needs.ts';
import { OutboxWorld, TestCourier } from './outbox-world.ts';

let world: OutboxWorld;
let courier: TestCourier;
beforeEach(async () => {
  world = await OutboxWorld.open();
  courier = new TestCourier();
});
afterEach(() => world.stores.close());

const minute = 60;
const to = (): readonly string[] => courier.arrived.map((message) => message.to);

test('what waits is sent once, and the audit says so without an address', async () => {
  const id = await world.tell('ana@contoso.example');
  const worker = world.worker({ email: [courier] });
  await world.turn(worker);
  await world.turn(worker);
  expect(courier.arrived).toEqual([
    {
      channel: 'email',
      to: 'ana@contoso.example',
      reference: id,
      language: 'en',
      subject: 'reset',
      text: 'about reset',
    },
  ]);
  const rows = await world.stores.audit.about('ana', 9);
  expect(rows).toMatchObject([{ event: 'notice.sent', detail: { event: 'reset', channel: 'email' } }]);
  expect(JSON.stringify(rows)).not.toContain('ana@contoso.example');
});

test('a row that is waiting goes out though another attempt is under way on the same node', async () => {
  await world.tell('first@contoso.example');
  const held = Promise.withResolvers<void>();
  courier.does = async (message) => {
    if (message.to.startsWith('first')) await held.promise;
    return { kind: 'delivered' };
  };
  const worker = world.worker({ email: [courier] });
  worker.wake();
  world.clock.pass(1);
  await world.tell('second@contoso.example');
  worker.wake();
  held.resolve();
  await worker.idle();
  expect(to()).toEqual(['first@contoso.example', 'second@contoso.example']);
});

test('two workers never send one row at once, and a dead one is taken over under the same Message-ID', async () => {
  await world.tell('ana@contoso.example');
  const references: string[] = [];
  const dead = new TestCourier();
  dead.does = async ({ reference }) => {
    references.push(reference);
    return new Promise(() => undefined);
  };
  world.worker({ email: [dead] }).wake();
  await expect.poll(() => references).toHaveLength(1);
  const other = world.worker({ email: [courier] });
  await world.turn(other);
  world.clock.pass(59);
  await world.turn(other);
  expect(courier.arrived).toEqual([]);
  world.clock.pass(1);
  await world.turn(other);
  expect(courier.arrived.map(({ reference }) => reference)).toEqual(references);
});

test('a provider that never answers keeps the others waiting only for so long', async () => {
  await world.tell('hangs@contoso.example');
  world.clock.pass(1);
  await world.tell('ana@contoso.example');
  courier.does = async (message) =>
    message.to.startsWith('hangs') ? new Promise(() => undefined) : { kind: 'delivered' };
  const worker = world.worker({ email: [courier] }, { patienceMs: 20 });
  await world.turn(worker);
  expect(world.failures).toMatchObject([{ why: expect.stringContaining('did not answer'), final: false }]);
  await world.turn(worker);
  expect(to()).toEqual(['ana@contoso.example']);
});

describe('a poison row', () => {
  test('that comes first blocks nobody, and is set aside and reported after ten attempts', async () => {
    await world.tell('poison@contoso.example');
    world.clock.pass(1);
    await world.tell('ana@contoso.example');
    let tried = 0;
    courier.does = async (message) => {
      if (!message.to.startsWith('poison')) return { kind: 'delivered' };
      tried += 1;
      throw new TypeError('cannot be rendered');
    };
    const worker = world.worker({ email: [courier] });
    await world.turn(worker);
    expect(to()).toEqual(['ana@contoso.example']);
    for (let hour = 0; hour < 30; hour += 1) {
      world.clock.pass(60 * minute);
      await world.turn(worker);
    }
    expect(tried).toBe(10);
    expect(world.failures.filter(({ final }) => final)).toMatchObject([{ attempt: 10, why: 'cannot be rendered' }]);
    expect(await world.stores.outbox.standing()).toEqual({ waiting: 0, setAside: 1 });
    expect(await world.audited()).toEqual(['notice.sent', 'notice.abandoned']);
  });

  test('that kills its process is not tried for ever either', async () => {
    await world.tell('poison@contoso.example');
    let tried = 0;
    courier.does = () => {
      tried += 1;
      return new Promise(() => undefined);
    };
    for (let process = 0; process < 15; process += 1) {
      const before = tried;
      world.worker({ email: [courier] }).wake();
      await expect.poll(async () => tried > before || (await world.stores.outbox.standing()).setAside === 1).toBe(true);
      world.clock.pass(60);
    }
    expect(tried).toBe(10);
  });

  test('without an address is reported at once', async () => {
    await world.tell(undefined);
    await world.turn(world.worker({ email: [courier] }));
    expect(world.failures).toMatchObject([{ why: 'no address', final: true }]);
    expect(await world.audited()).toEqual(['notice.abandoned']);
  });

  test('whose address the server refuses for good is set aside, too', async () => {
    await world.tell('gone@contoso.example');
    courier.does = async () => ({ kind: 'rejected', reason: '550' });
    const worker = world.worker({ email: [courier] });
    for (let hour = 0; hour < 12; hour += 1) {
      await world.turn(worker);
      world.clock.pass(60 * minute);
    }
    expect(await world.stores.outbox.standing()).toEqual({ waiting: 0, setAside: 1 });
  });
});

test('an outage is no fault of the rows: they wait for days, the pauses grow, and one row asks for all of them', async () => {
  for (const name of ['a', 'b', 'c']) await world.tell(`${name}@contoso.example`);
  let asked = 0;
  courier.does = async () => {
    asked += 1;
    throw new NotSent('connection refused');
  };
  const worker = world.worker({ email: [courier] });
  await world.turn(worker);
  expect(asked).toBe(1);
  for (let hour = 0; hour < 48; hour += 1) {
    world.clock.pass(60 * minute);
    await world.turn(worker);
  }
  courier.does = async () => ({ kind: 'delivered' });
  for (let half = 0; half < 4; half += 1) {
    world.clock.pass(30 * minute);
    await world.turn(worker);
  }
  expect([...to()].sort()).toEqual(['a@contoso.example', 'b@contoso.example', 'c@contoso.example']);
});

test('what waits past its week is given up and reported, not sent', async () => {
  await world.tell('ana@contoso.example');
  world.clock.pass(7 * 24 * 60 * minute);
  await world.turn(world.worker({ email: [courier] }));
  expect(courier.arrived).toEqual([]);
  expect(world.failures).toMatchObject([{ why: 'too late', final: true }]);
  expect(await world.audited()).toEqual(['notice.abandoned']);
});

test('nobody is told of a decoy, and nothing is said of it', async () => {
  const subject = { kind: 'decoy', key: 'k', seed: 's', reason: 'unknown' } as const;
  await world.stores.outbox.put(await world.desk.rows({ subject, event: { kind: 'barred' }, reference: 'r' }));
  await world.turn(world.worker({ email: [courier] }));
  expect([courier.arrived, world.failures]).toEqual([[], []]);
  expect(await world.stores.outbox.standing()).toEqual({ waiting: 0, setAside: 0 });
});

test('the next courier is asked when nothing left for certain, and not when it may have left', async () => {
  const first = new TestCourier();
  first.does = async () => {
    throw new NotSent('refused');
  };
  await world.tell('ana@contoso.example');
  const worker = world.worker({ email: [first, courier] });
  await world.turn(worker);
  expect(to()).toEqual(['ana@contoso.example']);
  first.does = async () => {
    throw new Unavailable('cut after DATA');
  };
  await world.tell('ben@contoso.example');
  await world.turn(worker);
  expect(to()).toEqual(['ana@contoso.example']);
});

describe('a real mail server', () => {
  let peer: SmtpPeer;
  let mailer: Courier;
  beforeEach(async () => {
    const authority = await TestAuthority.create();
    peer = await SmtpPeer.open({ authority, tls: 'starttls' });
    const settings = smtp.settings.parse({
      host: '127.0.0.1',
      port: peer.port,
      'ca-file': 'ca.pem',
      from: 'password@contoso.example',
    });
    mailer = (await smtp.create(settings, withFiles(testNeeds(), { 'ca.pem': authority.ca }))) as Courier;
  });
  afterEach(async () => {
    await mailer.close?.();
    await peer.close();
  });

  test('F22: that is down for hours gets every notice afterwards, each once', async () => {
    await peer.misbehave('refuse-connections');
    const worker = world.worker({ email: [mailer] });
    for (let at = 0; at < 3 * 60; at += 1) {
      if (at % 20 === 0) await world.tell(`person-${at}@contoso.example`);
      await world.turn(worker);
      world.clock.pass(minute);
    }
    expect(await world.stores.outbox.standing()).toMatchObject({ waiting: 9, setAside: 0 });
    await peer.misbehave(undefined);
    for (let at = 0; at < 60; at += 1) {
      await world.turn(worker);
      world.clock.pass(minute);
    }
    const all = Array.from({ length: 9 }, (_, at) => `person-${at * 20}@contoso.example`);
    expect(peer.mails.map((mail) => mail.to[0]).sort()).toEqual(all.sort());
    expect(await world.stores.outbox.standing()).toEqual({ waiting: 0, setAside: 0 });
  });

  test('that is cut after the mail gets it again as the same mail: one Message-ID for every copy', async () => {
    const id = await world.tell('ana@contoso.example');
    await peer.misbehave('reset');
    const worker = world.worker({ email: [mailer] });
    await world.turn(worker);
    await peer.misbehave(undefined);
    world.clock.pass(minute);
    await world.turn(worker);
    expect(peer.mails.map(({ headers }) => headers['message-id'])).toEqual([
      `<${id}@contoso.example>`,
      `<${id}@contoso.example>`,
    ]);
  });
});

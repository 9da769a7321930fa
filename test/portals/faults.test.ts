import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Misconfigured, Unavailable } from '../../src/core/errors.ts';
import type { Visitor } from './visitor.ts';
import { type Person, PortalWorld } from './world.ts';

let world: PortalWorld;

beforeAll(async () => {
  world = await PortalWorld.open({ chain: ['otp-sms', 'questions'] });
});
afterAll(() => world.close());
afterEach(() => void vi.restoreAllMocks());

const newPassword = 'Correct-Horse-7-Battery';
const twice = { password: newPassword, repeat: newPassword };

/** Longer than anybody waits for a write whose process has died, in seconds. */
const patience = 31;

const writes = async (person: Person): Promise<readonly string[]> =>
  (await world.audited(person)).filter((event) => event.startsWith('write.'));

const mails = (person: Person): readonly string[] =>
  (world.latchkey.mailbox?.mails(person.mail) ?? []).map(({ text }) => text);

async function counters(person: Person): Promise<unknown> {
  const { failures } = world.latchkey.stores;
  return {
    lockout: await failures.lockout(person.id, world.clock.now()),
    badPasswords: world.standing(person).badPasswords,
  };
}

describe('while the directory is down', () => {
  test('F5: the start pages say so before anything is asked, and recover by themselves', async () => {
    const { directory } = world.latchkey;
    await world.proxy.stop();
    world.clock.pass(6);
    expect((await directory.health()).ok).toBe(false);
    for (const portal of ['/reset', '/registration']) {
      const visitor = await world.visitor().open(portal);
      expect(visitor.status).toBe(503);
      expect(visitor.heading).toBe('This service is not available right now');
      expect(visitor.page('main input')).toHaveLength(0);
    }
    await world.proxy.start();
    world.clock.pass(6);
    expect((await world.visitor().open('/reset')).status).toBe(200);
    expect((await world.visitor().open('/registration')).status).toBe(200);
  });

  test('F5: a start and a sign-in that were on their way fail without being counted', async () => {
    const person = await world.registered();
    const reset = await world.visitor().open('/reset');
    const registration = await world.visitor().open('/registration');
    await world.proxy.stop();
    await reset.submit({ login: person.samName });
    expect(reset.status).toBe(503);
    expect(reset.answer.headers['retry-after']).toBe('30');
    await registration.submit({ login: person.samName, password: person.password });
    expect(registration.status).toBe(503);
    await world.proxy.start();
    expect(await counters(person)).toEqual({ lockout: undefined, badPasswords: 0 });
    expect((await world.toChoice(person)).path).toBe('/reset/choose');
    expect((await world.signIn(person.samName, person.password)).path).toBe('/registration/confirm-otp-sms');
  });

  test('F5: gates that need none go on; the choice waits, and the gates stay passed', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await world.proxy.stop();
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
    await world.passGate(visitor, person);
    expect(visitor.status).toBe(503);
    await world.proxy.start();
    expect((await visitor.open('/reset/choose')).status).toBe(200);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/done');
  });

  test('F3, F5: the last step changes nothing, says so, and can be pressed again', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const form = visitor.form(twice);
    await world.proxy.stop();
    expect((await visitor.ask({ method: 'post', ...form })).status).toBe(503);
    await world.proxy.start();
    expect(await world.bind(person, person.password)).toBe('bound');
    expect(await writes(person)).toEqual([]);
    await visitor.open('/reset/password');
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test('a person who presses the last button often loses nothing by it', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    vi.spyOn(world.latchkey.directory, 'resetPassword').mockRejectedValue(new Unavailable('no server'));
    for (let press = 0; press < 15; press += 1) {
      await visitor.submit(twice);
      expect(visitor.path).toBe('/reset/password');
      expect(visitor.problems).not.toBe('');
    }
    vi.restoreAllMocks();
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/done');
  });

  test('F9: a missing right is told as such, and the gates stay passed', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    vi.spyOn(world.latchkey.directory, 'resetPassword').mockRejectedValue(new Misconfigured('no right to reset'));
    await visitor.submit(twice);
    expect(visitor.status).toBe(500);
    expect(visitor.answer.text).not.toContain('no right to reset');
    vi.restoreAllMocks();
    await visitor.open('/reset/password');
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/done');
  });
});

describe('a gate that breaks', () => {
  test('F14, F15: is never a pass and never a failure of the person', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.code(person.mobile) }, 'act=next');
    const { challenges } = world.latchkey.stores;
    const broken = vi.spyOn(challenges, 'read').mockRejectedValue(new Unavailable('the database is gone'));
    for (let press = 0; press < 5; press += 1) {
      expect((await visitor.ask({ method: 'post', ...form })).status).toBe(503);
    }
    broken.mockRestore();
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/otp-sms');
    expect(visitor.text).not.toContain('You can try');
    await world.passGate(visitor, person);
    expect(visitor.path).toBe('/reset/questions');
  });

  test('when it is to open says so, and opens at the next press', async () => {
    const person = await world.registered();
    const { challenges } = world.latchkey.stores;
    const broken = vi.spyOn(challenges, 'create').mockRejectedValue(new Unavailable('the database is gone'));
    const visitor = await world.start(person.samName).catch((fault: unknown) => fault);
    broken.mockRestore();
    // The flow was there before its gate failed to open, but nobody was given it: the person starts again.
    expect((visitor as Visitor).status).toBe(503);
    expect(await counters(person)).toEqual({ lockout: undefined, badPasswords: 0 });
    expect((await world.start(person.samName)).path).toBe('/reset/otp-sms');
  });
});

describe('an answer that was lost', () => {
  test('F2: after the write was done is looked up, and told as done', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    loseAnswer(world);
    await visitor.submit(twice);
    expect(visitor.heading).toBe('Your password has been changed');
    expect(await world.bind(person, newPassword)).toBe('bound');
    expect(await writes(person)).toEqual(['write.intended', 'write.done']);
    expect(mails(person)).toHaveLength(1);
  });

  test('F3: before the write was done is told as not done only when time has shown it: the gates stay passed', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const { directory } = world.latchkey;
    vi.spyOn(directory, 'resetPassword').mockResolvedValueOnce({ kind: 'unknown', detail: 'cut' });
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/working');
    world.clock.pass(patience);
    await visitor.open('/reset/working');
    expect(visitor.path).toBe('/reset/password');
    expect(visitor.problems).not.toBe('');
    expect(await world.bind(person, person.password)).toBe('bound');
    expect(mails(person)).toHaveLength(0);
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/done');
  });

  test('F2: that cannot be looked up is told as it is: it may have worked', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    loseAnswer(world);
    vi.spyOn(world.latchkey.directory, 'observe').mockRejectedValue(new Unavailable('gone'));
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/working');
    world.clock.pass(patience);
    await visitor.open('/reset/working');
    expect(visitor.path).toBe('/reset/done');
    expect(visitor.heading).toBe('It may have worked');
    expect(visitor.text).not.toContain('has been changed');
    expect(new Set(await writes(person))).toEqual(new Set(['write.intended', 'write.unknown']));
    expect(mails(person)).toHaveLength(0);
    vi.restoreAllMocks();
    expect(await world.latchkey.writes.recover()).toBe(1);
    await vi.waitFor(() => expect(mails(person)).toHaveLength(1));
    expect(await world.latchkey.stores.journal.unsettled()).toEqual([]);
  });

  test('F4: of a slow server never leads to two passwords: what is committed late is what the person is told', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const { directory } = world.latchkey;
    const reset = directory.resetPassword.bind(directory);
    const late = Promise.withResolvers<void>();
    let committed: Promise<unknown> = Promise.resolve();
    vi.spyOn(directory, 'resetPassword').mockImplementationOnce(async (write, password) => {
      committed = late.promise.then(() => reset(write, password));
      return { kind: 'unknown', detail: 'cut' };
    });
    await visitor.submit(twice);
    await visitor.tab().post('/reset/password', { password: 'Another-Harbour-99', repeat: 'Another-Harbour-99' });
    late.resolve();
    await committed;
    world.clock.pass(patience);
    await visitor.open('/reset/working');
    expect(visitor.heading).toBe('Your password has been changed');
    expect(await world.bind(person, newPassword)).toBe('bound');
    expect(mails(person)).toHaveLength(1);
  });

  test('keeps its notice when the person at the browser cancels while the write is under way', async () => {
    const person = await world.registered();
    const visitor = await world.toPassword(person);
    const { directory } = world.latchkey;
    const reset = directory.resetPassword.bind(directory);
    const tab = visitor.tab();
    vi.spyOn(directory, 'resetPassword').mockImplementationOnce(async (write, password) => {
      await tab.post('/reset/working', { cancel: 'yes' });
      return reset(write, password);
    });
    await visitor.submit(twice);
    expect(visitor.heading).toBe('Your password has been changed');
    await vi.waitFor(() => expect(mails(person)).toHaveLength(1));
  });

  test.each([
    ['came', { kind: 'done', mustChange: true } as const],
    ['was lost', { kind: 'unknown', detail: 'cut' } as const],
  ])(
    'that %s and says that the password must be changed at once is told to the person and, as an alarm, in the log',
    async (_how, result) => {
      const person = await world.registered();
      const visitor = await world.toPassword(person);
      const { directory } = world.latchkey;
      const reset = directory.resetPassword.bind(directory);
      vi.spyOn(directory, 'resetPassword').mockImplementationOnce(async (write, password) => {
        await reset(write, password);
        // What a domain does where the right Unexpire Password is missing.
        world.demo.administration.set(person.entry, { pwdLastSet: '0' });
        return result;
      });
      const alarms = () => world.log.filter((line) => line.includes('Unexpire Password'));
      const before = alarms().length;
      await visitor.submit(twice);
      expect(visitor.heading).toBe('Your password has been changed');
      expect(visitor.text).toContain('At the next sign-in the computer will ask you for another new password.');
      expect(alarms()).toHaveLength(before + 1);
      expect(JSON.parse(alarms().at(-1) ?? '')).toMatchObject({ level: 50, alarm: true });
    },
  );

  test('of an unlock is looked up too', async () => {
    const person = await world.registered();
    world.lock(person);
    const visitor = await world.toChoice(person);
    const { directory } = world.latchkey;
    const unlock = directory.unlock.bind(directory);
    vi.spyOn(directory, 'unlock').mockImplementationOnce(async (write) => {
      await unlock(write);
      return { kind: 'unknown', detail: 'cut' };
    });
    await visitor.submit({ action: 'unlock' });
    expect(visitor.heading).toBe('Your account is unlocked');
  });

  test('F2: on the wire is the same: the write is never sent twice', async () => {
    const slow = await PortalWorld.open({ chain: ['otp-sms'], settings: {} });
    try {
      const person = await slow.registered();
      const visitor = await slow.toPassword(person);
      const { directory } = slow.latchkey;
      const reset = directory.resetPassword.bind(directory);
      const sent = vi.spyOn(directory, 'resetPassword').mockImplementation(async (write, password) => {
        slow.proxy.loseAnswers();
        const cut = setTimeout(() => {
          slow.proxy.cut();
          slow.proxy.heal();
        }, 500);
        try {
          return await reset(write, password);
        } finally {
          clearTimeout(cut);
        }
      });
      const before = slow.standing(person).passwordLastSet;
      await visitor.submit(twice);
      expect(sent).toHaveBeenCalledTimes(1);
      expect(slow.standing(person).passwordLastSet).not.toBe(before);
      expect(visitor.heading).toBe('Your password has been changed');
      expect(await slow.bind(person, newPassword)).toBe('bound');
    } finally {
      await slow.close();
    }
  });
});

/** The process dies: what it was about to do never happens, and a new one takes over on the same database. */
describe('F23: a process that dies', () => {
  /** Presses the last button in a process that dies in the middle; returns the browser as it is left. */
  async function dying(person: Person, kill: (dead: Promise<never>) => unknown): Promise<Visitor> {
    const visitor = await world.toPassword(person);
    const form = visitor.form(twice);
    const dead = Promise.reject(new Error('killed'));
    dead.catch(() => undefined);
    kill(dead);
    const answer = await visitor.ask({ method: 'post', ...form });
    expect(answer.status).toBe(500);
    vi.restoreAllMocks();
    await world.restart();
    return visitor;
  }

  test('between the claim and the journal: nothing was sent, and the person goes on', async () => {
    const person = await world.registered();
    const visitor = await dying(person, (dead) =>
      vi.spyOn(world.latchkey.stores.journal, 'intend').mockReturnValue(dead),
    );
    await visitor.open('/reset/password');
    expect(visitor.path).toBe('/reset/working');
    expect(await world.bind(person, person.password)).toBe('bound');
    world.clock.pass(patience);
    await visitor.open('/reset/working');
    expect(visitor.path).toBe('/reset/password');
    expect(visitor.problems).not.toBe('');
    await visitor.submit(twice);
    expect(visitor.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
  });

  test('between the journal and the write: the directory says that nothing happened', async () => {
    const person = await world.registered();
    const { journal } = world.latchkey.stores;
    const intend = journal.intend.bind(journal);
    const visitor = await dying(person, (dead) =>
      vi.spyOn(journal, 'intend').mockImplementation(async (entry) => {
        await intend(entry);
        await dead;
      }),
    );
    world.clock.pass(patience);
    expect(await world.latchkey.writes.recover()).toBe(1);
    await visitor.open('/reset/working');
    expect(visitor.path).toBe('/reset/password');
    expect(await world.bind(person, person.password)).toBe('bound');
  });

  test('between the write and its outcome: the directory says that it was done', async () => {
    const person = await world.registered();
    const visitor = await dying(person, (dead) =>
      vi.spyOn(world.latchkey.stores.journal, 'settle').mockReturnValue(dead),
    );
    expect((await visitor.open('/reset/password')).path).toBe('/reset/working');
    world.clock.pass(patience);
    const looks = await Promise.all([1, 2, 3, 4].map(() => visitor.tab().open('/reset/working')));
    for (const look of looks) expect(look.path).toBe('/reset/done');
    expect(await world.bind(person, newPassword)).toBe('bound');
    expect(mails(person)).toHaveLength(1);
    expect(await world.latchkey.stores.journal.unsettled()).toEqual([]);
  });

  test('between the write and its outcome, and nobody comes back: the person is told all the same', async () => {
    const person = await world.registered();
    await dying(person, (dead) => vi.spyOn(world.latchkey.stores.journal, 'settle').mockReturnValue(dead));
    expect(mails(person)).toHaveLength(0);
    world.clock.pass(patience);
    expect(await world.latchkey.writes.recover()).toBe(1);
    await vi.waitFor(() => expect(mails(person)).toHaveLength(1));
    expect(await world.latchkey.writes.recover()).toBe(0);
    expect(mails(person)).toHaveLength(1);
  });

  test('in the middle of a gate: tries stay counted, and no code can be used again', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    await visitor.submit({ code: await world.wrongCode(person.mobile) }, 'act=next');
    const code = await world.code(person.mobile);
    await world.restart();
    await visitor.open('/reset/otp-sms');
    await visitor.submit({ code: code === '000000' ? '111111' : '000000' }, 'act=next');
    expect(visitor.text).toContain('You can try 1 more time.');
    await visitor.submit({ code }, 'act=next');
    expect(visitor.path).toBe('/reset/questions');
    await world.restart();
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/questions');
  });

  test('while it judges an answer leaves the gate taken for a moment only', async () => {
    const person = await world.registered();
    const visitor = await world.start(person.samName);
    const form = visitor.form({ code: await world.code(person.mobile) }, 'act=next');
    const { failures, flows } = world.latchkey.stores;
    const save = flows.save.bind(flows);
    vi.spyOn(failures, 'count').mockRejectedValue(new Error('killed'));
    vi.spyOn(flows, 'save').mockImplementationOnce(save).mockRejectedValue(new Error('killed'));
    expect((await visitor.ask({ method: 'post', ...form })).status).toBe(500);
    vi.restoreAllMocks();
    await world.restart();
    await visitor.ask({ method: 'post', ...form });
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/otp-sms');
    world.clock.pass(31);
    await visitor.ask({ method: 'post', ...form });
    expect((await visitor.open('/reset/otp-sms')).path).toBe('/reset/questions');
  });

  test('leaves an audit whose chain is whole', async () => {
    expect(await world.latchkey.stores.audit.verify()).toBeUndefined();
  });
});

/** The directory does what it was asked, and the answer never arrives. */
function loseAnswer({ latchkey: { directory } }: PortalWorld): void {
  const reset = directory.resetPassword.bind(directory);
  vi.spyOn(directory, 'resetPassword').mockImplementationOnce(async (write, password) => {
    await reset(write, password);
    return { kind: 'unknown', detail: 'cut' };
  });
}

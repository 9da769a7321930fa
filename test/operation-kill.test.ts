import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { demoPassword } from '../src/directories/demo/people.ts';
import { minuteLater, newPassword, Operation, twice, until } from './operation-world.ts';

const timeout = 120_000;

/** Where the process dies; what SQLite stops at to hold it there, or undefined where the directory's answer is held. */
const places: readonly {
  readonly place: string;
  readonly stop?: string;
  readonly set: number;
  readonly journal: readonly unknown[];
  readonly audit: readonly string[];
}[] = [
  { place: 'after the claim', stop: 'insert on journal', set: 0, journal: [], audit: [] },
  {
    place: 'after the intent was journalled',
    stop: "insert on audit when new.event = 'write.intended'",
    set: 0,
    journal: [{ outcome: null }],
    audit: [],
  },
  { place: 'after the modify was sent', set: 1, journal: [{ outcome: null }], audit: ['write.intended'] },
  {
    place: 'after the answer',
    stop: "insert on audit when new.event = 'write.done'",
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended'],
  },
  {
    place: 'before the journal is settled',
    stop: 'update on journal',
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended', 'write.done'],
  },
  {
    place: 'between the settled journal and the notice',
    stop: 'insert on outbox',
    set: 1,
    journal: [{ outcome: null }],
    audit: ['write.intended', 'write.done'],
  },
  {
    place: 'before the flow is saved',
    stop: "update on flows when new.state = 'done'",
    set: 1,
    journal: [{ outcome: 'done' }],
    audit: ['write.intended', 'write.done'],
  },
];

describe('F23: a server that is killed in the middle of the write', () => {
  it.each(places)(
    '$place: the next one settles it, nothing is sent twice, one notice, nothing lost',
    async ({ stop, set, journal, audit }) => {
      const operation = await Operation.begin();
      const first = await operation.server();
      const visitor = await operation.toPassword();
      // Two copies of one notice would have one Message-ID, and are shown once.
      const notices = () => new Set(operation.mail.mails.map(({ headers }) => headers['message-id'])).size;
      const noticesBefore = notices();
      const counted = () => operation.rows("select * from failures where subject like 'decoy:%' order by gate");
      const counters = counted();
      expect(counters.some(({ tries }) => tries === 1)).toBe(true);
      if (stop === undefined) operation.onPasswordSet = () => operation.proxy.loseAnswers();
      else operation.stopAt(stop);
      const lost = visitor.ask({ method: 'post', ...visitor.form(twice) });
      lost.catch(() => undefined);
      await until(() => (stop === undefined ? operation.passwordsSet === 1 : operation.isStopped()));
      first.signal('SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
      await expect(lost).rejects.toThrow();
      const audited = () => operation.rows("select event from audit where event like 'write.%' order by sequence");
      const journalled = () => operation.rows('select outcome from journal order by intended_at');
      // It died where it was to die.
      expect(operation.passwordsSet).toBe(set);
      expect(journalled()).toEqual(journal);
      expect(audited().map(({ event }) => event)).toEqual(audit);

      if (stop !== undefined) operation.goOnAt();
      operation.endLeases();
      operation.proxy.heal();
      await operation.server(['--import', minuteLater]);
      await visitor.open('/reset/working');
      if (set === 0) {
        expect(visitor.path).toBe('/reset/password');
        expect(visitor.problems).not.toBe('');
        expect(await operation.bind(demoPassword)).toBe('bound');
        expect(notices()).toBe(noticesBefore);
        await visitor.submit(twice);
      }
      expect(visitor.heading).toBe('Your password has been changed');
      expect(operation.passwordsSet).toBe(1);
      expect(await operation.bind(newPassword)).toBe('bound');
      await until(() => operation.rows('select id from outbox').length === 0);
      expect(notices()).toBe(noticesBefore + 1);
      expect(journalled().map(({ outcome }) => outcome)).toEqual(
        set === 1 ? ['done'] : [...journal.map(() => 'not-done'), 'done'],
      );
      const events = audited().map(({ event }) => event);
      expect(events.at(-1)).toBe('write.done');
      expect(events.includes('write.not-done')).toBe(set === 0 && journal.length === 1);
      expect(counted()).toEqual(counters);
      expect(await operation.auditVerdict()).toContain('The audit chain is whole.');
    },
    timeout,
  );
});

describe('F24: SIGTERM in the middle of the write', () => {
  it(
    'lets the directory answer and the person hear of it, and then the process ends well',
    async () => {
      const operation = await Operation.begin();
      const server = await operation.server();
      const visitor = await operation.toPassword();
      operation.onPasswordSet = () => operation.proxy.holdAnswers();
      const answered = visitor.ask({ method: 'post', ...visitor.form(twice) });
      await until(() => operation.passwordsSet === 1);
      server.signal('SIGTERM');
      await until(async () => (await fetch(`${operation.origin}/health/ready`)).status === 503);
      operation.proxy.release();
      expect(await answered).toMatchObject({ status: 303, headers: { location: '/reset/done' } });
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: 'done' }]);
    },
    timeout,
  );

  it(
    'waits for the directory also where nobody waits for the page any more',
    async () => {
      const operation = await Operation.begin();
      const server = await operation.server();
      const visitor = await operation.toPassword();
      operation.onPasswordSet = () => operation.proxy.holdAnswers();
      const { path, body } = visitor.form(twice);
      const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const gone = new AbortController();
      // Not fetch: it says of itself that it is no page that is gone to, and is refused for that.
      const posted = request(`${operation.origin}${path}`, {
        method: 'POST',
        body,
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        signal: gone.signal,
      });
      posted.catch(() => undefined);
      await until(() => operation.passwordsSet === 1);
      gone.abort();
      server.signal('SIGTERM');
      await server.until(/draining/);
      await pause(500);
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: null }]);
      operation.proxy.release();
      expect(await server.ended).toMatchObject({ code: 0, signal: null });
      expect(operation.rows('select outcome from journal')).toEqual([{ outcome: 'done' }]);
      expect(operation.rows("select event from audit where event = 'write.done'")).toHaveLength(1);
    },
    timeout,
  );
});

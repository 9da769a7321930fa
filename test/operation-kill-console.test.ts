import { describe, expect, it } from 'vitest';
import { administrator, numbers, Stage } from './operation-console-stage.ts';
import { later, newPassword, samName, twice, until } from './operation-world.ts';

const timeout = 180_000;

describe('a sign-in to the console whose process is killed', () => {
  it(
    'before the code: goes on with the text that went out, and sends no other',
    async () => {
      const stage = await Stage.open();
      const before = stage.texts(administrator);
      await stage.password();
      const code = await stage.code(administrator, before);
      await stage.kill();
      await stage.restart();
      await stage.visitor.open('/console/otp-sms');
      expect(stage.visitor.status).toBe(200);
      expect(stage.texts(administrator)).toBe(before + 1);
      await stage.visitor.submit({ code }, 'act=next');
      expect(stage.visitor.path).toBe('/');
      expect(stage.count('console.signed-in')).toBe(1);
      expect(await stage.operation.auditVerdict()).toContain('The audit chain is whole.');
    },
    timeout,
  );

  it.each([
    ["insert on audit when new.event = 'gate.passed'", 'the gate is passed'],
    ["update on flows when new.state = 'done'", 'the flow is saved'],
  ])(
    'at %s: the used code is worth nothing, a new one signs in',
    async (stop) => {
      const stage = await Stage.open();
      const { operation, visitor } = stage;
      const before = stage.texts(administrator);
      await stage.password();
      const form = visitor.form({ code: await stage.code(administrator, before) }, 'act=next');
      operation.stopAt(stop);
      await stage.killDuring(form, () => operation.isStopped());
      operation.goOnAt();
      await stage.restart();
      expect((await visitor.open('/')).path).toBe('/console');
      await visitor.ask({ method: 'post', ...form });
      await visitor.open('/console/otp-sms');
      expect(visitor.problems).not.toBe('');
      expect(stage.count('console.signed-in')).toBe(0);
      expect(stage.texts(administrator)).toBe(before + 1);
      await visitor.submit({}, 'act=again');
      await visitor.submit({ code: await stage.code(administrator, before + 1) }, 'act=next');
      expect(visitor.path).toBe('/');
      expect(stage.count('console.signed-in')).toBe(1);
    },
    timeout,
  );

  it(
    'as it is written down that somebody signed in: nobody is, and a press goes on with the proof that was passed',
    async () => {
      const stage = await Stage.open();
      const { operation, visitor } = stage;
      const before = stage.texts(administrator);
      await stage.password();
      const form = visitor.form({ code: await stage.code(administrator, before) }, 'act=next');
      operation.stopAt("insert on audit when new.event = 'console.signed-in'");
      await stage.killDuring(form, () => operation.isStopped());
      operation.goOnAt();
      await stage.restart();
      expect((await visitor.open('/')).path).toBe('/console');
      expect(stage.count('console.signed-in')).toBe(0);
      await visitor.open('/console/otp-sms');
      expect(visitor.path).toBe('/console/done');
      await visitor.submit();
      expect(visitor.path).toBe('/');
      expect([stage.count('console.signed-in'), stage.texts(administrator)]).toEqual([1, before + 1]);
    },
    timeout,
  );
});

describe('a test drive whose process is killed', () => {
  /** Chooses the account by name: the first of them is oneself. */
  function driven({ visitor }: Stage): string {
    const $ = visitor.page;
    const label = $('label').filter((_, one) => $(one).text().includes(samName));
    return label.find('input[name="who"]').attr('value') ?? '';
  }

  /** Begins one in earnest, with its text at hand. */
  async function live(stage: Stage): Promise<{ readonly walk: string; readonly code: string }> {
    const { visitor } = stage;
    await stage.signIn();
    await visitor.open('/drive');
    await visitor.open(`/drive/live/${driven(stage)}`);
    const before = stage.texts(samName);
    await visitor.submit({ zone: 'extranet', reason: 'Trying the chain', confirmed: 'yes' });
    return { walk: visitor.path, code: await stage.code(samName, before) };
  }

  it(
    'in a dry run: leaves nothing, and the page says so',
    async () => {
      const stage = await Stage.open();
      const { visitor, operation } = stage;
      await stage.signIn();
      await visitor.open('/drive');
      const left = () => [operation.rows('select count(*) as n from flows'), operation.gateway.messages.length];
      const before = left();
      await visitor.submit({ who: driven(stage), zone: 'extranet', policy: '', registered: 'all' });
      const walk = visitor.path;
      expect(walk).toMatch(/otp-sms$/);
      await stage.kill();
      await stage.restart();
      await visitor.open(walk);
      expect(visitor.path).toBe('/drive');
      expect(visitor.text).toContain(`The test drive as CONTOSO\\${samName} is not open on this server`);
      expect(visitor.text).toContain('nothing was written or sent, and it leaves nothing');
      expect(left()).toEqual(before);
      await stage.readIt();
      expect(visitor.text).not.toContain('is not open on this server');
      await visitor.submit({ who: driven(stage), zone: 'extranet', policy: '', registered: 'all' });
      expect(visitor.path).toMatch(/otp-sms$/);
    },
    timeout,
  );

  it(
    'in earnest, at a gate: the page says what went out and what is still open, and a press ends it',
    async () => {
      const stage = await Stage.open();
      const { visitor, operation } = stage;
      const { walk } = await live(stage);
      const sent = stage.texts(samName);
      await stage.kill();
      await stage.restart();
      await visitor.open(walk);
      expect(visitor.path).toBe('/drive');
      expect(visitor.text).toContain('It was in earnest: what it did stays done.');
      expect(visitor.text).toContain(`To the number ••${numbers[samName]?.slice(-2)}.`);
      expect(visitor.text).toContain('Its visit is open until');
      expect(stage.texts(samName)).toBe(sent);
      await stage.readIt();
      expect(stage.count('flow.cancelled')).toBe(1);
      const walked = operation.rows("select state from flows where portal = 'reset'");
      expect(walked).toEqual([{ state: 'cancelled' }]);
    },
    timeout,
  );

  it(
    'in earnest, as the password is set: it is set once, told once, and the page says that it was',
    async () => {
      const stage = await Stage.open();
      const { visitor, operation } = stage;
      const { walk, code } = await live(stage);
      await visitor.submit({ code }, 'act=next');
      await visitor.submit({ action: 'reset' });
      const told = new Set(operation.mail.mails.map(({ headers }) => headers['message-id'])).size;
      operation.onPasswordSet = () => operation.proxy.loseAnswers();
      await stage.killDuring(visitor.form(twice), () => operation.passwordsSet === 1);
      operation.proxy.heal();
      await stage.restart();
      await visitor.open(walk);
      expect(visitor.path).toBe('/drive');
      expect(visitor.text).toContain('A new password was set.');
      expect(visitor.text).toContain('Its visit has ended.');
      expect(operation.passwordsSet).toBe(1);
      expect(await operation.bind(newPassword)).toBe('bound');
      await until(() => operation.rows('select id from outbox').length === 0);
      expect(new Set(operation.mail.mails.map(({ headers }) => headers['message-id'])).size).toBe(told + 1);
      expect(await operation.auditVerdict()).toContain('The audit chain is whole.');
    },
    timeout,
  );
});

describe('work in the background whose process is killed', () => {
  it(
    'in a simulation: it is shown as failed, with why, and another one runs to its end',
    async () => {
      const stage = await Stage.open();
      const { visitor, operation } = stage;
      await stage.signIn();
      await visitor.open('/simulator');
      // Its first sign of life is where the process stops.
      operation.stopAt("update on jobs when new.state = 'running'");
      const begun = visitor.ask({ method: 'post', ...visitor.form() });
      begun.catch(() => undefined);
      await until(() => operation.isStopped());
      await stage.kill();
      await begun.catch(() => undefined);
      operation.goOnAt();
      const [job] = operation.rows('select id, state from jobs');
      expect(job?.state).toBe('running');
      await stage.restart();
      await visitor.open('/jobs');
      expect(visitor.text).toContain('Failed');
      await visitor.open(`/jobs/${job?.id}`);
      expect(visitor.text).toContain('The process that did it gave no sign of life any more. Start it again.');
      expect(visitor.page('progress')).toHaveLength(0);
      await visitor.open('/simulator');
      await visitor.submit();
      await until(() => operation.rows("select id from jobs where state = 'done'").length === 1);
      expect(operation.rows('select id from jobs where slot is not null')).toEqual([]);
    },
    timeout,
  );

  it(
    'in a wave of a campaign: the next process writes to the others, and to nobody twice',
    async () => {
      const stage = await Stage.open();
      const { visitor, operation } = stage;
      await stage.signIn();
      await visitor.open('/campaigns/new');
      const letters = () => operation.rows('select account_id from campaign_letters');
      operation.stopAt('insert on campaign_letters when (select count(*) from campaign_letters) >= 3');
      const form = visitor.form({ 'from-hour': '0', 'to-hour': '24', reason: 'The spring of the new portal' });
      const begun = visitor.ask({ method: 'post', ...form });
      begun.catch(() => undefined);
      await until(() => operation.isStopped());
      await stage.kill();
      await begun.catch(() => undefined);
      operation.goOnAt();
      expect(letters()).toHaveLength(3);
      // Longer than a node that has gone keeps the duty.
      await stage.restart(later(360_000));
      const isOver = () => operation.rows('select wave_over from campaigns')[0]?.wave_over === 1;
      await until(() => isOver() && operation.rows('select id from outbox').length === 0);
      const written = letters().map(({ account_id }) => account_id);
      expect(written.length).toBeGreaterThan(3);
      expect(new Set(written).size).toBe(written.length);
      // Two copies of one letter would have one Message-ID, and are shown once.
      const mails = new Map(operation.mail.mails.map(({ headers }) => [headers['message-id'], headers.to]));
      const own = [...mails.values()].filter((to) => !/^(?:ivan\.keller|ben\.okafor)@/.test(String(to)));
      expect(own).toHaveLength(written.length);
      expect(new Set(own).size).toBe(own.length);
      const [campaign] = operation.rows('select id from campaigns');
      await visitor.open(`/campaigns/${campaign?.id}`);
      const $ = visitor.page;
      const counted = $('dt').filter((_, one) => $(one).text() === 'Letters');
      expect(counted.next('dd').text()).toBe(String(written.length));
    },
    timeout,
  );
});

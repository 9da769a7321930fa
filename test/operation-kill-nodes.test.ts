import { describe, expect, it } from 'vitest';
import { administrator, Stage } from './operation-console-stage.ts';
import { samName, until } from './operation-world.ts';
import { type Answer, Visitor } from './portals/visitor.ts';

const timeout = 180_000;

/** A stage with a second node on the same database, and the same browser coming to it. */
async function twoNodes(): Promise<{ readonly stage: Stage; readonly elsewhere: Visitor }> {
  const stage = await Stage.open();
  const { operation } = stage;
  const port = await operation.anotherNode();
  const host = { Host: `localhost:${operation.consolePort}` };
  return { stage, elsewhere: new Visitor(`http://127.0.0.1:${port}`, host) };
}

/**
 * Sends the form to one node, which is killed as it comes to this statement, and the same form to the other one before
 * it is dead.
 * @returns what the other one answered
 */
async function killBetween(
  { stage, elsewhere }: Awaited<ReturnType<typeof twoNodes>>,
  form: { readonly path: string; readonly body: string },
  statement: string,
): Promise<Answer> {
  const { operation, visitor } = stage;
  operation.stopAt(statement);
  const lost = visitor.ask({ method: 'post', ...form });
  lost.catch(() => undefined);
  await until(() => operation.isStopped());
  const second = visitor.tab(elsewhere).ask({ method: 'post', ...form });
  second.catch(() => undefined);
  await stage.kill();
  await expect(lost).rejects.toThrow();
  operation.goOnAt();
  return second;
}

describe('a press of the console that came to two nodes, of which one is killed in the middle', () => {
  it(
    'when it begins a second factor: the other says that nobody knows, does nothing, and a page opened anew goes on',
    async () => {
      const both = await twoNodes();
      const { stage, elsewhere } = both;
      await stage.signIn();
      const [sent, begun] = [stage.texts(administrator), stage.count('flow.started')];
      await stage.visitor.open('/confirm');
      const form = stage.visitor.form();
      const answer = await killBetween(both, form, "insert on audit when new.event = 'flow.started'");
      expect(answer.status).toBe(503);
      expect(answer.text).toContain('We cannot say whether this was done');
      const there = stage.visitor.tab(elsewhere);
      // However often that form is sent again.
      expect((await there.ask({ method: 'post', ...form })).status).toBe(503);
      expect([stage.texts(administrator), stage.count('flow.started')]).toEqual([sent, begun]);
      await there.open('/confirm');
      await there.submit();
      expect(there.path).toBe('/console/otp-sms');
      await there.submit({ code: await stage.code(administrator, sent) }, 'act=next');
      expect(there.path).toBe('/');
      expect([stage.texts(administrator), stage.count('console.confirmed')]).toEqual([sent + 1, 1]);
      expect(await stage.operation.auditVerdict()).toContain('The audit chain is whole.');
    },
    timeout,
  );

  it(
    'when it begins a live test drive whose text is out: no second visit and no second text, and the next press is another',
    async () => {
      const both = await twoNodes();
      const { stage, elsewhere } = both;
      const { visitor } = stage;
      await stage.signIn();
      await visitor.open('/drive');
      const $ = visitor.page;
      const label = $('label').filter((_, one) => $(one).text().includes(samName));
      await visitor.open(`/drive/live/${label.find('input[name="who"]').attr('value') ?? ''}`);
      const wish = { zone: 'extranet', reason: 'Trying the chain', confirmed: 'yes' };
      const [sent, begun] = [stage.texts(samName), stage.count('flow.started')];
      // The second row, which names the flow that has begun.
      const second = `insert on audit when new.event = 'console.act' and new.detail like '%"flow"%'`;
      const answer = await killBetween(both, visitor.form(wish), second);
      expect(answer.status).toBe(503);
      expect(answer.text).toContain('It was not done a second time.');
      expect([stage.texts(samName), stage.count('flow.started')]).toEqual([sent + 1, begun + 1]);
      const there = visitor.tab(elsewhere);
      await there.open(visitor.path);
      await there.submit(wish);
      expect(there.path).toMatch(/^\/drive\/walk\/.*otp-sms$/);
      await there.submit({ code: await stage.code(samName, sent + 1) }, 'act=next');
      expect(there.path).toMatch(/choose$/);
      expect(stage.count('flow.started')).toBe(begun + 2);
    },
    timeout,
  );

  it(
    'when its code was right: the other goes on with that proof, and there is one session',
    async () => {
      const both = await twoNodes();
      const { stage, elsewhere } = both;
      const { visitor, operation } = stage;
      const [before, passed] = [stage.texts(administrator), stage.count('gate.passed')];
      await stage.password();
      const form = visitor.form({ code: await stage.code(administrator, before) }, 'act=next');
      const answer = await killBetween(both, form, "insert on audit when new.event = 'console.signed-in'");
      expect(answer.status).toBe(303);
      const there = visitor.tab(elsewhere);
      await there.open(String(answer.headers.location));
      if (there.path === '/console/done') await there.submit();
      expect(there.path).toBe('/');
      expect(stage.texts(administrator)).toBe(before + 1);
      expect([stage.count('gate.passed'), stage.count('console.signed-in')]).toEqual([passed + 1, 1]);
      expect(operation.rows('select reference from sessions where account_id is not null')).toHaveLength(1);
      await there.post('/sign-out', {});
      expect((await there.open('/')).path).toBe('/console');
    },
    timeout,
  );
});

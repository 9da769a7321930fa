import { expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import { createSealer } from '../../src/core/sealer.ts';
import { canaries, later, noon, sampleChallenge, sampleEvent, sampleFlow, sampleRow } from './store-samples.ts';
import { newKey, type StoreWorld } from './store-world.ts';

export function sealingContract(world: () => StoreWorld): void {
  test('5.34: nothing personal or secret can be read in the database', async () => {
    const { stores, dump } = world();
    const flow = sampleFlow({ id: canaries.flowId });
    const seed = { kind: 'decoy', key: 'key', seed: canaries.seed, reason: 'unknown' } as const;
    await stores.flows.create(flow);
    await stores.flows.save({ ...flow, memory: canaries.answer });
    await stores.flows.create(sampleFlow({ subject: seed }));
    await stores.enrolments.keep({ accountId: 'ana', gate: 'questions', data: [canaries.answer], provedAt: noon });
    await stores.enrolments.keep({ accountId: 'ana', gate: 'otp-sms', data: canaries.number, provedAt: noon });
    await stores.challenges.create(sampleChallenge());
    await stores.sessions.write(canaries.sessionId, {
      data: { csrf: canaries.csrf, flow: canaries.flowId },
      expires: later(30),
    });
    await stores.outbox.put([sampleRow()]);
    const raw = await dump();
    for (const [name, canary] of Object.entries(canaries)) {
      expect(raw.includes(canary), `${name} can be read`).toBe(false);
      expect(raw.includes(JSON.stringify(canary).slice(1, -1)), `${name} can be read as JSON`).toBe(false);
    }
    expect(raw, 'the dump holds the rows').toContain('otp-sms');
  });

  test('F28: rows of an old key open after a rotation, and new ones are made with the new key', async () => {
    const { stores, keys, open, sql } = world();
    const flow = sampleFlow();
    await stores.flows.create(flow);
    await stores.audit.append(sampleEvent());
    const rotated = await open([newKey('second'), ...keys]);
    expect(await rotated.flows.read(flow.id)).toStrictEqual(flow);
    await rotated.flows.save(flow);
    await rotated.audit.append(sampleEvent());
    expect(await rotated.audit.verify()).toBeUndefined();
    expect((await rotated.health()).ok).toBe(true);
    const [row] = await sql('select body from flows');
    expect(row?.body).toMatch(/^v1\.second\./);
  });

  test('F17, F28: without the key that the database was written with, nothing opens, nothing is spoilt and health says so', async () => {
    const { stores, open } = world();
    const flow = sampleFlow();
    await stores.flows.create(flow);
    const stranger = await open([newKey('strange')]);
    await expect(stranger.flows.read(flow.id)).rejects.toThrow(/id "first"/);
    await expect(stranger.audit.append(sampleEvent())).rejects.toThrow(Misconfigured);
    expect(await stranger.health()).toMatchObject({ ok: false, detail: expect.stringContaining('"first"') });
    expect(await stores.flows.read(flow.id)).toStrictEqual(flow);
    expect(await stores.audit.verify()).toBeUndefined();
  });

  test('5.34: two flows whose sealed bodies were swapped do not open', async () => {
    const { stores, sql } = world();
    const [mine, yours] = [sampleFlow(), sampleFlow()];
    await stores.flows.create(mine);
    await stores.flows.create(yours);
    const rows = await sql('select reference, body from flows');
    for (const [at, row] of rows.entries()) {
      await sql(`update flows set body = '${rows[1 - at]?.body}' where reference = '${row.reference}'`);
    }
    await expect(stores.flows.read(mine.id)).rejects.toThrow(Misconfigured);
    await expect(stores.flows.read(yours.id)).rejects.toThrow(Misconfigured);
  });

  test.each([
    ['account', "update enrolments set account_id = 'eve'", 'eve'],
    ['gate', "update enrolments set gate = 'otp-sms'", 'ana'],
  ])('5.34: an enrolment moved to another %s does not open', async (_name, move, account) => {
    const { stores, sql } = world();
    await stores.enrolments.keep({ accountId: 'ana', gate: 'phone', data: canaries.number, provedAt: noon });
    await sql(move);
    await expect(stores.enrolments.of(account)).rejects.toThrow(Misconfigured);
  });

  test('5.34: a challenge, a message and a session moved to another row do not open', async () => {
    const { stores, sql } = world();
    await stores.challenges.create(sampleChallenge());
    await stores.sessions.write('mine', { data: 'data', expires: later(30) });
    await stores.sessions.write('yours', { data: 'data', expires: later(30) });
    await stores.outbox.put([sampleRow()]);
    await sql("update challenges set id = 'other'");
    await sql("update outbox set id = 'other'");
    await sql('update sessions set data = (select max(data) from sessions)');
    await expect(stores.challenges.read('other')).rejects.toThrow(Misconfigured);
    const moved = await stores.outbox.claim({ channels: ['email'], now: noon, leaseMs: 1 });
    expect([moved?.id, moved?.body]).toEqual(['other', undefined]);
    const reads = await Promise.allSettled(['mine', 'yours'].map((id) => stores.sessions.read(id, noon)));
    expect(reads.filter((read) => read.status === 'rejected')).toHaveLength(1);
  });

  test('5.34: which account a flow belongs to is what was sealed, whatever the column says', async () => {
    const { stores, sql } = world();
    const flow = sampleFlow();
    await stores.flows.create(flow);
    await sql("update flows set account_id = 'eve', state = 'password'");
    expect(await stores.flows.read(flow.id)).toStrictEqual(flow);
  });

  test('the seal is the one of core/sealer, so that other tools can open it', async () => {
    const { stores, keys, sql } = world();
    await stores.enrolments.keep({ accountId: 'ana', gate: 'phone', data: { n: 1 }, provedAt: noon });
    const [row] = await sql('select data from enrolments');
    const place = { table: 'enrolments', column: 'data', row: '["ana","phone"]' };
    expect(createSealer({ keys }).open(place, String(row?.data))).toEqual({ n: 1 });
  });
}

import { type Change, InsufficientAccessError, NoSuchObjectError, UnavailableCriticalExtensionError } from 'ldapts';
import { describe, expect, test } from 'vitest';
import type { PreparedWrite } from '../../../src/core/directory.ts';
import { Misconfigured, Unavailable } from '../../../src/core/errors.ts';
import { AccountWriter } from '../../../src/directories/active-directory/account-writer.ts';
import type { Connection, ModifyOptions } from '../../../src/directories/active-directory/connection.ts';
import { Deadline } from '../../../src/directories/active-directory/deadline.ts';
import { ServerFailure } from '../../../src/directories/active-directory/server-failure.ts';

const id = crypto.randomUUID();
const unlocked: PreparedWrite = { accountId: id, server: 'ldaps://dc1', passwordLastSet: '1', lockoutTime: '0' };
const locked: PreparedWrite = { ...unlocked, lockoutTime: '134397743899028690' };
const hints = '1.2.840.113556.1.4.2239';

interface Sent {
  readonly dn: string;
  readonly attributes: readonly string[];
  readonly controls: readonly string[];
}

/** Stands in for a connection: answers each modify with the next of `answers`, an error or success. */
function writerOn(answers: readonly (Error | undefined)[], server: { policyHints?: string; pwdLastSet?: string } = {}) {
  const sent: Sent[] = [];
  const left = [...answers];
  const connection = {
    traits: server.policyHints === undefined ? {} : { policyHints: server.policyHints },
    modify: async (dn: string, changes: Change[], options: ModifyOptions) => {
      const controls = (options.controls ?? []).map((control) => control.type);
      sent.push({ dn, attributes: changes.map((change) => change.modification.type), controls });
      const answer = left.shift();
      if (answer) throw answer;
    },
    search: async () => [{ dn: '', pwdLastSet: server.pwdLastSet ?? '2', lockoutTime: '0' }],
  };
  const writer = new AccountWriter({ connection: connection as unknown as Connection, deadline: new Deadline(1000) });
  return { writer, sent };
}

describe('a reset', () => {
  test('sets password and lock in one modify of the account by its GUID', async () => {
    const { writer, sent } = writerOn([undefined]);
    expect(await writer.reset(locked, 'x')).toEqual({ kind: 'done' });
    expect(sent).toEqual([{ dn: `<GUID=${id}>`, attributes: ['unicodePwd', 'lockoutTime'], controls: [] }]);
  });

  test('is sent with policy hints where the server offers them', async () => {
    const { writer, sent } = writerOn([undefined], { policyHints: hints });
    await writer.reset(locked, 'x');
    expect(sent[0]?.controls).toEqual([hints]);
  });

  test('is a fault, not a weaker reset, when the server does not keep its promise of policy hints', async () => {
    const { writer, sent } = writerOn([new UnavailableCriticalExtensionError('')], { policyHints: hints });
    await expect(writer.reset(locked, 'x')).rejects.toBeInstanceOf(UnavailableCriticalExtensionError);
    expect(sent).toHaveLength(1);
  });

  test('says that the password must be changed when the server made it so', async () => {
    const { writer } = writerOn([undefined], { pwdLastSet: '0' });
    expect(await writer.reset(unlocked, 'x')).toEqual({ kind: 'done', mustChange: true });
  });

  test('is tried without the lock once, when that is refused and there is no lock', async () => {
    const refused = new InsufficientAccessError('00002098: no');
    const { writer, sent } = writerOn([refused, undefined]);
    expect(await writer.reset(unlocked, 'x')).toEqual({ kind: 'done' });
    expect(sent.map(({ attributes }) => attributes)).toEqual([['unicodePwd', 'lockoutTime'], ['unicodePwd']]);
  });

  test('is a fault when the lock may not be cleared and there is one', async () => {
    const { writer, sent } = writerOn([new InsufficientAccessError('00002098: no')]);
    await expect(writer.reset(locked, 'x')).rejects.toBeInstanceOf(Misconfigured);
    expect(sent).toHaveLength(1);
  });

  test('F2: whose answer is lost is unknown and never sent again', async () => {
    const { writer, sent } = writerOn([new ServerFailure('closed'), undefined]);
    expect(await writer.reset(unlocked, 'x')).toEqual({ kind: 'unknown', detail: expect.any(String) });
    expect(sent).toHaveLength(1);
  });

  test('of an account that is gone is Unavailable, and no reason to ask another server', async () => {
    const { writer } = writerOn([new NoSuchObjectError('00002030: gone')]);
    const error = await writer.reset(unlocked, 'x').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).not.toBeInstanceOf(ServerFailure);
  });

  test('to nothing is refused before anything is sent', async () => {
    const { writer, sent } = writerOn([undefined]);
    for (const password of ['', '\0'])
      expect(await writer.reset(unlocked, password)).toMatchObject({ kind: 'refused' });
    expect(sent).toEqual([]);
  });
});

describe('an unlock', () => {
  test('writes lockoutTime and nothing else, without policy hints', async () => {
    const { writer, sent } = writerOn([undefined], { policyHints: hints });
    expect(await writer.unlock(locked)).toEqual({ kind: 'done' });
    expect(sent).toEqual([{ dn: `<GUID=${id}>`, attributes: ['lockoutTime'], controls: [] }]);
  });
});

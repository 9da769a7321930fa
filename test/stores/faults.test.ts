import { describe, expect, test } from 'vitest';
import { BadRequest, Misconfigured, Unavailable } from '../../src/core/errors.ts';
import { guarded, toFault } from '../../src/stores/faults.ts';

function failing(code: string | undefined, message = 'it failed'): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe('database errors', () => {
  test.each([
    'SQLITE_BUSY',
    'SQLITE_BUSY_SNAPSHOT',
    'SQLITE_FULL',
    'SQLITE_IOERR_WRITE',
    'SQLITE_READONLY_DBMOVED',
    'SQLITE_CANTOPEN',
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'ENOENT',
    '08006',
    '25006',
    '40001',
    '53100',
    '53300',
    '57014',
    '57P01',
    '57P03',
  ])('%s passes by itself: Unavailable', (code) => {
    expect(toFault(failing(code))).toBeInstanceOf(Unavailable);
  });

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'The database connection is not open',
    'driver has already been destroyed',
  ])('%j without a code is Unavailable', (message) => {
    expect(toFault(failing(undefined, message))).toBeInstanceOf(Unavailable);
  });

  test.each([
    'SQLITE_CORRUPT',
    'SQLITE_NOTADB',
    '28P01',
    '3D000',
    '42501',
    '42P01',
    'XX001',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
  ])('%s needs an operator: Misconfigured', (code) => {
    expect(toFault(failing(code))).toBeInstanceOf(Misconfigured);
  });

  test.each(['SQLITE_CONSTRAINT_PRIMARYKEY', '23505', '42601'])('%s is our own mistake and stays as it is', (code) => {
    const error = failing(code);
    expect(toFault(error)).toBe(error);
  });

  test('a fault of ours and what is no error stay as they are', () => {
    const fault = new BadRequest('no');
    expect(toFault(fault)).toBe(fault);
    expect(toFault('text')).toBe('text');
  });

  test('the detail names the code and keeps the cause', () => {
    const error = failing('53100', 'could not extend file');
    expect(toFault(error)).toMatchObject({ message: expect.stringContaining('53100 could not extend'), cause: error });
  });
});

describe('a guarded store', () => {
  /** Fails in order with these codes and then answers. */
  class Flaky {
    readonly name = 'flaky';
    readonly #codes: (string | undefined)[];
    calls = 0;

    constructor(...codes: (string | undefined)[]) {
      this.#codes = codes;
    }

    async run(word: string): Promise<string> {
      this.calls += 1;
      const code = this.#codes.shift();
      if (code !== undefined) throw failing(code);
      return `${word}!`;
    }
  }

  test.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', '40001', '40P01'])(
    'tries again after contention: %s',
    async (code) => {
      const flaky = new Flaky(code, code);
      expect(await guarded(flaky, 5_000).run('done')).toBe('done!');
      expect(flaky.calls).toBe(3);
    },
  );

  test('does not try again when a write may have happened', async () => {
    const flaky = new Flaky('ECONNRESET');
    await expect(guarded(flaky, 5_000).run('done')).rejects.toThrow(Unavailable);
    expect(flaky.calls).toBe(1);
  });

  test('gives up when its patience ends', async () => {
    await expect(guarded(new Flaky('SQLITE_BUSY'), 0).run('done')).rejects.toThrow(Unavailable);
  });

  test('leaves what is no method alone', () => {
    expect(guarded(new Flaky(), 0).name).toBe('flaky');
  });
});

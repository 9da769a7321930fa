import { setTimeout as sleep } from 'node:timers/promises';
import { LatchkeyError, Misconfigured, Unavailable } from '../core/errors.ts';

/** Codes of SQLite, of PostgreSQL (SQLSTATE) and of Node's network that pass by themselves or with the database. */
const outageCodes = [
  /^SQLITE_(BUSY|LOCKED|FULL|READONLY|IOERR|CANTOPEN|NOMEM|PROTOCOL|INTERRUPT)/,
  /^(08|53|57|58)[0-9A-Z]{3}$/,
  /^(25006|25P03|40001|40P01|55P03)$/,
  /^E[A-Z]+$/,
];

/** What pg and the drivers say without a code when a connection is gone, slow or closed. */
const outageMessages =
  /^(Connection terminated|timeout exceeded|timeout expired|Query read timeout|Client has encountered|Client was closed|Cannot use a pool|driver has already been|Postgres connection has been discarded|The database connection is not open)/i;

/** Damage, missing rights, a missing schema, a certificate that is not trusted: an operator must act. */
const misconfiguredCodes = [
  /^SQLITE_(CORRUPT|NOTADB|AUTH|PERM)/,
  /^(28|3D|3F|XX)[0-9A-Z]{3}$/,
  /^42(501|P01|703)$/,
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/,
];
const misconfiguredMessages = /^(no such (table|column)|The server does not support SSL|corrupted migrations)/;

/** Another writer was in the way and nothing was done: the same again may go through. */
const contentionCodes = /^(SQLITE_BUSY.*|SQLITE_LOCKED.*|40001|40P01)$/;

/** What a database threw, as one of ours; whatever is no fault of the database stays as it is. */
export function toFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof LatchkeyError) return error;
  const code = codeOf(error);
  const text = `the database cannot be used: ${[code, error.message].filter((part) => part !== '').join(' ')}`;
  if (misconfiguredCodes.some((known) => known.test(code))) return new Misconfigured(text, error);
  if (outageCodes.some((known) => known.test(code))) return new Unavailable(text, error);
  if (misconfiguredMessages.test(error.message)) return new Misconfigured(text, error);
  if (outageMessages.test(error.message)) return new Unavailable(text, error);
  return error;
}

/**
 * The one place where database errors become faults: every method of the store that comes back goes through here.
 * Each method is one statement or one transaction, so it may be run again after contention. The wait is not SQLite's
 * own, which would stop the event loop, and with it whoever holds the lock in this very process.
 */
export function guarded<Store extends object>(store: Store, patienceMs: number): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => withPatience(async () => member.apply(target, args), patienceMs);
    },
  });
}

async function withPatience<Result>(run: () => Promise<Result>, patienceMs: number): Promise<Result> {
  const deadline = performance.now() + patienceMs;
  for (let wait = 2; ; wait = Math.min(wait * 2, 50)) {
    try {
      return await run();
    } catch (error) {
      if (!isContention(error) || performance.now() >= deadline) throw toFault(error);
    }
    await sleep(wait * (0.5 + Math.random()));
  }
}

function isContention(error: unknown): boolean {
  return error instanceof Error && contentionCodes.test(codeOf(error));
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

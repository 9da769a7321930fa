import { Attribute, Change, NoSuchObjectError, ResultCodeError } from 'ldapts';
import { z } from 'zod';
import type { PreparedWrite, WriteObservation, WriteResult } from '../../core/directory.ts';
import { Misconfigured, Unavailable } from '../../core/errors.ts';
import { integer } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { isMissingRight, refusalReason } from './error-text.ts';
import { guidDn } from './identifiers.ts';
import { isEmptyPassword, passwordOctets } from './password-octets.ts';
import { policyHintsControl } from './policy-hints.ts';

const observed = z.object({ pwdLastSet: integer, lockoutTime: integer });

/** Unlocks and resets, each with one modify that happens as a whole or not at all. Never sends a write twice. */
export class AccountWriter {
  readonly #connection: Connection;
  readonly #deadline: Deadline;

  constructor(needs: { connection: Connection; deadline: Deadline }) {
    this.#connection = needs.connection;
    this.#deadline = needs.deadline;
  }

  /** @throws Unavailable when the account is gone */
  async observe(accountId: string): Promise<WriteObservation> {
    const options = { scope: 'base' as const, attributes: Object.keys(observed.shape) };
    const [entry] = await this.#ofAccount(this.#connection.search(guidDn(accountId), options, this.#deadline));
    const { pwdLastSet, lockoutTime } = observed.parse(entry);
    return { passwordLastSet: String(pwdLastSet), lockoutTime: String(lockoutTime) };
  }

  /** Writing 0 also clears badPwdCount (MS-SAMR 3.1.1.8.9). */
  async unlock(write: PreparedWrite): Promise<WriteResult> {
    return this.#modify(write, [clearLock()], 'write lockoutTime (28630ebf-41d5-11d1-a9c1-0000f80367c1)');
  }

  /**
   * Sets the password and clears the lock together. Where the service account may not write lockoutTime, the password
   * alone is set, but only if the account was not locked: a new password that does not sign in would help nobody.
   */
  async reset(write: PreparedWrite, newPassword: string): Promise<WriteResult> {
    if (isEmptyPassword(newPassword)) return { kind: 'refused', reason: 'too-short' };
    const password = replace('unicodePwd', passwordOctets(newPassword));
    const right = 'reset the password (00299570-246d-11d0-a768-00aa006e0529) and write lockoutTime';
    try {
      return await this.#afterReset(write, await this.#modify(write, [password, clearLock()], right));
    } catch (error) {
      if (!(error instanceof MissingRight) || write.lockoutTime !== '0') throw error;
      return await this.#afterReset(write, await this.#modify(write, [password], right));
    }
  }

  /**
   * A service account without the right Unexpire Password resets to pwdLastSet = 0: the new password must then be
   * changed at the next sign-in (MS-SAMR 3.1.1.8.7). Only reading it back tells.
   */
  async #afterReset(write: PreparedWrite, result: WriteResult): Promise<WriteResult> {
    if (result.kind !== 'done') return result;
    const now = await this.observe(write.accountId).catch(() => undefined);
    return now?.passwordLastSet === '0' ? { kind: 'done', mustChange: true } : result;
  }

  async #modify(write: PreparedWrite, changes: Change[], right: string): Promise<WriteResult> {
    const resets = changes.some((change) => change.modification.type === 'unicodePwd');
    const hints = this.#connection.traits.policyHints;
    const controls = resets && hints !== undefined ? [policyHintsControl(hints)] : [];
    try {
      const sent = this.#connection.modify(guidDn(write.accountId), changes, { deadline: this.#deadline, controls });
      await this.#ofAccount(sent);
      return { kind: 'done' };
    } catch (error) {
      return this.#answer(error, right);
    }
  }

  #answer(error: unknown, right: string): WriteResult {
    if (error instanceof AccountGone) throw error;
    if (!(error instanceof ResultCodeError)) return { kind: 'unknown', detail: String(error) };
    const reason = refusalReason(error);
    if (reason !== undefined) return { kind: 'refused', reason };
    if (isMissingRight(error)) throw new MissingRight(`the service account may not ${right}: ${error.message}`, error);
    throw error;
  }

  async #ofAccount<T>(operation: Promise<T>): Promise<T> {
    try {
      return await operation;
    } catch (error) {
      if (error instanceof NoSuchObjectError) throw new AccountGone('the account is gone', error);
      throw error;
    }
  }
}

/** Nothing was changed. */
class MissingRight extends Misconfigured {}

/** Nothing was changed: there is no such account any more. */
class AccountGone extends Unavailable {}

function clearLock(): Change {
  return replace('lockoutTime', '0');
}

function replace(type: string, value: string | Buffer): Change {
  return new Change({ operation: 'replace', modification: new Attribute({ type, values: [value] as string[] }) });
}

import { Misconfigured, Unavailable } from '../../core/errors.ts';
import { ChangingFile } from './changing-file.ts';
import type { Deadline } from './deadline.ts';
import { Outage, type Report } from './outage.ts';
import { isEmptyPassword } from './password-octets.ts';
import { ServerFailure } from './server-failure.ts';
import type { ActiveDirectorySettings } from './settings.ts';

export interface ServiceAccount {
  readonly name: string;
  readonly password: string;
}

/** The service account's name or password is not accepted. Trying again soon could lock the service account. */
export class ServiceAccountRefused extends Misconfigured {}

const minuteMs = 60_000;
/** An account that is locked, disabled or expired: a bind counts nothing (775, 533, 701, 532, 773, 530, 531). */
const harmless = /\bdata (775|533|701|532|773|530|531)\b/;
const harmlessPauseMs = minuteMs / 2;
/** After the second wrong password: longer than the half hour in which directories usually add wrong ones up. */
const wrongPauseMs = 35 * minuteMs;
const longestPauseMs = 24 * 60 * minuteMs;

interface Refusal {
  readonly password: string;
  readonly until: number;
  /** Wrong passwords in all since one was last accepted. */
  readonly wrong: number;
  readonly error: ServiceAccountRefused;
}

/** The account of the settings. Its password is read again when its file changes. */
export function serviceAccount(settings: ActiveDirectorySettings, report: Report): ServiceAccount {
  const name = settings['bind-account'];
  const file = settings['bind-password-file'];
  if (file === undefined) return { name, password: settings['bind-password'] ?? '' };
  const held = new ChangingFile({ file, setting: 'bind-password-file', parse: passwordOf, report });
  return {
    name,
    get password() {
      return held.value;
    },
  };
}

/** A bind with an empty password would succeed, as nobody. */
function passwordOf(text: string): string {
  const password = text.replace(/\r?\n$/, '');
  if (isEmptyPassword(password)) throw new Error('it is empty');
  return password;
}

/**
 * Every bind of the service account, at all servers: they count its wrong passwords together, and Latchkey must not be
 * what locks it. A password that was not accepted yet is tried by one at a time; a refused one is left alone for longer
 * each time; another one is tried at once. One that was accepted and then changed in the directory does no harm: a
 * directory does not count the last two passwords.
 */
export class ServiceAccountGuard {
  readonly #account: ServiceAccount;
  readonly #now: () => number;
  readonly #outage: Outage;
  #proven: string | undefined;
  #refusal: Refusal | undefined;
  #line: Promise<unknown> = Promise.resolve();

  /** @param needs.now milliseconds of a clock that never goes back */
  constructor(needs: { account: ServiceAccount; report?: Report; now?: () => number }) {
    this.#account = needs.account;
    this.#now = needs.now ?? (() => performance.now());
    this.#outage = new Outage('service account', needs.report ?? (() => {}));
  }

  /** Whether the password of now was accepted, and not refused since. */
  get isProven(): boolean {
    return this.#proven === this.#account.password;
  }

  /**
   * @param attempt binds with this account; throws ServiceAccountRefused when the directory says no
   * @throws ServiceAccountRefused without an attempt while the account is left alone; Unavailable when others are trying
   */
  async bind(deadline: Deadline, attempt: (account: ServiceAccount) => Promise<void>): Promise<void> {
    if (this.isProven) return this.#try(attempt);
    const before = this.#line;
    const mine = Promise.withResolvers<void>();
    this.#line = Promise.all([before, mine.promise]);
    try {
      await deadline.hold(before, () => {}).catch(throwBusy);
      await this.#try(attempt);
    } finally {
      mine.resolve();
    }
  }

  async #try(attempt: (account: ServiceAccount) => Promise<void>): Promise<void> {
    const { name, password } = this.#account;
    const last = this.#refusal;
    if (last?.password === password && this.#now() < last.until) throw last.error;
    try {
      await attempt({ name, password });
    } catch (error) {
      if (error instanceof ServiceAccountRefused) this.#refused(password, error);
      throw error;
    }
    this.#proven = password;
    this.#refusal = undefined;
    this.#outage.end(`${name} is accepted again`);
  }

  #refused(password: string, error: ServiceAccountRefused): void {
    const isHarmless = harmless.test(error.message);
    const wrong = (this.#refusal?.wrong ?? 0) + (isHarmless ? 0 : 1);
    const pause = isHarmless || wrong <= 1 ? harmlessPauseMs : wrongPauseMs * 2 ** (wrong - 2);
    this.#refusal = { password, until: this.#now() + Math.min(longestPauseMs, pause), wrong, error };
    this.#proven = undefined;
    this.#outage.begin('alarm', error.message);
  }
}

/** The line is ours, not the server's: it must not be taken for a server that is down. */
function throwBusy(cause: unknown): never {
  if (cause instanceof ServerFailure) throw new Busy('the service account is being tried by others', cause);
  throw cause;
}

/** All that leads to a server is in use here; the server itself may be well. */
export class Busy extends Unavailable {}

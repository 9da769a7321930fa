import { NoSuchObjectError } from 'ldapts';
import { z } from 'zod';
import type { PasswordPolicy } from '../../core/directory.ts';
import { Misconfigured } from '../../core/errors.ts';
import { integer } from './account-entry.ts';
import type { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { stepsOf } from './distinguished-name.ts';
import { secondsOfInterval } from './file-time.ts';
import { guidDn } from './identifiers.ts';

/** pwdProperties: DOMAIN_PASSWORD_COMPLEX (MS-SAMR 2.2.3.1). */
const complexFlag = 1n;

const domainHead = z.object({
  minPwdLength: integer,
  pwdProperties: integer,
  pwdHistoryLength: integer,
  minPwdAge: integer,
  maxPwdAge: integer,
  lockoutThreshold: integer,
  lockoutDuration: integer,
  lockOutObservationWindow: integer,
});

const fineGrained = z.object({
  'msDS-MinimumPasswordLength': integer,
  'msDS-PasswordComplexityEnabled': z.enum(['TRUE', 'FALSE']),
  'msDS-PasswordHistoryLength': integer,
  'msDS-MinimumPasswordAge': integer,
  'msDS-MaximumPasswordAge': integer,
  'msDS-LockoutThreshold': integer,
  'msDS-LockoutDuration': integer,
  'msDS-LockoutObservationWindow': integer,
});

/** Reads which password policy is in force: the fine-grained one that wins for an account, or the domain's. */
export class PolicyReader {
  readonly #baseDn: string;

  constructor(needs: { baseDn: string }) {
    this.#baseDn = needs.baseDn;
  }

  /**
   * @param accountId objectGUID of the account
   * @throws Misconfigured when a fine-grained policy applies that the service account may not read: the domain's would
   * be the wrong answer, and a wrong threshold could lock people out
   */
  async read(connection: Connection, accountId: string, deadline: Deadline): Promise<PasswordPolicy> {
    const name = 'msDS-ResultantPSO';
    const [entry] = await connection.search(guidDn(accountId), { scope: 'base', attributes: [name] }, deadline);
    const policyDn = [entry?.[name] ?? []].flat()[0];
    if (policyDn === undefined) return this.readDomain(connection, deadline);
    return this.#readFineGrained(connection, String(policyDn), deadline);
  }

  async readDomain(connection: Connection, deadline: Deadline): Promise<PasswordPolicy> {
    const attributes = Object.keys(domainHead.shape);
    const [entry] = await connection.search(this.#baseDn, { scope: 'base', attributes }, deadline);
    const head = domainHead.safeParse(entry);
    if (!head.success) throw new Misconfigured(`the password policy of ${this.#baseDn} cannot be read`, head.error);
    return {
      source: 'domain',
      minLength: Number(head.data.minPwdLength),
      complexity: (head.data.pwdProperties & complexFlag) !== 0n,
      historyLength: Number(head.data.pwdHistoryLength),
      minAgeSeconds: secondsOfInterval(head.data.minPwdAge) ?? 0,
      ...limit('maxAgeSeconds', head.data.maxPwdAge),
      lockoutThreshold: Number(head.data.lockoutThreshold),
      ...limit('lockoutSeconds', head.data.lockoutDuration),
      lockoutWindowSeconds: secondsOfInterval(head.data.lockOutObservationWindow) ?? 0,
      hintsEnforced: connection.traits.policyHints !== undefined,
    };
  }

  async #readFineGrained(connection: Connection, dn: string, deadline: Deadline): Promise<PasswordPolicy> {
    const policy = fineGrained.safeParse(await this.#fineGrainedEntry(connection, dn, deadline));
    if (!policy.success) throw new Misconfigured(`the service account may not read the fine-grained policy ${dn}`);
    const values = policy.data;
    return {
      source: 'fine-grained',
      name: stepsOf(dn)[0]?.value ?? dn,
      minLength: Number(values['msDS-MinimumPasswordLength']),
      complexity: values['msDS-PasswordComplexityEnabled'] === 'TRUE',
      historyLength: Number(values['msDS-PasswordHistoryLength']),
      minAgeSeconds: secondsOfInterval(values['msDS-MinimumPasswordAge']) ?? 0,
      ...limit('maxAgeSeconds', values['msDS-MaximumPasswordAge']),
      lockoutThreshold: Number(values['msDS-LockoutThreshold']),
      ...limit('lockoutSeconds', values['msDS-LockoutDuration']),
      lockoutWindowSeconds: secondsOfInterval(values['msDS-LockoutObservationWindow']) ?? 0,
      hintsEnforced: connection.traits.policyHints !== undefined,
    };
  }

  /** An entry that may not be read looks as if it were not there. */
  async #fineGrainedEntry(connection: Connection, dn: string, deadline: Deadline): Promise<unknown> {
    try {
      const attributes = Object.keys(fineGrained.shape);
      return (await connection.search(dn, { scope: 'base', attributes }, deadline))[0];
    } catch (error) {
      if (error instanceof NoSuchObjectError) return undefined;
      throw error;
    }
  }
}

function limit<Name extends string>(name: Name, ticks: bigint): { readonly [K in Name]?: number } {
  const seconds = secondsOfInterval(ticks);
  return seconds === undefined ? {} : ({ [name]: seconds } as { [K in Name]: number });
}

import type { Account } from '../account.ts';
import type { Directory } from '../directory.ts';
import { parseLogin } from '../login.ts';
import { mayActOn, type StaffMember } from '../staff/staff.ts';

/** Somebody who may be driven. */
export interface DriveSubject {
  readonly account: Account;
  /** The member of staff who drives. */
  readonly isSelf: boolean;
}

export interface DriveSubjectsNeeds {
  readonly directory: Pick<Directory, 'find' | 'read'>;
  /** Who is staff, asked now: whoever was taken out of a group a moment ago drives nobody. */
  readonly staff: { readNow(accountId: string): Promise<{ readonly member: StaffMember } | undefined> };
  /** Logins of the configuration: nobody else may ever be driven. */
  readonly logins: readonly string[];
}

/** Why nobody is driven by a configured login: there is nobody, or somebody who matters. */
export type TestAccountTrouble = 'unknown' | 'not-a-person' | 'privileged' | 'staff';

/**
 * Who a configured login is. A test account is nobody who matters: no privileged account and no member of staff, whatever
 * was configured.
 */
export async function testAccountOf(
  login: string,
  { directory, staff }: Pick<DriveSubjectsNeeds, 'directory' | 'staff'>,
): Promise<{ readonly account: Account } | { readonly trouble: TestAccountTrouble }> {
  const parsed = parseLogin(login);
  const account = parsed && (await directory.find(parsed));
  if (account === undefined) return { trouble: 'unknown' };
  if (!account.state.person) return { trouble: 'not-a-person' };
  if (account.state.privileged) return { trouble: 'privileged' };
  return (await staff.readNow(account.id)) === undefined ? { account } : { trouble: 'staff' };
}

/** Decides who may be driven: the member of staff, and the test accounts that are in their reach. Asked anew each time. */
export class DriveSubjects {
  readonly #needs: DriveSubjectsNeeds;

  constructor(needs: DriveSubjectsNeeds) {
    this.#needs = needs;
  }

  /** Everybody whom this member may drive, the member first. Empty for whoever drives nobody. */
  async of(staffId: string): Promise<readonly DriveSubject[]> {
    const { directory, staff } = this.#needs;
    const [found, own] = await Promise.all([staff.readNow(staffId), directory.read(staffId)]);
    const member = found?.member;
    if (member === undefined || own === undefined || !isDriver(member)) return [];
    const tests = await Promise.all(this.#needs.logins.map((login) => this.#testAccount(login, member)));
    const others = tests.filter((account) => account !== undefined && account.id !== own.id);
    return [
      { account: own, isSelf: true },
      ...others.map((account) => ({ account: account as Account, isSelf: false })),
    ];
  }

  /** One of them by the id that a browser sent; undefined for anybody else, whether there or not. */
  async named(staffId: string, accountId: unknown): Promise<DriveSubject | undefined> {
    return (await this.of(staffId)).find(({ account }) => account.id === accountId);
  }

  async #testAccount(login: string, member: StaffMember): Promise<Account | undefined> {
    const found = await testAccountOf(login, this.#needs);
    return 'account' in found && mayActOn(member, found.account) ? found.account : undefined;
  }
}

function isDriver({ roles }: StaffMember): boolean {
  return roles.includes('administrator') || roles.includes('helpdesk');
}

import type { Account } from '../account.ts';
import { isWithin } from '../unit.ts';

/** What somebody may do in the console. An auditor only reads. */
export type Role = 'administrator' | 'helpdesk' | 'auditor';

export const everyRole = ['administrator', 'helpdesk', 'auditor'] as const satisfies readonly Role[];

/** A signed-in user of the console. */
export interface StaffMember {
  /** Account id; stands as `by` in the audit. */
  readonly id: string;
  readonly name: string;
  /** At least one, in the order of `everyRole`. */
  readonly roles: readonly Role[];
  /** How far the helpdesk role reaches: these units and what lies below them. Empty without that role. */
  readonly units: readonly string[] | 'all';
}

/** Which groups make somebody staff; groups by the directory's own ids, units in its spelling. */
export interface StaffRules {
  readonly administrators: readonly string[];
  readonly auditors: readonly string[];
  readonly helpdesk: readonly { readonly group: string; readonly units: readonly string[] | 'all' }[];
}

/** Who of the staff an account is; undefined for everybody else, and for an account that may not be used now. */
export function staffOf(account: Account, rules: StaffRules): StaffMember | undefined {
  const { state } = account;
  if (!state.person || state.disabled || state.expired) return undefined;
  const isIn = (group: string): boolean => state.groups.includes(group);
  const desks = rules.helpdesk.filter(({ group }) => isIn(group));
  const held: { readonly [role in Role]: boolean } = {
    administrator: rules.administrators.some(isIn),
    helpdesk: desks.length > 0,
    auditor: rules.auditors.some(isIn),
  };
  const roles = everyRole.filter((role) => held[role]);
  if (roles.length === 0) return undefined;
  return { id: account.id, name: account.displayName, roles, units: scopeOf(desks) };
}

/** As much of an account as tells where it is. */
interface Placed {
  readonly state: Pick<Account['state'], 'unit'>;
}

/** Where the people are whom this member may see: units and what lies below them, or everywhere. */
export function sightOf({ roles, units }: StaffMember): readonly string[] | 'all' {
  return roles.includes('administrator') || roles.includes('auditor') ? 'all' : units;
}

/** Whether this member may see anything of that person. */
export function maySee(staff: StaffMember, account: Placed): boolean {
  return isReached(sightOf(staff), account);
}

/** Whether this member may do anything to that person: an auditor never, a helpdesk only within its units. */
export function mayActOn({ roles, units }: StaffMember, account: Placed): boolean {
  if (roles.includes('administrator')) return true;
  return roles.includes('helpdesk') && isReached(units, account);
}

function isReached(units: readonly string[] | 'all', { state }: Placed): boolean {
  return units === 'all' || units.some((unit) => isWithin(state.unit, unit));
}

function scopeOf(desks: StaffRules['helpdesk']): readonly string[] | 'all' {
  if (desks.some(({ units }) => units === 'all')) return 'all';
  return [...new Set(desks.flatMap(({ units }) => units))];
}

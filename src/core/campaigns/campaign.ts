import type { Account } from '../account.ts';
import type { DirectoryGroup } from '../directory-people.ts';
import type { Policy } from '../policies/policy.ts';
import type { ProvedGate } from '../stores.ts';
import { isRegisteredForAll, isUnusable } from '../survey/readiness.ts';
import { isWithin } from '../unit.ts';
import type { CampaignRules } from './campaign-store.ts';

const dayMs = 24 * 60 * 60_000;
/** A reminder is due on its day, not at the minute of the letter before. */
const halfDayMs = dayMs / 2;

/** What a campaign knows of one person. */
export interface CampaignPerson {
  readonly account: Account;
  /** The policies that they come under, one a zone. */
  readonly policies: readonly Policy[];
  readonly gates: readonly ProvedGate[];
  /** Gates that the helpdesk gives something out for: nobody is asked to register them. */
  readonly issued: readonly string[];
  readonly barred: boolean;
  readonly optedOut: boolean;
  /** When this campaign wrote to them, newest first. */
  readonly letters: readonly Date[];
  /** Whether another one did within the days between two letters: one that was stopped and begun anew perhaps. */
  readonly writtenElsewhere: boolean;
}

/** How a campaign stands with one person now. `not-for`: it is none of its people. */
export type CampaignCase =
  | 'not-for'
  | 'settled'
  | 'opted-out'
  | 'without-mail'
  | 'exhausted'
  | 'later'
  | 'first'
  | 'reminder';

/**
 * What is to be done about one person now: the only rule of who gets a letter.
 * @param groups those that the rules name
 */
export function campaignCase(
  person: CampaignPerson,
  rules: CampaignRules,
  about: { readonly groups: readonly Pick<DirectoryGroup, 'id'>[]; readonly now: Date },
): CampaignCase {
  const { account, policies, optedOut, letters, barred, writtenElsewhere } = person;
  if (isUnusable(account) || policies.length === 0 || !isAddressed(account, rules, about.groups)) return 'not-for';
  const since = openSince(person, rules);
  if (since === undefined || since > about.now.getTime()) return 'settled';
  if (optedOut) return 'opted-out';
  if (account.mail === undefined) return 'without-mail';
  const round = letters.filter((at) => at.getTime() >= since);
  const [last] = round;
  if (round.length > rules.reminders) return 'exhausted';
  // While the account is barred the registration portal would turn them away.
  if (barred || writtenElsewhere) return 'later';
  if (last === undefined) return 'first';
  return last <= lastBefore(rules, about.now) ? 'reminder' : 'later';
}

/** The moment up to which whoever was written to may be written to again. */
export function lastBefore({ remindDays }: Pick<CampaignRules, 'remindDays'>, now: Date): Date {
  return new Date(now.getTime() - remindDays * dayMs + halfDayMs);
}

/** Whether the campaign is for everybody, or this account is in one of its groups or units. */
function isAddressed({ state }: Account, rules: CampaignRules, groups: readonly Pick<DirectoryGroup, 'id'>[]): boolean {
  if (rules.groups.length + rules.units.length === 0) return true;
  return groups.some(({ id }) => state.groups.includes(id)) || rules.units.some((unit) => isWithin(state.unit, unit));
}

/**
 * From when on there is something to write about: for an invitation always, until each of the person's policies has all
 * it needs; for a confirmation from so many days after the oldest proof of what one that has it needs.
 * @returns milliseconds, or undefined when there is nothing to write about
 */
function openSince(person: CampaignPerson, rules: CampaignRules): number | undefined {
  const { policies, gates } = person;
  if (rules.kind === 'invite') return isRegisteredForAll(policies, person) ? undefined : 0;
  const met = policies.filter((policy) => isRegisteredForAll([policy], person));
  if (met.length === 0) return undefined;
  const chain = new Set(met.flatMap((policy) => policy.chain));
  const proofs = gates.filter(({ gate }) => chain.has(gate)).map(({ provedAt }) => provedAt.getTime());
  return Math.min(...proofs) + (rules.confirmDays ?? 0) * dayMs;
}

/** The day and the hour at a place; the machine's own time zone when none is named. */
export function localTime(now: Date, timeZone?: string): { readonly day: string; readonly hour: number } {
  const parts = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).formatToParts(now);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((one) => one.type === type)?.value ?? '';
  return { day: `${part('year')}-${part('month')}-${part('day')}`, hour: Number(part('hour')) };
}

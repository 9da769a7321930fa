import type { AuditEventName } from '../audit/audit.ts';
import { type DailyCount, dayAfter, daysBetween } from './report-counts.ts';
import type { ReportSpan } from './report-store.ts';

/** What is counted for the reports. */
export const reportedEvents = [
  'flow.started',
  'flow.refused',
  'sign-in.failed',
  'sign-in.withheld',
  'gate.opened',
  'gate.passed',
  'gate.wrong',
  'gate.refused',
  'gate.fault',
  'account.barred',
  'challenge.sent',
  'challenge.failed',
  'enrolment.kept',
  'write.done',
  'write.refused',
  'limit.reached',
] as const satisfies readonly AuditEventName[];

/** One line of a plot: a number for each of the plot's parts of time. */
export interface Series {
  /** What it is of, such as a gate's id or `unlock`. */
  readonly name: string;
  readonly values: readonly number[];
}

/** How one gate does where it is passed, over all people who could pass it. */
export interface GateNumbers {
  readonly gate: string;
  readonly opened: number;
  readonly passed: number;
  /** Wrong answers, of which one visit may give several. */
  readonly wrong: number;
  /** Ended by the person at the phone, or by the gate. */
  readonly refused: number;
  readonly barred: number;
  /** Left without an end: closed, expired, cancelled, or still open. */
  readonly left: number;
  /** Times that it could not be opened or judged. */
  readonly faults: number;
}

export interface ProviderNumbers {
  readonly provider: string;
  readonly channel: string;
  readonly sent: number;
  readonly failed: number;
}

/** Why people did not get on. */
export interface RefusalNumbers {
  /** `reset` where a flow began that could not pass or ended refused, `sign-in` before a registration. */
  readonly at: 'reset' | 'sign-in' | 'write';
  readonly why: string;
  readonly count: number;
}

/** A part of the time that a report is about, in order; its first day names it. */
export interface Part extends ReportSpan {
  readonly unit: 'day' | 'week' | 'month';
}

const mostDays = 62;
const mostWeeks = 400;

/** Cuts a span into so many parts that a plot can be read: days, weeks from the first day on, or months. */
export function partsOf({ from, to }: ReportSpan): readonly Part[] {
  const days = daysBetween(from, to);
  if (days.length <= mostDays) return days.map((day) => ({ from: day, to: day, unit: 'day' }));
  const isFirst = (day: string, at: number): boolean =>
    days.length <= mostWeeks ? at % 7 === 0 : at === 0 || day.endsWith('-01');
  const starts = days.filter(isFirst);
  const unit = days.length <= mostWeeks ? 'week' : 'month';
  return starts.map((day, at) => {
    const next = starts[at + 1];
    return { from: day, to: next === undefined ? to : dayAfter(next, -1), unit };
  });
}

/** Resets and unlocks that were written. */
export function actionSeries(counts: readonly DailyCount[], parts: readonly Part[]): readonly Series[] {
  const found = seriesOf(counts, parts, ({ event, why }) => (event === 'write.done' ? why : undefined));
  return ['reset', 'unlock'].map(
    (name) => found.find((one) => one.name === name) ?? { name, values: parts.map(() => 0) },
  );
}

/** Gates that were registered, by gate. */
export function registrationSeries(counts: readonly DailyCount[], parts: readonly Part[]): readonly Series[] {
  return seriesOf(counts, parts, ({ event, gate }) => (event === 'enrolment.kept' ? gate : undefined));
}

/** Bars on accounts that exist, by the gate that they came of; those of wrong passwords at the sign-in are `sign-in`. */
export function barSeries(counts: readonly DailyCount[], parts: readonly Part[]): readonly Series[] {
  return seriesOf(counts, parts, ({ event, gate, portal, decoy }) => {
    if (event !== 'account.barred' || decoy) return undefined;
    if (gate !== '') return gate;
    // Only a link in a notice bars without any portal.
    return portal === '' ? 'notice' : 'sign-in';
  });
}

/**
 * How each gate does for people, by name. Flows that could not pass say nothing about a gate, and staff who sign in to the
 * console are not who it is there for: both are left out.
 */
export function gateNumbers(counts: readonly DailyCount[]): readonly GateNumbers[] {
  const real = counts.filter(({ decoy, gate, portal }) => !decoy && gate !== '' && portal !== 'console');
  return namesOf(real.map(({ gate }) => gate)).flatMap((gate) => {
    const own = real.filter((count) => count.gate === gate);
    const verified = own.filter(({ why, event }) => !isAtGate(event) || why === 'verify');
    const [opened, passed, wrong, refused, barred, faults] = gateEvents.map((event) => total(verified, event));
    if (opened === undefined || passed === undefined || refused === undefined || barred === undefined) return [];
    if (opened + passed + (wrong ?? 0) + (faults ?? 0) === 0) return [];
    // A gate is opened once and ends in one way at most; what is missing was left.
    const left = Math.max(0, opened - passed - refused - barred);
    return [{ gate, opened, passed, wrong: wrong ?? 0, refused, barred, left, faults: faults ?? 0 }];
  });
}

const gateEvents = [
  'gate.opened',
  'gate.passed',
  'gate.wrong',
  'gate.refused',
  'account.barred',
  'gate.fault',
] as const;

function isAtGate(event: AuditEventName): boolean {
  return event === 'gate.opened' || event === 'gate.passed';
}

/** What each provider sent and could not send, by name and channel. */
export function providerNumbers(counts: readonly DailyCount[]): readonly ProviderNumbers[] {
  const sendings = counts.filter(({ event }) => event === 'challenge.sent' || event === 'challenge.failed');
  const keys = namesOf(sendings.map(({ provider, why }) => JSON.stringify([provider, why])));
  return keys.map((key) => {
    const [provider, channel] = JSON.parse(key) as [string, string];
    const own = sendings.filter((count) => count.provider === provider && count.why === channel);
    return { provider, channel, sent: total(own, 'challenge.sent'), failed: total(own, 'challenge.failed') };
  });
}

/** Why people did not get on, the most frequent first. */
export function refusalNumbers(counts: readonly DailyCount[]): readonly RefusalNumbers[] {
  const found = new Map<string, RefusalNumbers>();
  for (const count of counts) {
    const at = refusedAt(count);
    if (at === undefined) continue;
    const key = `${at} ${count.why}`;
    found.set(key, { at, why: count.why, count: (found.get(key)?.count ?? 0) + count.count });
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1));
}

function refusedAt({ event, why, decoy, portal }: DailyCount): RefusalNumbers['at'] | undefined {
  if (portal === 'console') return undefined;
  if (event === 'flow.started') return why === '' ? undefined : 'reset';
  // How the flow of a decoy ends was settled when it began.
  if (event === 'flow.refused') return decoy ? undefined : 'reset';
  if (event === 'write.refused') return 'write';
  return event === 'sign-in.failed' || event === 'sign-in.withheld' ? 'sign-in' : undefined;
}

/** Adds counts up by name and part of the time; in order of name. */
function seriesOf(
  counts: readonly DailyCount[],
  parts: readonly Part[],
  nameOf: (count: DailyCount) => string | undefined,
): readonly Series[] {
  const rows = new Map<string, number[]>();
  for (const count of counts) {
    const name = nameOf(count);
    const at = parts.findLastIndex(({ from }) => from <= count.day);
    if (name === undefined || at < 0) continue;
    const values = rows.get(name) ?? parts.map(() => 0);
    values[at] = (values[at] ?? 0) + count.count;
    rows.set(name, values);
  }
  return [...rows].map(([name, values]) => ({ name, values })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function total(counts: readonly DailyCount[], event: AuditEventName): number {
  return counts.reduce((sum, count) => sum + (count.event === event ? count.count : 0), 0);
}

function namesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

import type { Account } from '../account.ts';
import type { Ineligible } from '../policies/policy.ts';
import type { Zone } from '../zone.ts';
import type { Bar } from './bars.ts';
import type { GateStanding, ZoneStanding } from './person-view.ts';

/** Why a person is stuck, the weightiest reason first; `none` when nothing keeps them from helping themselves. */
export type TroubleKind =
  | Exclude<Ineligible, 'unknown' | 'barred' | 'unregistered'>
  | 'barred'
  | 'barred-for-good'
  /** What was registered counts no more: too many wrong answers. */
  | 'worn-out'
  /** What was registered counts only later. */
  | 'held'
  | 'never-registered'
  | 'partly-registered'
  /** They can help themselves in one zone, and lack something in this one. */
  | `unregistered-${Zone}`
  /** The same, and a code of the helpdesk would let them pass there. */
  | `needs-code-${Zone}`
  /** All is registered; what is missing is given out by the helpdesk. */
  | 'needs-code'
  /** Too little is registered, and a code of the helpdesk would make up for it. */
  | 'code-would-do'
  | 'locked'
  /** The policy allows no unlock, but a new password, which unlocks as well. */
  | 'locked-reset'
  | 'sign-in-barred'
  | 'sign-in-barred-for-good'
  | 'must-change'
  | 'password-expired'
  | 'none';

/** One plain sentence on top of a person's page: `console.stuck.<kind>` says why, and what helps. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** When it ends by itself. */
  readonly until?: Date;
  /** Ids of the gates that it is about. */
  readonly gates?: readonly string[];
  /** What the directory has against the person beside it: `console.stuck.also.<also>`. */
  readonly also?: 'locked' | 'must-change' | 'password-expired';
}

export interface Standing {
  readonly account: Account;
  readonly zones: readonly ZoneStanding[];
  readonly gates: readonly GateStanding[];
  readonly bars: readonly Bar[];
}

/** What keeps a person from helping themselves, in any zone that a policy is for; the directory's own trouble beside it. */
export function troubleOf(standing: Standing): Trouble {
  const trouble = obstacle(standing) ?? nuisance(standing);
  const also = directoryTrouble(standing.account);
  const isSaid = also === undefined || trouble.kind === also || trouble.kind === 'locked-reset';
  return isSaid ? trouble : { ...trouble, also };
}

/** What nobody gets past, where there is such a thing. */
function obstacle(standing: Standing): Trouble | undefined {
  const reasons = standing.zones.map(({ ineligible }) => ineligible);
  if (reasons.some((reason) => reason === undefined)) return shortfall(standing);
  const reason = reasons.find((one) => one !== 'no-policy') ?? 'no-policy';
  if (reason === 'barred') return barTrouble(standing.bars, 'account');
  if (reason === 'unregistered') return missing(standing);
  return { kind: reason === 'unknown' ? 'not-a-person' : reason };
}

/** What somebody lacks in one zone who can help themselves in another. */
function shortfall(standing: Standing): Trouble | undefined {
  const zones = standing.zones.filter(({ ineligible }) => ineligible === 'unregistered');
  const [first] = zones;
  if (first === undefined) return undefined;
  const lacking = missing({ ...standing, zones });
  if (lacking.kind === 'worn-out' || lacking.kind === 'held') return lacking;
  if (lacking.kind === 'needs-code' || lacking.kind === 'code-would-do') return { kind: `needs-code-${first.zone}` };
  return { kind: `unregistered-${first.zone}`, gates: lacking.gates ?? [] };
}

function barTrouble(bars: readonly Bar[], of: Bar['of']): Trouble | undefined {
  const bar = bars.find((one) => one.of === of);
  if (bar === undefined) return undefined;
  const prefix = of === 'account' ? '' : 'sign-in-';
  const { until } = bar.lockout;
  return until === undefined ? { kind: `${prefix}barred-for-good` } : { kind: `${prefix}barred`, until };
}

/** What the person would have to register. */
function missing({ zones, gates }: Standing): Trouble {
  const lacking = new Set(zones.flatMap((zone) => zone.missing));
  const of = (isSo: (gate: GateStanding) => boolean): readonly GateStanding[] =>
    gates.filter((one) => lacking.has(one.gate) && isSo(one));
  const worn = of(({ wornOut }) => wornOut);
  if (worn.length > 0) return { kind: 'worn-out', gates: worn.map(({ gate }) => gate) };
  const held = of(({ heldUntil }) => heldUntil !== undefined);
  const from = held.flatMap(({ heldUntil }) => heldUntil ?? []).toSorted((a, b) => b.getTime() - a.getTime())[0];
  if (from !== undefined) return { kind: 'held', until: from, gates: held.map(({ gate }) => gate) };
  const registrable = [...lacking].filter(
    (name) => !gates.some(({ gate, issued }) => gate === name && issued === true),
  );
  if (registrable.length === 0) return { kind: 'needs-code' };
  if (zones.some(({ codeWouldDo }) => codeWouldDo === true)) return { kind: 'code-would-do', gates: registrable };
  const isSome = gates.some(({ provedAt }) => provedAt !== undefined);
  return { kind: isSome ? 'partly-registered' : 'never-registered', gates: registrable };
}

/** What the person can get out of without help. */
function nuisance({ account, zones, bars }: Standing): Trouble {
  const actions = new Set(zones.flatMap((zone) => (zone.ineligible === undefined ? zone.actions : [])));
  if (account.state.locked) return { kind: actions.has('unlock') ? 'locked' : 'locked-reset' };
  return barTrouble(bars, 'sign-in') ?? { kind: directoryTrouble(account) ?? 'none' };
}

function directoryTrouble({ state }: Account): Trouble['also'] {
  if (state.locked) return 'locked';
  if (state.mustChangePassword) return 'must-change';
  return state.passwordExpired ? 'password-expired' : undefined;
}

import { type Account, passwordStamp } from '../account.ts';
import type { FlowSubject } from '../flow-subject.ts';
import type { GateSettings } from '../gate.ts';
import type { Action, JournalOutcome } from '../journal.ts';
import type { Json } from '../json.ts';
import { isLeavable, type Link, type ZoneChain } from '../link.ts';
import { type LockoutRules, usualLockout } from '../lockout.ts';
import type { Message, Problem } from '../message.ts';
import type { Portal } from '../portal.ts';
import type { ChannelChoice } from '../provider.ts';
import type { Zone } from '../zone.ts';

/** One person's walk through a portal: a stored row. The browser knows none of it. */
export interface Flow {
  /** 32 random bytes as base64url; held by the session, never shown or logged. */
  readonly id: string;
  /** Names the flow in log, audit and challenges; of no use to an attacker. */
  readonly reference: string;
  readonly portal: Portal;
  readonly subject: FlowSubject;
  /** The policy that it began under, from where, and its lockout; absent in rows of before there were several. */
  readonly policy?: string;
  readonly zone?: Zone;
  readonly lockout?: LockoutRules;
  /** Host name of the listener at which it began, as it is configured; absent in rows of before codes were bound to it. */
  readonly host?: string;
  /** What the policy had of its own when it began, providers and settings of gates: the rest is as configured. */
  readonly channels?: ChannelChoice;
  readonly gates?: GateSettings;
  /**
   * The chain as it was when the flow started: a later change of policy never shortens it. Where any so many gates of a
   * set are enough, the open one may be changed for another of the set; the chain stays as long as it is.
   */
  readonly chain: readonly Link[];
  /** Where any so many gates of a set are enough: those that are not in the chain now. Absent: all of the chain, in order. */
  readonly alternatives?: readonly string[];
  /** Gates that are not offered before another was passed. */
  readonly later?: readonly string[];
  /** So many passed gates already allow the unlock; absent: all of the chain. */
  readonly unlockAfter?: number;
  /** What gates remember that were open and were left for another way: they are found again as they were left. */
  readonly left?: { readonly [gate: string]: Json };
  /** How many gates of its own zone a registration may leave out, and which it has of all; absent: none. */
  readonly mayLeaveOut?: number;
  readonly leftOut?: readonly string[];
  /** What the policies of other zones ask of whoever registers; absent: nothing else. */
  readonly elsewhere?: readonly ZoneChain[];
  /** Gates of the policy that nobody registers, since the helpdesk gives something out for them. */
  readonly givenOut?: readonly string[];
  /** What passing the chain allows; only a reset has any. */
  readonly actions: readonly Action[];
  readonly step: FlowStep;
  /** Private memory of the gate that is open; null elsewhere. */
  readonly memory: Json;
  /** What the next page has to say about the last answer. */
  readonly notice?: Message;
  readonly problems?: readonly Problem[];
  /** Wrong answers in a row at the open gate, when the last one was wrong. */
  readonly wrong?: number;
  readonly language: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** Counts saves; a save succeeds only on the version that was read. */
  readonly version: number;
}

export type FlowStep =
  /**
   * `openingSince` and `judgingSince` (milliseconds) mark a gate whose `open` or `answer` has begun and not yet been
   * saved: whoever comes meanwhile finds it taken.
   */
  | { readonly kind: 'gate'; readonly at: number; readonly openingSince?: number; readonly judgingSince?: number }
  /**
   * `at`: so many gates are passed, and some are still open; absent when all are. `refusals` as below: going back does
   * not forget them.
   */
  | { readonly kind: 'choose'; readonly at?: number; readonly refusals?: number }
  /** `refusals` counts the passwords that the directory, its policy or Latchkey's own screen did not take. */
  | { readonly kind: 'password'; readonly refusals: number }
  /** A write was sent and nothing may be done until its outcome is known. `at` as above. */
  | {
      readonly kind: 'writing';
      readonly journalId: string;
      readonly action: Action;
      readonly since: number;
      readonly at?: number;
    }
  /** `mustChange`: the directory wants the new password changed at the next sign-in. */
  | { readonly kind: 'done'; readonly action?: Action; readonly certain: boolean; readonly mustChange?: true }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  | { readonly kind: 'expired' }
  | { readonly kind: 'cancelled' };

/** Why a flow ended against the person; the page that it leads to. */
export type RefusedReason = 'barred' | 'not-you' | 'not-eligible' | 'helpdesk';

export type FlowEvent =
  | { readonly kind: 'passed' }
  /** A gate that a registration goes on without. */
  | { readonly kind: 'left-out' }
  | { readonly kind: 'refused'; readonly reason: RefusedReason }
  /** Asks for the new password, or goes on to the gates that stand before it. */
  | { readonly kind: 'chose-reset' }
  /** To the choice: from the new password, or from a gate that stands behind it. */
  | { readonly kind: 'back' }
  /** A new password was not taken, and nothing was written. */
  | { readonly kind: 'password-rejected' }
  /** `since` in milliseconds. */
  | { readonly kind: 'write-began'; readonly journalId: string; readonly action: Action; readonly since: number }
  | { readonly kind: 'write-ended'; readonly outcome: JournalOutcome; readonly refusals: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'cancelled' };

/** How often a password may be refused within one flow, by whomever, before the person must start again. */
export const maxRefusals = 10;

/** Milliseconds after which a gate that is still being opened or judged belongs to a process that died. */
export const gatePatience = 30_000;

/** As much of a flow as decides what follows what. */
export type FlowStand = Pick<Flow, 'step' | 'chain' | 'actions' | 'unlockAfter' | 'mayLeaveOut' | 'leftOut'>;

/**
 * The only rule of what follows what: pure, so that every order of events can be tried.
 * @returns the next step, or undefined when the event does not fit where the flow stands
 */
export function nextStep(flow: FlowStand, event: FlowEvent): FlowStep | undefined {
  if (isEnded(flow.step)) return undefined;
  // What was sent to the directory cannot be called back: only its outcome moves the flow.
  if (flow.step.kind === 'writing') return event.kind === 'write-ended' ? afterWrite(flow.step, event) : undefined;
  if (event.kind === 'expired' || event.kind === 'cancelled') return { kind: event.kind };
  if (event.kind === 'refused') return { kind: 'refused', reason: event.reason };
  switch (flow.step.kind) {
    case 'gate':
      return fromGate(flow, flow.step.at, event);
    case 'choose':
      return fromChoose(flow, flow.step, event);
    case 'password':
      return fromPassword(flow, flow.step.refusals, event);
    default:
      return undefined;
  }
}

/** Where a new flow stands. */
export function firstStep(chain: readonly Link[]): Extract<FlowStep, { kind: 'gate' }> {
  if (chain.length === 0) throw new RangeError('a chain has at least one gate');
  return { kind: 'gate', at: 0 };
}

/** Whether nothing can happen to the flow any more. */
export function isEnded(step: FlowStep): boolean {
  return step.kind === 'done' || step.kind === 'refused' || step.kind === 'expired' || step.kind === 'cancelled';
}

/** The link that is open, when a gate is. */
export function openLink(flow: Pick<Flow, 'step' | 'chain'>): Link | undefined {
  return flow.step.kind === 'gate' ? flow.chain[flow.step.at] : undefined;
}

/** The gates that a flow has passed, which has not ended. What it enrolled is among them, and what it left out. */
export function passedLinks({ chain, step }: Pick<Flow, 'step' | 'chain'>): readonly Link[] {
  if (step.kind === 'gate') return chain.slice(0, step.at);
  return step.kind === 'choose' || step.kind === 'writing' ? chain.slice(0, step.at) : chain;
}

/** Whether fewer gates than the chain has allow the unlock. */
export function hasShortWay({ unlockAfter, chain, actions }: FlowStand): boolean {
  if (unlockAfter === undefined || unlockAfter >= chain.length) return false;
  return actions.includes('unlock') && actions.includes('reset');
}

/** Whether the open gate stands behind the choice, which may be gone back to. */
export function isBehindChoice(flow: FlowStand): boolean {
  return flow.step.kind === 'gate' && hasShortWay(flow) && flow.step.at >= (flow.unlockAfter ?? 0);
}

/** Whether the open gate may be left out of a registration. */
export function canLeaveOut(flow: FlowStand): boolean {
  const link = openLink(flow);
  return link !== undefined && isLeavable(link, flow);
}

/** The step without the marks of work that is under way. */
export function settled(step: FlowStep): FlowStep {
  return step.kind === 'gate' ? { kind: 'gate', at: step.at } : step;
}

/** The flow without what the last page had to say. */
export function quiet(flow: Flow): Flow {
  const { notice: _notice, problems: _problems, wrong: _wrong, ...rest } = flow;
  return rest;
}

/** The zone that a flow is held to, whatever listener its next request reaches. */
export function zoneOf(flow: Pick<Flow, 'zone'>): Zone {
  return flow.zone ?? 'extranet';
}

/** The lockout that a flow began with. Failures count per account and gate all the same, over all policies. */
export function lockoutOf(flow: Pick<Flow, 'lockout'>): LockoutRules {
  return flow.lockout ?? usualLockout;
}

/** Whether somebody else has set the password since the flow began: then its account is in another hand. */
export function isPasswordMoved(subject: FlowSubject, account: Account): boolean {
  if (subject.kind !== 'account' || subject.passwordStamp === undefined) return false;
  return subject.passwordStamp !== passwordStamp(account);
}

function fromGate(flow: FlowStand, at: number, event: FlowEvent): FlowStep | undefined {
  if (event.kind === 'passed') return afterGate(flow, at);
  if (event.kind === 'left-out') return canLeaveOut(flow) ? afterGate(flow, at) : undefined;
  return event.kind === 'back' && isBehindChoice(flow) ? { kind: 'choose', at } : undefined;
}

function afterGate(flow: FlowStand, at: number): FlowStep {
  const passed = at + 1;
  if (hasShortWay(flow) && passed === flow.unlockAfter) return { kind: 'choose', at: passed };
  if (passed < flow.chain.length) return { kind: 'gate', at: passed };
  if (flow.actions.length === 0) return { kind: 'done', certain: true };
  // Whoever went on from the choice has chosen already.
  return hasShortWay(flow) ? { kind: 'password', refusals: 0 } : { kind: 'choose' };
}

function fromChoose(
  flow: FlowStand,
  step: Extract<FlowStep, { kind: 'choose' }>,
  event: FlowEvent,
): FlowStep | undefined {
  const { at, refusals = 0 } = step;
  if (event.kind === 'chose-reset' && flow.actions.includes('reset')) {
    return at === undefined ? { kind: 'password', refusals } : { kind: 'gate', at };
  }
  if (event.kind === 'write-began' && event.action === 'unlock' && flow.actions.includes('unlock')) {
    return { ...writing(event), ...(at === undefined ? {} : { at }) };
  }
  return undefined;
}

function fromPassword(flow: FlowStand, refusals: number, event: FlowEvent): FlowStep | undefined {
  if (event.kind === 'back') return refusals === 0 ? { kind: 'choose' } : { kind: 'choose', refusals };
  if (event.kind === 'password-rejected') return afterRefusal(refusals + 1);
  if (event.kind === 'write-began' && event.action === 'reset' && flow.actions.includes('reset')) return writing(event);
  return undefined;
}

function afterRefusal(refusals: number): FlowStep {
  return refusals < maxRefusals ? { kind: 'password', refusals } : { kind: 'refused', reason: 'helpdesk' };
}

function writing(event: Extract<FlowEvent, { kind: 'write-began' }>): Extract<FlowStep, { kind: 'writing' }> {
  return { kind: 'writing', journalId: event.journalId, action: event.action, since: event.since };
}

function afterWrite(
  { action, at }: Extract<FlowStep, { kind: 'writing' }>,
  event: Extract<FlowEvent, { kind: 'write-ended' }>,
): FlowStep {
  if (event.outcome === 'done') return { kind: 'done', action, certain: true };
  if (event.outcome === 'unknown') return { kind: 'done', action, certain: false };
  if (action === 'unlock') return { kind: 'choose', ...(at === undefined ? {} : { at }) };
  return afterRefusal(event.refusals);
}

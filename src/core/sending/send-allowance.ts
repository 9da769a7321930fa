import { z } from 'zod';
import type { Message } from '../message.ts';

/** How many calls or messages one flow has started; part of a gate's memory, so that nothing but a new flow resets it. */
export const sendCount = z.strictObject({ sent: z.int().min(0), lastAt: z.iso.datetime().nullable() });
export type SendCount = z.infer<typeof sendCount>;

export interface SendLimits {
  /** Calls or messages in one flow, the first included. */
  readonly perFlow: number;
  /** Seconds between two of them. */
  readonly gapSeconds: number;
}

export const noneSent: SendCount = { sent: 0, lastAt: null };

/** The count after one more. */
export function countSend(count: SendCount, now: Date): SendCount {
  return { sent: count.sent + 1, lastAt: now.toISOString() };
}

export function sendsLeft(count: SendCount, limits: SendLimits): number {
  return Math.max(0, limits.perFlow - count.sent);
}

/** Whole seconds until the next one is allowed; 0 when it is now. Says nothing of how many are left. */
export function secondsUntilNext(count: SendCount, limits: SendLimits, now: Date): number {
  if (count.lastAt === null) return 0;
  const passed = (now.getTime() - new Date(count.lastAt).getTime()) / 1000;
  return Math.max(0, Math.ceil(limits.gapSeconds - passed));
}

/** What to tell a person who may not have another one now; undefined when they may. */
export function sendRefusal(count: SendCount, limits: SendLimits, now: Date): Message | undefined {
  if (sendsLeft(count, limits) === 0) return { key: 'gates.none-left' };
  const seconds = secondsUntilNext(count, limits, now);
  return seconds > 0 ? { key: 'gates.wait', values: { seconds } } : undefined;
}

import type { Json } from '../json.ts';
import type { Message } from '../message.ts';
import type { Channel } from '../provider.ts';
import { isPlain } from './gate-setting-message.ts';
import type { Members, Policy } from './policy.ts';

/** A policy with all that is said of it, also what only its list asks for. */
export interface ListedPolicy extends Policy {
  /** Questions alone are enough: somebody said so. */
  readonly knowledgeAlone: boolean;
}

/** What changed within one policy, whatever it is called and wherever it stands. */
export function fieldChanges(before: ListedPolicy, after: ListedPolicy): readonly Message[] {
  const say = (key: string, values: Message['values'] = {}): Message => ({
    key: `policy-change.${key}`,
    values: { policy: after.name, ...values },
  });
  return [
    ...memberChanges(before.members, after.members, say),
    ...(before.zone === after.zone ? [] : [say(`zone-${after.zone}`)]),
    ...chainChanges(before.chain, after.chain, say),
    ...countChanges(before, after, say),
    ...channelChanges(before, after, say),
    ...settingChanges(before, after, say),
    ...setChanges(before.actions, after.actions, (action, change) => say(`${action}-${change}`)),
    ...numberChanges(before, after, say),
    ...(before.privileged === after.privileged ? [] : [say(`privileged-${after.privileged ? 'added' : 'removed'}`)]),
    ...(before.knowledgeAlone === after.knowledgeAlone
      ? []
      : [say(`knowledge-${after.knowledgeAlone ? 'accepted' : 'refused'}`)]),
    ...(before.unknownLogins === after.unknownLogins ? [] : [say(`unknown-${after.unknownLogins}`)]),
  ];
}

type Say = (key: string, values?: Message['values']) => Message;

/** What is in one list and not in the other, in whatever order, first what came. */
function setChanges(
  before: readonly string[],
  after: readonly string[],
  say: (one: string, change: 'added' | 'removed') => Message,
): readonly Message[] {
  const old = new Set(before);
  const now = new Set(after);
  return [
    ...[...now].filter((one) => !old.has(one)).map((one) => say(one, 'added')),
    ...[...old].filter((one) => !now.has(one)).map((one) => say(one, 'removed')),
  ];
}

function memberChanges(before: Members, after: Members, say: Say): readonly Message[] {
  const everyone = before.everyone === after.everyone ? [] : [say(`everyone-${after.everyone ? 'added' : 'removed'}`)];
  return [
    ...everyone,
    ...setChanges(before.groups, after.groups, (group, change) => say(`group-${change}`, { group })),
    ...setChanges(before.units, after.units, (unit, change) => say(`unit-${change}`, { unit })),
    ...setChanges(before.except.groups, after.except.groups, (group, change) =>
      say(`except-group-${change}`, { group }),
    ),
    ...setChanges(before.except.units, after.except.units, (unit, change) => say(`except-unit-${change}`, { unit })),
  ];
}

/** Their order is told whole where it is not what it was without those that came and went. */
function chainChanges(before: readonly string[], after: readonly string[], say: Say): readonly Message[] {
  if (before.length === 0) return after.length === 0 ? [] : [say('gates', { gates: after.join(', ') })];
  const stayed = after.filter((gate) => before.includes(gate));
  const sameOrder = before.filter((gate) => after.includes(gate)).every((gate, at) => gate === stayed[at]);
  return [
    ...setChanges(before, after, (gate, change) =>
      say(`gate-${change}`, change === 'added' ? { gate, place: after.indexOf(gate) + 1 } : { gate }),
    ),
    ...(sameOrder ? [] : [say('gates', { gates: after.join(', ') })]),
  ];
}

function countChanges(before: Policy, after: Policy, say: Say): readonly Message[] {
  const changes: Message[] = [];
  if (before.needed !== after.needed) {
    changes.push(after.needed === undefined ? say('needed-all') : say('needed-some', { count: after.needed }));
  }
  if (before.unlockAfter !== after.unlockAfter) {
    const count = after.unlockAfter;
    changes.push(count === undefined ? say('unlock-as-reset') : say('unlock-after', { count }));
  }
  return changes;
}

/** Their order says who is asked first. */
function channelChanges(before: Policy, after: Policy, say: Say): readonly Message[] {
  return (['sms', 'voice', 'email'] satisfies readonly Channel[]).flatMap((channel) => {
    const [was, is] = [before, after].map(({ channels }) => channels?.[channel]?.join(', '));
    if (was === is) return [];
    return [is === undefined ? say(`${channel}-usual`) : say(`${channel}-own`, { providers: is })];
  });
}

/** Of the gates that are in the chain now: what was said of one that is gone went with it. */
function settingChanges(before: Policy, after: Policy, say: Say): readonly Message[] {
  return after.chain.flatMap((gate) => {
    const [was = {}, is = {}] = [before, after].map(({ gates }) => gates?.[gate]);
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return names.flatMap((setting) => settingChange({ gate, setting, was: was[setting], is: is[setting] }, say));
  });
}

interface SettingChange {
  readonly gate: string;
  readonly setting: string;
  /** Undefined: as configured. */
  readonly was: Json | undefined;
  readonly is: Json | undefined;
}

/** A value that is too much for a sentence is not told, only that it is there. */
function settingChange({ gate, setting, was, is }: SettingChange, say: Say): readonly Message[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  const way = was === undefined ? 'own' : is === undefined ? 'usual' : 'changed';
  const told = [was, is].map((value) => (value === undefined ? '' : isPlain(value) ? String(value) : undefined));
  const [before, value] = told;
  const values = { gate, setting };
  if (before === undefined || value === undefined) return [say(`setting-${way}-whole`, values)];
  return [say(`setting-${way}`, { ...values, before, value })];
}

function numberChanges(before: Policy, after: Policy, say: Say): readonly Message[] {
  const numbers: readonly (readonly [string, number, number])[] = [
    ['threshold', before.lockout.threshold, after.lockout.threshold],
    ['lockout-minutes', before.lockout.minutes, after.lockout.minutes],
    ['bars', before.lockout.barsUntilPermanent, after.lockout.barsUntilPermanent],
    ['flow-minutes', before.flowSeconds / 60, after.flowSeconds / 60],
    ['share', before.share ?? 1, after.share ?? 1],
  ];
  return numbers.flatMap(([key, was, is]) => (was === is ? [] : [say(key, { before: was, after: is })]));
}

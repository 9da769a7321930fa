import { z } from 'zod';
import type { GateSettings } from '../core/gate.ts';
import type { GateControls } from '../core/gates/gate-controls.ts';
import type { Json } from '../core/json.ts';
import type { Message, Problem } from '../core/message.ts';
import type { ListedPolicy } from '../core/policies/policy-field-changes.ts';
import type { ListProblem } from '../core/policies/stored-policies.ts';
import type { Translate } from '../web/catalogue.ts';
import { formOfSettings, settingFields, settingProblem, settingsOfForm } from './gate-setting-fields.ts';

/** Characters of one field: more than the longest list of names that a policy may have. */
const mostText = 131_072;
const text = z.string().max(mostText).default('');
const ticked = z.literal('yes').optional();

const fields = {
  name: text,
  who: z.enum(['everyone', 'named']).default('named'),
  groups: text,
  units: text,
  'except-groups': text,
  'except-units': text,
  zone: text,
  needed: text,
  'unlock-after': text,
  sms: text,
  voice: text,
  email: text,
  unlock: ticked,
  reset: ticked,
  threshold: text,
  minutes: text,
  bars: text,
  'flow-minutes': text,
  share: text,
  'unknown-logins': text,
  privileged: ticked,
  knowledge: ticked,
  revision: z.string().regex(/^\d{1,9}$/),
  was: text,
};

/** What the form of one policy posts, with a field for the place of each gate and each of its settings; nothing else is taken. */
export function policyFormSchema({ gates, controls }: FormGates) {
  const more = [...gates.map(placeField), ...settingFields(controls)];
  return z.strictObject({ ...fields, ...Object.fromEntries(more.map((field) => [field, text])) });
}

/** The gates that there are, and what of each can be set. */
export interface FormGates {
  readonly gates: readonly string[];
  readonly controls: readonly GateControls[];
}

export type PolicyForm = Readonly<Record<string, string | undefined>>;

export function placeField(gate: string): string {
  return `place-${gate}`;
}

/**
 * The policy as a configuration would write it; what cannot be understood is something that its schema refuses.
 * @param before what it said of gates when the form was opened
 */
export function policyOfForm(form: PolicyForm, { gates, controls }: FormGates, before: GateSettings = {}): Json {
  const { needed = '', 'unlock-after': unlockAfter = '' } = form;
  const channels = channelsOf(form);
  const chain = chainOf(form, gates);
  const own = settingsOfForm(form, { chain, gates: controls, before });
  const actions = [form.unlock === 'yes' ? ['unlock'] : [], form.reset === 'yes' ? ['reset'] : []].flat();
  return {
    name: form.name?.trim() ?? '',
    members: {
      everyone: form.who === 'everyone',
      groups: linesOf(form.groups),
      units: linesOf(form.units),
      except: { groups: linesOf(form['except-groups']), units: linesOf(form['except-units']) },
    },
    zone: form.zone ?? '',
    chain,
    ...(needed === '' ? {} : { needed: numberOf(needed) }),
    ...(unlockAfter === '' ? {} : { 'unlock-after': numberOf(unlockAfter) }),
    ...(channels === undefined ? {} : { channels }),
    ...(own === undefined ? {} : { gates: own }),
    actions,
    lockout: {
      threshold: numberOf(form.threshold),
      minutes: numberOf(form.minutes),
      'bars-until-permanent': numberOf(form.bars),
    },
    'flow-minutes': numberOf(form['flow-minutes']),
    'unknown-logins': form['unknown-logins'] ?? '',
    share: numberOf(form.share),
    'include-privileged': form.privileged === 'yes',
    'knowledge-alone': form.knowledge === 'yes' ? 'accept' : 'refuse',
  };
}

/** Two gates in one place have no order. */
export function placeProblems(form: PolicyForm, gates: readonly string[]): readonly Problem[] {
  const places = gates.map((gate) => form[placeField(gate)] ?? '').filter((place) => place !== '');
  return new Set(places).size === places.length ? [] : [problem('chain', 'place')];
}

/** The form as it shows a policy. */
export function formOfPolicy(policy: ListedPolicy, controls: readonly GateControls[]): PolicyForm {
  const { members, lockout, chain } = policy;
  return {
    name: policy.name,
    who: members.everyone ? 'everyone' : 'named',
    groups: members.groups.join('\n'),
    units: members.units.join('\n'),
    'except-groups': members.except.groups.join('\n'),
    'except-units': members.except.units.join('\n'),
    zone: policy.zone,
    ...Object.fromEntries(chain.map((gate, at) => [placeField(gate), String(at + 1)])),
    needed: String(policy.needed ?? ''),
    'unlock-after': String(policy.unlockAfter ?? ''),
    ...Object.fromEntries(Object.entries(policy.channels ?? {}).map(([channel, names]) => [channel, names.join('\n')])),
    ...formOfSettings(policy.gates ?? {}, controls),
    unlock: policy.actions.includes('unlock') ? 'yes' : undefined,
    reset: policy.actions.includes('reset') ? 'yes' : undefined,
    threshold: String(lockout.threshold),
    minutes: String(lockout.minutes),
    bars: String(lockout.barsUntilPermanent),
    'flow-minutes': String(policy.flowSeconds / 60),
    share: String(policy.share ?? 1),
    'unknown-logins': policy.unknownLogins,
    privileged: policy.privileged ? 'yes' : undefined,
    knowledge: policy.knowledgeAlone ? 'yes' : undefined,
  };
}

/** What a new policy begins with: the defaults of the configuration. */
export const emptyForm: PolicyForm = {
  who: 'named',
  zone: 'any',
  unlock: 'yes',
  reset: 'yes',
  threshold: '3',
  minutes: '15',
  bars: '3',
  'flow-minutes': '20',
  share: '1',
  'unknown-logins': 'decoy',
};

/** Which field of the form each setting is. */
const fieldOf: Readonly<Record<string, string>> = {
  name: 'name',
  members: 'who',
  'members.groups': 'groups',
  'members.units': 'units',
  'members.except.groups': 'except-groups',
  'members.except.units': 'except-units',
  zone: 'zone',
  chain: 'chain',
  needed: 'needed',
  'unlock-after': 'unlock-after',
  'channels.sms': 'sms',
  'channels.voice': 'voice',
  'channels.email': 'email',
  actions: 'actions',
  'lockout.threshold': 'threshold',
  'lockout.minutes': 'minutes',
  'lockout.bars-until-permanent': 'bars',
  'flow-minutes': 'flow-minutes',
  'unknown-logins': 'unknown-logins',
  share: 'share',
};

/**
 * What is wrong with a list, at the fields of the one policy that was typed; each field once. That two have one name is
 * said at the second of them, which may be the other one.
 * @param at index of the policy in the list
 */
export function fieldProblems(
  problems: readonly ListProblem[],
  at: number,
  about: { readonly form: PolicyForm; readonly gates: readonly GateControls[]; readonly t: Translate },
): readonly Problem[] {
  const found = problems.map(({ setting, problem: why }): Problem => {
    const [, index, path = ''] = /^policies\.(\d+)\.(.*)$/.exec(setting) ?? [];
    const ofGate = Number(index) === at ? settingProblem({ path, why }, about) : undefined;
    if (ofGate !== undefined) return ofGate;
    const field = Number(index) === at ? fieldOf[path.replace(/\.\d+$/, '')] : path === 'name' ? 'name' : undefined;
    return field === undefined
      ? { message: { key: 'policy-form.wrong.list', values: { setting, why } } }
      : problem(field, field);
  });
  return found.filter(({ field }, index) => found.findIndex((one) => one.field === field) === index);
}

function problem(field: string, key: string, values?: Message['values']): Problem {
  return { field, message: { key: `policy-form.wrong.${key}`, ...(values === undefined ? {} : { values }) } };
}

function chainOf(form: PolicyForm, gates: readonly string[]): readonly string[] {
  return gates
    .map((gate) => ({ gate, place: form[placeField(gate)] ?? '' }))
    .filter(({ place }) => place !== '')
    .toSorted((a, b) => Number(a.place) - Number(b.place))
    .map(({ gate }) => gate);
}

/** Nothing typed: as the configuration has it. */
function channelsOf({ sms, voice, email }: PolicyForm): { readonly [channel: string]: readonly string[] } | undefined {
  const typed = Object.entries({ sms: linesOf(sms), voice: linesOf(voice), email: linesOf(email) }).filter(
    ([, names]) => names.length > 0,
  );
  return typed.length === 0 ? undefined : Object.fromEntries(typed);
}

/** One name in each line; lines that are empty say nothing. */
function linesOf(typed = ''): readonly string[] {
  return typed
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Out of every range for what is no whole number, so that everything else is still looked at. */
function numberOf(typed = ''): Json {
  const trimmed = typed.trim();
  return /^\d{1,9}$/.test(trimmed) ? Number(trimmed) : -1;
}

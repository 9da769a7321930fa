import { openConfiguredDirectory } from '../compose-directory.ts';
import type { Configuration } from '../config.ts';
import { type ChainWeakness, chainStrength } from '../core/chain-strength.ts';
import type { Directory, Finding } from '../core/directory.ts';
import type { Policy } from '../core/policy.ts';
import { unreachablePolicies } from '../core/policy-order.ts';
import type { Definitions } from '../definitions.ts';
import type { Loaded } from '../load.ts';
import { listenersOf } from '../settings/listeners.ts';
import { policyFrom } from '../settings/policy-settings.ts';

const weak: Readonly<Record<ChainWeakness, Omit<Finding, 'subject'>>> = {
  'knowledge-alone': {
    level: 'problem',
    detail: 'can be passed without proving that somebody has something: whoever finds the answers out has the account',
    remedy: 'Put phone or otp-sms before it. In production this starts only with knowledge-alone: accept.',
  },
  'knowledge-first': {
    level: 'warning',
    detail: 'begins with what others can find out, so that anybody may try and use up the tries of the owner',
    remedy: 'Put phone or otp-sms first.',
  },
};

/** What each policy is worth, whatever people registered, and whether anybody can come under it. */
export function checkPolicies(configuration: Configuration, definitions: Definitions): readonly Finding[] {
  const policies = configuration.policies.map(policyFrom);
  const zones = new Set(listenersOf(configuration).map(({ zone }) => zone));
  const late = unreachablePolicies(policies, zones).map(({ policy, behind }): Finding => {
    const taken = `everybody comes under ${behind.map(({ name }) => name).join(' or ')} before`;
    return {
      level: 'warning',
      subject: subjectOf(policy),
      detail: `never matches: ${behind.length === 0 ? `no listener is in the zone ${policy.zone}` : taken}`,
      remedy: behind.length === 0 ? 'Give a listener this zone, or take the policy out.' : 'Put it further up.',
    };
  });
  return [...policies.flatMap((policy) => strengthOf(policy, definitions)), ...late];
}

/** Whether the groups and units that the policies name are there, and no group is a member of itself. */
export async function checkMembers(loaded: Loaded): Promise<readonly Finding[]> {
  const policies = loaded.configuration.policies.map(policyFrom);
  if (policies.every(({ members }) => namesOf(members).length + namesOf(members.except).length === 0)) return [];
  const opened = await openConfiguredDirectory(loaded);
  try {
    const found = await Promise.all(policies.map((policy) => memberFindings(policy, opened.directory)));
    return found.flat();
  } finally {
    await opened.close();
  }
}

async function memberFindings(policy: Policy, directory: Directory): Promise<readonly Finding[]> {
  const { members } = policy;
  const groups = [...members.groups, ...members.except.groups].map((name) => groupFinding(policy, name, directory));
  const units = [...members.units, ...members.except.units].map((path) => unitFinding(policy, path, directory));
  const found = (await Promise.all([...groups, ...units])).filter((one) => one !== undefined);
  if (found.length > 0) return found;
  const named = namesOf(members).length + namesOf(members.except).length;
  const detail = `all groups and units that it names are there (${named})`;
  return named === 0 ? [] : [{ level: 'ok', subject: subjectOf(policy), detail }];
}

async function groupFinding(policy: Policy, name: string, directory: Directory): Promise<Finding | undefined> {
  const subject = subjectOf(policy);
  const group = await directory.findGroup(name);
  if (group === undefined) return missing(subject, `the group ${name}`);
  if (!group.cyclic) return undefined;
  return {
    level: 'warning',
    subject,
    detail: `the group ${name} is, by way of others, a member of itself: its members are not what they look like`,
    remedy: 'Take one of these groups out of the other.',
  };
}

async function unitFinding(policy: Policy, path: string, directory: Directory): Promise<Finding | undefined> {
  return (await directory.findUnit(path)) === undefined ? missing(subjectOf(policy), `the unit ${path}`) : undefined;
}

/** Nobody is served while it is so: it may be an exception. */
function missing(subject: string, what: string): Finding {
  const detail = `${what} is not in the directory: nobody can be served until it is`;
  return {
    level: 'problem',
    subject,
    detail,
    remedy: 'Write it as the directory has it, or take it out of the policy.',
  };
}

function strengthOf(policy: Policy, definitions: Definitions): readonly Finding[] {
  const subject = subjectOf(policy);
  const gates = policy.chain.flatMap((id) => definitions.gates.filter((gate) => gate.id === id));
  const { methods, weaknesses } = chainStrength(gates, policy.needed);
  const many = policy.needed === undefined ? '' : `any ${policy.needed} of `;
  const detail = `${many}${gates.map(({ id }) => id).join(', ')}: ${counted(methods)} by NIST SP 800-63B`;
  const found: readonly Finding[] =
    weaknesses.length > 0
      ? weaknesses.map((weakness) => ({ subject, ...weak[weakness] }))
      : [{ level: 'ok', subject, detail }];
  return [...found, ...privilegedFindings(policy)];
}

function privilegedFindings(policy: Policy): readonly Finding[] {
  if (!policy.privileged || !policy.members.everyone) return [];
  const detail = 'includes privileged accounts and has everyone as members: every administrator comes under it';
  const remedy = 'Give administrators a policy of their own, with a group as its members.';
  return [{ level: 'warning', subject: subjectOf(policy), detail, remedy }];
}

function counted(methods: number): string {
  const what = 'calls and texts count once together, questions nothing';
  return `counts as ${methods} of the 2 methods of recovery that AAL2 wants (${what})`;
}

function subjectOf({ name }: Policy): string {
  return `policy ${name}`;
}

function namesOf({ groups, units }: { readonly groups: readonly string[]; readonly units: readonly string[] }) {
  return [...groups, ...units];
}

import { openConfiguredDirectory } from '../compose/directory.ts';
import type { Configuration } from '../config.ts';
import type { Directory, Finding } from '../core/directory.ts';
import { type ChainWeakness, chainStrength } from '../core/policies/chain-strength.ts';
import type { Policy } from '../core/policies/policy.ts';
import { leftoverPolicies, unreachablePolicies } from '../core/policies/policy-order.ts';
import type { Zone } from '../core/zone.ts';
import type { Definitions } from '../definitions.ts';
import type { Loaded } from '../load.ts';
import { gatesOf, issuingProblems } from '../settings/channel-checks.ts';
import { gatesAskingMore } from '../settings/gate-settings.ts';
import { zonesOf } from '../settings/listeners.ts';
import { policyFrom } from '../settings/policy-settings.ts';
import { withPoliciesInForce } from './policies-in-force.ts';

const weak: Readonly<Record<ChainWeakness, Omit<Finding, 'subject'>>> = {
  'knowledge-alone': {
    level: 'problem',
    detail: 'can be passed without proving that somebody has something: whoever finds the answers out has the account',
    remedy:
      'Put phone or otp-sms before it, or ask for more of its gates. In production this starts only with knowledge-alone: accept.',
  },
  'unlock-by-knowledge': {
    level: 'warning',
    detail: 'whoever finds the answers out can unlock the account, and try passwords again',
    remedy: 'Put phone or otp-sms first, or raise unlock-after.',
  },
  'knowledge-first': {
    level: 'warning',
    detail: 'begins with what others can find out, so that anybody may try and use up the tries of the owner',
    remedy: 'Put phone or otp-sms first.',
  },
  'one-destination': {
    level: 'warning',
    detail: 'two gates of one way may reach one and the same number or mailbox, and whoever has that has both',
    remedy: 'Put a gate of another kind in the place of one of them.',
  },
  'by-helpdesk': {
    level: 'warning',
    detail:
      'has a way by a code of the helpdesk: whoever fools an agent and reads the texts, or the mail of the manager, has it',
    remedy:
      'Write down who may give one and how they make sure who asks: NIST SP 800-63B wants a risk analysis for it.',
  },
  'no-alternative-to-the-phone': {
    level: 'warning',
    detail: 'has no way without a telephone: a stolen number opens it, and whoever lost theirs needs the helpdesk',
    remedy: 'Add a gate that needs no telephone, and set needed so that it can stand in for one.',
  },
};

/** As `checkPolicies`, of the list that a server would go by now, and where that is kept. */
export async function checkPoliciesInForce(loaded: Loaded): Promise<readonly Finding[]> {
  const { loaded: now, version } = await withPoliciesInForce(loaded);
  const findings = checkPolicies(now.configuration, now.definitions);
  if (loaded.configuration['policies-in'] === 'file') return findings;
  const detail =
    version === undefined
      ? 'will be kept in the store, from the list of the file on'
      : `are kept in the store: version ${version} is in force`;
  return [{ level: 'ok', subject: 'policies', detail }, ...findings];
}

/** What each policy is worth, whatever people registered, and whether anybody can come under it. */
export function checkPolicies(configuration: Configuration, definitions: Definitions): readonly Finding[] {
  const policies = configuration.policies.map(policyFrom);
  const zones = new Set(zonesOf(configuration));
  const late = unreachablePolicies(policies, zones).map(({ policy, behind }): Finding => {
    const taken = `everybody comes under ${behind.map(({ name }) => name).join(' or ')} before`;
    return {
      level: 'warning',
      subject: subjectOf(policy),
      detail: `never matches: ${behind.length === 0 ? `no listener is in the zone ${policy.zone}` : taken}`,
      remedy: behind.length === 0 ? 'Give a listener this zone, or take the policy out.' : 'Put it further up.',
    };
  });
  const leftover = leftoverPolicies(policies, zones).map(
    ({ policy, behind }): Finding => ({
      level: 'warning',
      subject: subjectOf(policy),
      detail: `counts only for whom ${behind.name} leaves out, which is for everybody and stands before it`,
      remedy: 'Put it further up, if it is for others too.',
    }),
  );
  return [
    ...policies.flatMap((policy) => strengthOf(policy, definitions)),
    ...late,
    ...leftover,
    ...policies.flatMap((policy) => frankFindings(policy, zones)),
    ...policies.flatMap((policy) =>
      askingFindings(policy, { gates: configuration.gates, others: policies }, definitions),
    ),
    ...gatesOf(configuration).flatMap((gate) => issuingFindings(gate, configuration, definitions)),
  ];
}

/** Whether the groups and units that the policies name are there, and no group is a member of itself. */
export async function checkMembers(loaded: Loaded): Promise<readonly Finding[]> {
  const now = await withPoliciesInForce(loaded);
  const policies = now.loaded.configuration.policies.map(policyFrom);
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
  const { methods, unlockMethods, weaknesses } = chainStrength(gates, policy);
  const many = policy.needed === undefined ? '' : `any ${policy.needed} of `;
  const unlock =
    policy.unlockAfter === undefined ? '' : `; the unlock, after ${policy.unlockAfter}, as ${unlockMethods}`;
  const detail = `${many}${gates.map(({ id }) => id).join(', ')}: ${counted(methods)} by NIST SP 800-63B${unlock}`;
  const worth: readonly Finding[] = weaknesses.includes('knowledge-alone') ? [] : [{ level: 'ok', subject, detail }];
  const found = weaknesses.map((weakness) => ({ subject, ...weak[weakness] }));
  return [...worth, ...found, ...privilegedFindings(policy)];
}

/** Whoever cannot pass is told so: strangers learn who can. */
function frankFindings(policy: Policy, zones: ReadonlySet<Zone>): readonly Finding[] {
  const isOutside = policy.zone !== 'intranet' && zones.has('extranet');
  if (policy.unknownLogins === 'decoy' || !isOutside) return [];
  const detail = 'tells strangers who can pass and who cannot: unknown-logins is say-so, and it counts in the extranet';
  return [
    { level: 'warning', subject: subjectOf(policy), detail, remedy: 'Keep say-so for policies of the intranet.' },
  ];
}

/** Whoever registered where less is asked for counts as registered, and could not pass. */
function askingFindings(
  policy: Policy,
  about: Parameters<typeof gatesAskingMore>[1],
  definitions: Definitions,
): readonly Finding[] {
  return gatesAskingMore(policy, about, definitions).map((gate) => ({
    level: 'warning',
    subject: subjectOf(policy),
    detail: `asks more of ${gate} than people need to register for it otherwise, by the configuration or another policy: they count as registered and may not be able to pass`,
    remedy: 'Let them register again, or ask for less.',
  }));
}

/** Nobody could type in what such a provider sends; another way is there, or it would not start. */
function issuingFindings(gate: string, configuration: Configuration, definitions: Definitions): readonly Finding[] {
  const detail = issuingProblems(gate, configuration, definitions).flat().join('; ');
  const remedy = 'Until another provider stands there, have codes sent the other way.';
  return detail === '' ? [] : [{ level: 'warning', subject: `gate ${gate}`, detail, remedy }];
}

function privilegedFindings(policy: Policy): readonly Finding[] {
  if (!policy.privileged || !policy.members.everyone) return [];
  const detail = 'includes privileged accounts and has everyone as members: every administrator comes under it';
  const remedy = 'Give administrators a policy of their own, with a group as its members.';
  return [{ level: 'warning', subject: subjectOf(policy), detail, remedy }];
}

function counted(methods: number): string {
  const what = 'calls, texts and codes of the helpdesk count once together, questions nothing';
  return `counts as ${methods} of the 2 methods of recovery that AAL2 wants (${what})`;
}

function subjectOf({ name }: Policy): string {
  return `policy ${name}`;
}

function namesOf({ groups, units }: { readonly groups: readonly string[]; readonly units: readonly string[] }) {
  return [...groups, ...units];
}

import type { DirectoryGroup, DirectoryPeople } from '../directory-people.ts';
import type { Message } from '../message.ts';
import type { Zone } from '../zone.ts';
import { isOfZone } from './policies.ts';
import type { Policy } from './policy.ts';
import { leftoverPolicies, unreachablePolicies } from './policy-order.ts';

/** Something about a policy list that somebody should know before it is taken into force. */
export interface PolicyFinding {
  /** A list with a `problem` is not taken. */
  readonly level: 'problem' | 'warning';
  readonly message: Message;
}

export interface PolicyCheckNeeds {
  readonly directory: Pick<DirectoryPeople, 'findGroup' | 'findUnit'>;
  /** Why a gate could not be used as Latchkey is configured, in sentences for an operator; none when it can. */
  readonly gateTrouble: (gate: string) => readonly string[];
  /** Gates for which people may have registered too little, whatever Latchkey says of who is registered. */
  readonly askingMore: (policy: Policy) => readonly string[];
  /** Those that Latchkey listens in. */
  readonly zones: readonly Zone[];
  /** Whether administrators could still help themselves. */
  readonly stranding?: (policies: readonly Policy[]) => Promise<readonly PolicyFinding[]>;
}

/** Asks no more than so many questions of the directory at a time. */
const atOnce = 8;

/**
 * Everything that is asked before a list is taken into force, all of it at once: whether the groups and units are there,
 * the gates can be used, and whether each policy can count. What the list's own shape forbids was refused before.
 * Throws what the directory throws: nothing is taken into force that could not be checked.
 */
export async function examinePolicies(
  policies: readonly Policy[],
  needs: PolicyCheckNeeds,
): Promise<readonly PolicyFinding[]> {
  const named = await namedMembers(policies, needs.directory);
  const found = [
    ...needs.zones.flatMap((zone) => zoneFindings(policies, zone)),
    ...policies.flatMap((policy) => [
      ...memberFindings(policy, named),
      ...gateFindings(policy, needs),
      ...needs.askingMore(policy).map((gate) => warning('asks-more', { policy: policy.name, gate })),
    ]),
    ...orderFindings(policies, named.groups, needs.zones),
  ];
  // Who could pass is asked of a list that works at all.
  if (found.some(({ level }) => level === 'problem')) return found;
  return [...found, ...((await needs.stranding?.(policies)) ?? [])];
}

/**
 * Why nobody can say who comes under these policies: groups and units that are not there, groups within themselves.
 * None when all is well.
 */
export async function memberTrouble(
  policies: readonly Policy[],
  directory: PolicyCheckNeeds['directory'],
): Promise<readonly Message[]> {
  const named = await namedMembers(policies, directory);
  return policies.flatMap((policy) => memberFindings(policy, named).map(({ message }) => message));
}

/** What the directory has of the names in a list. */
interface NamedMembers {
  readonly groups: ReadonlyMap<string, DirectoryGroup | undefined>;
  readonly units: ReadonlyMap<string, unknown>;
}

async function namedMembers(
  policies: readonly Policy[],
  directory: PolicyCheckNeeds['directory'],
): Promise<NamedMembers> {
  const names = new Set(policies.flatMap(({ members }) => [...members.groups, ...members.except.groups]));
  const paths = new Set(policies.flatMap(({ members }) => [...members.units, ...members.except.units]));
  return {
    groups: await lookUp(names, (name) => directory.findGroup(name)),
    units: await lookUp(paths, (path) => directory.findUnit(path)),
  };
}

function memberFindings(policy: Policy, { groups, units }: NamedMembers): readonly PolicyFinding[] {
  const { name, members } = policy;
  return [
    ...groupFindings(policy, groups),
    ...[...members.units, ...members.except.units]
      .filter((path) => units.get(path) === undefined)
      .map((unit) => problem('unit-missing', { policy: name, unit })),
  ];
}

function zoneFindings(policies: readonly Policy[], zone: Zone): readonly PolicyFinding[] {
  return policies.some((policy) => isOfZone(policy, zone)) ? [] : [problem(`zone-empty-${zone}`, {})];
}

function groupFindings(
  { name, members }: Policy,
  groups: ReadonlyMap<string, DirectoryGroup | undefined>,
): readonly PolicyFinding[] {
  return [...members.groups, ...members.except.groups].flatMap((group) => {
    const found = groups.get(group);
    if (found === undefined) return [problem('group-missing', { policy: name, group })];
    return found.cyclic ? [problem('group-cyclic', { policy: name, group })] : [];
  });
}

function gateFindings({ name, chain }: Policy, { gateTrouble }: PolicyCheckNeeds): readonly PolicyFinding[] {
  return chain.flatMap((gate) => gateTrouble(gate).map((why) => problem('gate-unusable', { policy: name, gate, why })));
}

function orderFindings(
  policies: readonly Policy[],
  groups: ReadonlyMap<string, DirectoryGroup | undefined>,
  zones: readonly Zone[],
): readonly PolicyFinding[] {
  const idOf = (name: string): string => groups.get(name)?.id ?? name.toLowerCase();
  const never = unreachablePolicies(policies, new Set(zones), idOf).map(({ policy, behind }): PolicyFinding => {
    const [earlier] = behind;
    const message =
      earlier === undefined
        ? { key: `policy-check.no-listener-${policy.zone}`, values: { policy: policy.name } }
        : { key: 'policy-check.never-matches', values: { policy: policy.name, earlier: earlier.name } };
    return { level: 'warning', message };
  });
  const late = leftoverPolicies(policies, new Set(zones), idOf).map(({ policy, behind }) =>
    warning('behind-everybody', { policy: policy.name, earlier: behind.name }),
  );
  return [...never, ...late];
}

function problem(key: string, values: Message['values'] & object): PolicyFinding {
  return { level: 'problem', message: { key: `policy-check.${key}`, values } };
}

function warning(key: string, values: Message['values'] & object): PolicyFinding {
  return { level: 'warning', message: { key: `policy-check.${key}`, values } };
}

async function lookUp<Found>(
  names: ReadonlySet<string>,
  find: (name: string) => Promise<Found | undefined>,
): Promise<ReadonlyMap<string, Found | undefined>> {
  const found = new Map<string, Found | undefined>();
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) found.set(name, await find(name));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return found;
}

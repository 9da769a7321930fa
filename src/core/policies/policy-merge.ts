import type { Json } from '../json.ts';

/** A policy as a list holds it, known by its name. */
type Entry = Json & { readonly name: string };

export interface MergedPolicies {
  readonly policies: Json;
  /** Names of those that both have changed since, each in another way: it is as I have it. */
  readonly both: readonly string[];
}

/**
 * Puts what I changed upon what somebody else has saved meanwhile. Each policy that only one of us has touched is as that
 * one left it; where we both did it is as I have it, and is named. The order is theirs, unless I have changed it.
 * @param base what we both began from
 */
export function mergePolicies(base: Json, mine: Json, theirs: Json): MergedPolicies {
  const [was, own, other] = [base, mine, theirs].map((list) => new Map(entriesOf(list).map((one) => [one.name, one])));
  const lists = { was: was ?? new Map(), own: own ?? new Map(), other: other ?? new Map() } as const;
  const both: string[] = [];
  const kept = new Map<string, Entry>();
  for (const name of new Set([...lists.other.keys(), ...lists.own.keys()])) {
    const [before, here, there] = [lists.was.get(name), lists.own.get(name), lists.other.get(name)];
    const isMine = !isSame(before, here);
    if (isMine && !isSame(before, there) && !isSame(here, there)) both.push(name);
    const chosen = isMine ? here : there;
    if (chosen !== undefined) kept.set(name, chosen);
  }
  const order = ordered({ was: [...lists.was.keys()], own: [...lists.own.keys()], other: [...lists.other.keys()] });
  return { policies: order.flatMap((name) => kept.get(name) ?? []), both };
}

function entriesOf(list: Json): readonly Entry[] {
  const isEntry = (one: Json): one is Entry =>
    typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string';
  return Array.isArray(list) ? (list as readonly Json[]).filter(isEntry) : [];
}

/** Both went through the same schema, which writes everything in one order. */
function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** One order leads; what only the other has stands behind what it stands behind there. */
function ordered(names: Readonly<Record<'was' | 'own' | 'other', readonly string[]>>): readonly string[] {
  const mineIn = names.own.filter((name) => names.was.includes(name));
  const wasIn = names.was.filter((name) => names.own.includes(name));
  const [lead, follow] = String(mineIn) === String(wasIn) ? [names.other, names.own] : [names.own, names.other];
  const order = [...lead];
  for (const [at, name] of follow.entries()) {
    if (order.includes(name)) continue;
    const before = follow.slice(0, at).findLast((one) => order.includes(one));
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, name);
  }
  return order;
}

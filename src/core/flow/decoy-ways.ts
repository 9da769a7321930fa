import { neededOf, type Policy } from '../policies/policy.ts';

/** How many registered people a decoy's looks are drawn from. */
export const peopleDrawnFrom = 200;

/**
 * The gates that somebody seems to have registered, where any so many of a set are enough. A reset begins with the first
 * of them, so the first page tells something: who begins with a text has no telephone registered, whoever has registered
 * anything. It must not tell whether there is anybody at all.
 *
 * Whoever has enough gates begins with their own, whether or not they can pass today: being barred changes no page.
 * Everybody else, unknown logins and people who registered too little alike, looks like one of the people who did
 * register, picked by a keyed hash of the login: the same one at every start, and nobody can compute which. So each
 * first gate is as frequent among decoys as among real people, and seeing it makes neither likelier than before. A fixed
 * share would not do: where nearly everybody has a telephone, half of the decoys would be found out by lacking one.
 *
 * The people drawn from are those with the lowest ids, which are random, and their looks stand in one order: somebody
 * new among them moves the borders between the looks a little, so that hardly any decoy changes. What a person's page
 * cannot hide is that it changed, on the day on which they registered: masks change then as well.
 *
 * The second gate and the order of the alternatives would tell as much, and are never shown to anybody who has not
 * passed the first (core/flow/ways.ts).
 * @param own gates that the account registered; none for an unknown login
 * @param people what each of some registered people has
 * @param pick keyed hash of whom it is about, in hex
 */
export function seemingGates(
  policy: Pick<Policy, 'chain' | 'needed'>,
  own: readonly string[],
  drawn: { readonly people: readonly (readonly string[])[]; readonly pick: string },
): readonly string[] {
  const ofChain = (gates: readonly string[]): readonly string[] => policy.chain.filter((gate) => gates.includes(gate));
  const isEnough = (gates: readonly string[]): boolean => gates.length >= neededOf(policy);
  const looks = drawn.people.map(ofChain).filter(isEnough).sort(inOrder);
  const share = Number.parseInt(drawn.pick.slice(0, 12), 16) / 0x1_0000_0000_0000;
  const look = looks[Math.floor(share * looks.length)] ?? policy.chain;
  const mine = ofChain(own);
  return isEnough(mine) ? mine : look;
}

function inOrder(one: readonly string[], other: readonly string[]): number {
  const [a, b] = [one.join(), other.join()];
  return a === b ? 0 : a < b ? -1 : 1;
}

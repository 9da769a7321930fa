import { Misconfigured } from '../errors.ts';
import type { Json } from '../json.ts';
import type { PolicyList, PolicySource } from './policies.ts';
import type { ListedPolicy } from './policy-field-changes.ts';
import { type PolicyStanding, rollbackOf } from './policy-standing.ts';
import type { PolicyStore } from './policy-store.ts';

/** One thing that is wrong with a list, where it stands in it, in a sentence for an operator. */
export interface ListProblem {
  /** Dotted path, such as `policies.2.chain`. */
  readonly setting: string;
  readonly problem: string;
}

/**
 * Makes policies of a list as the configuration file writes it, or says everything that is wrong with it.
 * `list` is the same with every default written out, so that a later version of Latchkey cannot mean something else by it.
 */
export type ReadPolicies = (
  list: Json,
) =>
  | { readonly policies: readonly ListedPolicy[]; readonly list: Json }
  | { readonly problems: readonly ListProblem[] };

interface Loaded {
  readonly list: PolicyList;
  readonly hash: string;
}

interface Held {
  readonly version: number;
  readonly loaded: Promise<Loaded>;
}

/** A list that this node cannot use. It stays so: versions do not change. */
class UnusableList extends Misconfigured {}

/**
 * The newest version of the store. Every decision asks for its number and what the audit says was saved last, which is
 * one small row, so that all nodes change over at once; the list itself is read when the number has changed. A list that
 * this node cannot read stops it: an older one is never used in its place. Nor is one that is older than any that was
 * seen, or than the one that the audit tells of: newer rows can be deleted without a key.
 */
export class StoredPolicies implements PolicySource {
  readonly #store: Pick<PolicyStore, 'standing' | 'read'>;
  readonly #read: ReadPolicies;
  /** The newest version that was ever seen. */
  #seen = 0;
  #held: Held | undefined;

  constructor(needs: { readonly store: Pick<PolicyStore, 'standing' | 'read'>; readonly read: ReadPolicies }) {
    this.#store = needs.store;
    this.#read = needs.read;
  }

  async current(): Promise<PolicyList> {
    const before = this.#seen;
    const standing = await this.#store.standing();
    const { version } = standing;
    requireNewest(standing);
    if (version < before) {
      throw new Misconfigured(
        `the store has version ${version} of the policies, and had version ${before}: restart Latchkey if that is meant`,
      );
    }
    // Another may have seen a newer one since this one asked.
    this.#seen = Math.max(version, this.#seen);
    if (this.#held?.version !== this.#seen) this.#held = this.#hold(this.#seen);
    const held = this.#held;
    const { list, hash } = await held.loaded;
    if (held.version === version) this.#requireTold(standing, { held, hash });
    return list;
  }

  #requireTold(standing: PolicyStanding, { held, hash }: { readonly held: Held; readonly hash: string }): void {
    if (rollbackOf(standing, hash) === undefined) return;
    // Read again by the next: somebody may have put back what the audit tells of.
    if (this.#held === held) this.#held = undefined;
    requireNewest(standing, hash);
  }

  #hold(version: number): Held {
    const held = { version, loaded: this.#load(version) };
    // What was out of reach, or damaged, is read again by the next: somebody may have put it back.
    held.loaded.catch((fault: unknown) => {
      if (!(fault instanceof UnusableList) && this.#held === held) this.#held = undefined;
    });
    return held;
  }

  async #load(version: number): Promise<Loaded> {
    const stored = await this.#store.read(version);
    if (stored === undefined) throw new Misconfigured('the store holds no policies: run latchkey policy import');
    const read = this.#read(stored.policies);
    if ('policies' in read) return { list: { version, policies: read.policies }, hash: stored.hash };
    const why = read.problems.map(({ setting, problem }) => `${setting}: ${problem}`).join('; ');
    throw new UnusableList(`version ${version} of the policies cannot be used: ${why}`);
  }
}

function requireNewest(standing: PolicyStanding, hash?: string): void {
  const why = rollbackOf(standing, hash);
  if (why !== undefined) throw new Misconfigured(why);
}

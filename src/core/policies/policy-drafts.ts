import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import { mergePolicies } from './policy-merge.ts';
import type { PolicyDraft, PolicyStore } from './policy-store.ts';

/** What an administrator writes before it is saved: one list each, kept in the store, which nobody else sees. */
export class PolicyDrafts {
  readonly #store: PolicyStore;
  readonly #clock: Clock;

  constructor(needs: { readonly store: PolicyStore; readonly clock: Clock }) {
    this.#store = needs.store;
    this.#clock = needs.clock;
  }

  /** @param by id of an account */
  read(by: string): Promise<PolicyDraft | undefined> {
    return this.#store.draft(by);
  }

  /** The draft that is there, or one that begins with the list in force. */
  async begin(by: string): Promise<PolicyDraft> {
    const there = await this.#store.draft(by);
    if (there !== undefined) return there;
    const latest = await this.#store.latest();
    const draft = { revision: 0, basedOn: latest?.version ?? 0, policies: latest?.policies ?? [] };
    const kept = await this.#store.keepDraft(by, draft, this.#clock.now());
    // Another window of the same administrator was faster: then that one is it.
    return kept ?? this.begin(by);
  }

  /**
   * Replaces the list of a draft, unless another window has changed the draft since.
   * @returns the draft as kept; undefined when it is not the one that was looked at any more
   */
  change(by: string, draft: PolicyDraft, policies: readonly Json[]): Promise<PolicyDraft | undefined> {
    return this.#store.keepDraft(by, { ...draft, policies }, this.#clock.now());
  }

  /**
   * Puts the draft upon the version that is in force now.
   * @returns names of the policies that both have changed; undefined as for `change`
   */
  async catchUp(by: string, draft: PolicyDraft): Promise<readonly string[] | undefined> {
    const latest = await this.#store.latest();
    if (latest === undefined || latest.version === draft.basedOn) return [];
    const base = draft.basedOn === 0 ? undefined : await this.#store.read(draft.basedOn);
    const { policies, both } = mergePolicies(base?.policies ?? [], draft.policies, latest.policies);
    const next = { revision: draft.revision, basedOn: latest.version, policies };
    return (await this.#store.keepDraft(by, next, this.#clock.now())) === undefined ? undefined : both;
  }

  drop(by: string): Promise<void> {
    return this.#store.dropDraft(by);
  }
}

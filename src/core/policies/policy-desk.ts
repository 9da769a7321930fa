import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { Message } from '../message.ts';
import type { AuditStore } from '../stores.ts';
import type { PolicyFinding } from './policy-checks.ts';
import { difference } from './policy-difference.ts';
import type { ListedPolicy } from './policy-field-changes.ts';
import { newestPolicies } from './policy-standing.ts';
import { type PolicySave, type PolicyStore, type PolicyVersion, policiesHash } from './policy-store.ts';
import type { ListProblem, ReadPolicies } from './stored-policies.ts';

export interface PolicyDeskNeeds {
  readonly store: PolicyStore;
  readonly audit: Pick<AuditStore, 'append'>;
  readonly clock: Clock;
  readonly read: ReadPolicies;
  /**
   * See `examinePolicies`.
   * @param before the list in force, as far as it can be read
   * @param by id of the account that wants to save it
   */
  readonly check: (
    policies: readonly ListedPolicy[],
    about: { readonly before: readonly ListedPolicy[] | undefined; readonly by: string },
  ) => Promise<readonly PolicyFinding[]>;
  /** Told of a list that has come into force, for the log: one person alone can open every way with it. Must not throw. */
  readonly changed?: (about: { readonly by: string; readonly version: number; readonly changes: number }) => void;
}

/** A list that somebody would like to be in force; `basedOn` is the version that it was written upon, 0 for none. */
export type PolicyWish = Omit<PolicySave, 'at'>;

/** A draft that was looked at. */
export type PolicyLook =
  | { readonly kind: 'unreadable'; readonly problems: readonly ListProblem[] }
  /** The newest list of the store is damaged, or not the one that the audit tells of: an operator must settle that first. */
  | { readonly kind: 'rolled-back'; readonly why: string }
  /** Somebody has saved since; nothing of the draft is lost. */
  | { readonly kind: 'conflict'; readonly newest: PolicyVersion; readonly changes: readonly Message[] }
  | {
      readonly kind: 'looked';
      /** The draft with every default written out. */
      readonly list: Json;
      /** Empty when it means the same as what is in force. */
      readonly changes: readonly Message[];
      readonly findings: readonly PolicyFinding[];
    };

export type PolicySaved =
  | Exclude<PolicyLook, { readonly kind: 'looked' }>
  | {
      readonly kind: 'refused';
      readonly changes: readonly Message[];
      readonly findings: readonly PolicyFinding[];
    }
  | { readonly kind: 'unchanged'; readonly version: number }
  | {
      readonly kind: 'saved';
      readonly version: PolicyVersion;
      readonly changes: readonly Message[];
      readonly findings: readonly PolicyFinding[];
    };

/** The one way in which a policy list comes into force: read, compared, checked, audited, saved. */
export class PolicyDesk {
  readonly #needs: PolicyDeskNeeds;

  constructor(needs: PolicyDeskNeeds) {
    this.#needs = needs;
  }

  /** Everything that can be said of a draft before it is saved; changes nothing. */
  async look(draft: PolicyWish): Promise<PolicyLook> {
    const read = this.#needs.read(draft.policies);
    if ('problems' in read) return { kind: 'unreadable', problems: read.problems };
    const { newest, why } = await newestPolicies(this.#needs.store);
    if (why !== undefined && draft.settles !== true) return { kind: 'rolled-back', why };
    if ((newest?.version ?? 0) !== draft.basedOn && newest !== undefined) return this.#conflict(draft, newest);
    const before = newest && this.#policiesOf(newest);
    const findings = await this.#needs.check(read.policies, { before, by: draft.by });
    const settled = why === undefined ? [] : [{ key: 'policy-change.settled' }];
    const changes = [...settled, ...difference(before ?? [], read.policies)];
    return { kind: 'looked', list: read.list, changes, findings };
  }

  /** Takes a draft into force, unless something speaks against it: then the old list stays as it is. */
  async save(draft: PolicyWish): Promise<PolicySaved> {
    const look = await this.look(draft);
    if (look.kind !== 'looked') return look;
    const { list: policies, changes, findings } = look;
    if (draft.basedOn > 0 && changes.length === 0) return { kind: 'unchanged', version: draft.basedOn };
    if (findings.some(({ level }) => level === 'problem')) return { kind: 'refused', changes, findings };
    const { by, from } = draft;
    const { store, audit, clock, changed } = this.#needs;
    const { told } = await store.standing();
    const version = Math.max(draft.basedOn, told?.version ?? 0) + 1;
    const detail = { by, version, hash: policiesHash(policies) };
    await audit.append({ at: clock.now(), event: 'policies.saving', ...from, detail });
    const saved = await store.save({ ...draft, policies, at: clock.now() });
    if ('conflict' in saved) return this.#conflict(draft, saved.conflict);
    changed?.({ by, version: saved.version, changes: changes.length });
    return { kind: 'saved', version: saved, changes, findings };
  }

  /** What another changed since the version that the draft was written upon. */
  async #conflict(draft: PolicyWish, newest: PolicyVersion): Promise<PolicyLook & { readonly kind: 'conflict' }> {
    const base = draft.basedOn > 0 ? await this.#needs.store.read(draft.basedOn) : undefined;
    const changes = difference((base && this.#policiesOf(base)) ?? [], this.#policiesOf(newest) ?? []);
    return { kind: 'conflict', newest, changes };
  }

  /** Undefined for a list that cannot be read any more, as when a gate's package is gone. */
  #policiesOf({ policies }: PolicyVersion): readonly ListedPolicy[] | undefined {
    const read = this.#needs.read(policies);
    return 'policies' in read ? read.policies : undefined;
  }
}

/** Seeds a store that holds nothing yet, as `policies-in: store` asks. Of several nodes at once one does. */
export async function bringFirstPolicies(
  list: Json,
  needs: Pick<PolicyDeskNeeds, 'store' | 'audit' | 'clock'>,
): Promise<void> {
  const { version, told } = await needs.store.standing();
  // A store that is empty though the audit tells of a list was emptied: the file's is not put in its place.
  if (version > 0 || told !== undefined) return;
  const at = needs.clock.now();
  const detail = { by: 'operator', version: 1, hash: policiesHash(list) };
  await needs.audit.append({ at, event: 'policies.saving', detail });
  const who = { by: 'operator', byName: '', note: '' };
  await needs.store.save({ basedOn: 0, ...who, policies: list, at });
}

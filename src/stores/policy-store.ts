import { sql, type Transaction } from 'kysely';
import { z } from 'zod';
import { Misconfigured } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { type PolicyStanding, rollbackOf } from '../core/policies/policy-standing.ts';
import {
  type PolicyDraft,
  type PolicySave,
  type PolicyStore,
  type PolicyVersion,
  type PolicyVersionHead,
  policiesHash,
} from '../core/policies/policy-store.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import { chain } from './audit-chain.ts';
import { policyStanding } from './policy-standing.ts';
import type { Database, PolicyDraftRow, PolicyVersionRow, Tables } from './schema.ts';

const sealedHead = z.object({
  at: z.number(),
  by: z.string(),
  byName: z.string(),
  note: z.string(),
  hash: z.string(),
});

const sealedDraft = z.object({ basedOn: z.number(), policies: z.json() });

/** One row a version, never changed. Who saved it is sealed apart from the list, so that many are listed cheaply. */
export class SqlPolicyStore implements PolicyStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async latest(): Promise<PolicyVersion | undefined> {
    const row = await this.#db
      .selectFrom('policy_versions')
      .selectAll()
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? undefined : this.#versionOf(row);
  }

  async newest(): Promise<number> {
    const row = await this.#db
      .selectFrom('policy_versions')
      .select((select) => select.fn.max('version').as('version'))
      .executeTakeFirst();
    return row?.version ?? 0;
  }

  async read(version: number): Promise<PolicyVersion | undefined> {
    const row = await this.#db
      .selectFrom('policy_versions')
      .selectAll()
      .where('version', '=', version)
      .executeTakeFirst();
    return row === undefined ? undefined : this.#versionOf(row);
  }

  async list(limit: number, before?: number): Promise<readonly PolicyVersionHead[]> {
    const rows = await this.#db
      .selectFrom('policy_versions')
      .select(['version', 'data'])
      .$if(before !== undefined, (query) => query.where('version', '<', before ?? 0))
      .orderBy('version', 'desc')
      .limit(limit)
      .execute();
    return rows.map((row) => this.#headOf(row));
  }

  standing(): Promise<PolicyStanding> {
    return policyStanding(this.#db, this.#sealer);
  }

  async save(save: PolicySave): Promise<PolicyVersion | { readonly conflict: PolicyVersion }> {
    const saved = await this.#db.transaction().execute((transaction) => this.#saveIn(transaction, save));
    if (saved !== undefined) return saved;
    const conflict = await this.latest();
    if (conflict !== undefined) return { conflict };
    throw new Misconfigured(`there is no version ${save.basedOn} of the policies to build upon`);
  }

  /** @returns undefined when another version is the newest one */
  async #saveIn(transaction: Transaction<Tables>, save: PolicySave): Promise<PolicyVersion | undefined> {
    const { basedOn, policies, at, from = {}, settles = false, ...who } = save;
    const standing = await policyStanding(transaction, this.#sealer);
    const { told } = standing;
    const amiss = told && (await this.#amiss(transaction, standing));
    if (amiss !== undefined && !settles) throw new Misconfigured(amiss);
    const version = Math.max(standing.version, told?.version ?? 0) + 1;
    const saved = { version, at, ...who, hash: policiesHash(policies), policies };
    const data = this.#sealer.seal(place('data', version), { at: at.getTime(), ...who, hash: saved.hash });
    const body = this.#sealer.seal(place('body', version), policies);
    // Of several at once on PostgreSQL each may still find `basedOn` the newest: the key then lets one of them in.
    const { rows } = await sql<{ version: number }>`
      insert into policy_versions (version, data, body)
      select cast(${version} as bigint), cast(${data} as text), cast(${body} as text)
      where (select coalesce(max(version), 0) from policy_versions) = cast(${basedOn} as bigint)
      on conflict (version) do nothing
      returning version`.execute(transaction);
    if (rows.length === 0) return undefined;
    const instead = amiss === undefined || told === undefined ? {} : { instead: told.version };
    const detail = { by: save.by, version, hash: saved.hash, ...instead };
    const event = { at, event: 'policies.saved', ...from, detail } as const;
    await chain(transaction, this.#sealer, { event, saved: { version, hash: saved.hash } });
    return saved;
  }

  /** Why nothing may be built upon the newest list; undefined when it is the one that the audit tells of. */
  async #amiss(transaction: Transaction<Tables>, standing: PolicyStanding): Promise<string | undefined> {
    const row = await transaction
      .selectFrom('policy_versions')
      .select(['version', 'data'])
      .where('version', '=', standing.version)
      .executeTakeFirst();
    try {
      return rollbackOf(standing, row && this.#headOf(row).hash);
    } catch (fault) {
      if (fault instanceof Misconfigured) return fault.message;
      throw fault;
    }
  }

  async draft(by: string): Promise<PolicyDraft | undefined> {
    const row = await this.#db.selectFrom('policy_drafts').selectAll().where('by', '=', by).executeTakeFirst();
    return row === undefined ? undefined : this.#draftOf(row);
  }

  async keepDraft(by: string, draft: PolicyDraft, now: Date): Promise<PolicyDraft | undefined> {
    const kept = { ...draft, revision: draft.revision + 1 };
    const { revision, ...content } = kept;
    const body = this.#sealer.seal(draftPlace(by), content);
    const row = { revision, changed_at: now.getTime(), body };
    const result =
      draft.revision === 0
        ? await this.#db
            .insertInto('policy_drafts')
            .values({ by, ...row })
            .onConflict((conflict) => conflict.column('by').doNothing())
            .executeTakeFirst()
        : await this.#db
            .updateTable('policy_drafts')
            .set(row)
            .where('by', '=', by)
            .where('revision', '=', draft.revision)
            .executeTakeFirst();
    const changed = 'numUpdatedRows' in result ? result.numUpdatedRows : result.numInsertedOrUpdatedRows;
    return changed === 1n ? kept : undefined;
  }

  async dropDraft(by: string): Promise<void> {
    await this.#db.deleteFrom('policy_drafts').where('by', '=', by).execute();
  }

  #draftOf({ by, revision, body }: PolicyDraftRow): PolicyDraft {
    return { revision, ...sealedDraft.parse(this.#sealer.open(draftPlace(by), body)) };
  }

  #versionOf(row: PolicyVersionRow): PolicyVersion {
    const head = this.#headOf(row);
    const policies = this.#sealer.open(place('body', row.version), row.body) as Json;
    if (policiesHash(policies) !== head.hash) {
      throw new Misconfigured(`version ${row.version} of the policies is not the list that was saved`);
    }
    return { ...head, policies };
  }

  #headOf(row: Pick<PolicyVersionRow, 'version' | 'data'>): PolicyVersionHead {
    const { at, ...rest } = sealedHead.parse(this.#sealer.open(place('data', row.version), row.data));
    return { version: row.version, at: new Date(at), ...rest };
  }
}

function draftPlace(by: string): SealedPlace {
  return { table: 'policy_drafts', column: 'body', row: by };
}

function place(column: 'data' | 'body', version: number): SealedPlace {
  return { table: 'policy_versions', column, row: String(version) };
}

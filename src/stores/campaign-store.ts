import type { Selectable } from 'kysely';
import { z } from 'zod';
import type {
  Campaign,
  CampaignLetter,
  CampaignRules,
  CampaignStanding,
  CampaignStore,
  OptOut,
} from '../core/campaigns/campaign-store.ts';
import type { Json } from '../core/json.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import { putRows } from './outbox-store.ts';
import type { CampaignRow, Database } from './schema.ts';

const storedStanding = z.object({
  at: z.number(),
  people: z.number(),
  settled: z.number(),
  open: z.number(),
  exhausted: z.number(),
  withoutMail: z.number(),
  optedOut: z.number(),
}) satisfies z.ZodType<CampaignStanding>;

/** A letter is a row of its own under campaign, account and wave: whoever would write it twice meets its key. */
export class SqlCampaignStore implements CampaignStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async create(campaign: Pick<Campaign, 'id' | 'rules' | 'by' | 'byName' | 'startedAt'>): Promise<boolean> {
    const { id, rules, by, byName, startedAt } = campaign;
    const result = await this.#db
      .insertInto('campaigns')
      .values({
        id,
        running_kind: rules.kind,
        state: 'running',
        started_by: by,
        started_at: startedAt.getTime(),
        ended_at: null,
        letters: 0,
        wave: null,
        wave_letters: 0,
        wave_over: 0,
        standing: null,
        data: this.#sealer.seal(place('campaigns', id), { byName, rules: rules as unknown as Json }),
      })
      .onConflict((conflict) => conflict.column('running_kind').doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async read(id: string): Promise<Campaign | undefined> {
    const row = await this.#db.selectFrom('campaigns').selectAll().where('id', '=', id).executeTakeFirst();
    return row && this.#campaign(row);
  }

  async recent(limit: number): Promise<readonly Campaign[]> {
    const rows = await this.#db
      .selectFrom('campaigns')
      .selectAll()
      .orderBy('started_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => this.#campaign(row));
  }

  async running(): Promise<readonly Campaign[]> {
    const rows = await this.#db.selectFrom('campaigns').selectAll().where('state', '=', 'running').execute();
    return rows.map((row) => this.#campaign(row));
  }

  async end(id: string, state: 'stopped' | 'done', now: Date): Promise<boolean> {
    const result = await this.#db
      .updateTable('campaigns')
      .set({ state, running_kind: null, ended_at: now.getTime() })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async letters(id: string, accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly Date[]>> {
    if (accountIds.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom('campaign_letters')
      .select(['account_id', 'at'])
      .where('campaign_id', '=', id)
      .where('account_id', 'in', accountIds)
      .orderBy('at', 'desc')
      .execute();
    return new Map(
      [...Map.groupBy(rows, ({ account_id }) => account_id)].map(([account, of]) => [
        account,
        of.map(({ at }) => new Date(at)),
      ]),
    );
  }

  async writtenByOthers(id: string, accountIds: readonly string[], since: Date): Promise<ReadonlySet<string>> {
    if (accountIds.length === 0) return new Set();
    const from = since.getTime();
    // By name, so that the key of the letters serves; one that ended before wrote none since.
    const others = this.#db
      .selectFrom('campaigns')
      .select('id')
      .where('id', '<>', id)
      .where((row) => row.or([row('ended_at', 'is', null), row('ended_at', '>', from)]));
    const rows = await this.#db
      .selectFrom('campaign_letters')
      .select('account_id')
      .distinct()
      .where('campaign_id', 'in', others)
      .where('account_id', 'in', accountIds)
      .where('at', '>', from)
      .execute();
    return new Set(rows.map(({ account_id }) => account_id));
  }

  async write(letter: CampaignLetter): Promise<'written' | 'ended' | 'full' | 'not-wanted'> {
    const { campaign, account, wave, size, at, row } = letter;
    return this.#db.transaction().execute(async (transaction) => {
      // First of all the campaign's row, which every writer needs: one letter at a time, on all nodes.
      const counted = await transaction
        .updateTable('campaigns')
        .set({ state: 'running' })
        .where('id', '=', campaign)
        .where('state', '=', 'running')
        .returning(['wave', 'wave_letters', 'wave_over', 'letters'])
        .executeTakeFirst();
      if (counted === undefined) return 'ended';
      const isNew = counted.wave !== wave;
      if (!isNew && (counted.wave_over !== 0 || counted.wave_letters >= size)) return 'full';
      const refusing = await transaction
        .selectFrom('campaign_opt_outs')
        .select('account_id')
        .where('account_id', '=', account)
        .executeTakeFirst();
      if (refusing !== undefined) return 'not-wanted';
      const noted = await transaction
        .insertInto('campaign_letters')
        .values({ campaign_id: campaign, account_id: account, wave, at: at.getTime() })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (noted.numInsertedOrUpdatedRows !== 1n) return 'not-wanted';
      await transaction
        .updateTable('campaigns')
        .set({
          letters: counted.letters + 1,
          wave,
          wave_letters: isNew ? 1 : counted.wave_letters + 1,
          wave_over: 0,
        })
        .where('id', '=', campaign)
        .execute();
      await putRows(transaction, this.#sealer, [row]);
      return 'written';
    });
  }

  async note(id: string, standing: CampaignStanding, over?: { readonly wave: string }): Promise<void> {
    await this.#db
      .updateTable('campaigns')
      .set((row) => ({
        standing: JSON.stringify(standing),
        ...(over === undefined
          ? {}
          : {
              wave: over.wave,
              wave_over: 1,
              // A day on which nobody was left to write to begins at nothing.
              wave_letters: row.case().when('wave', '=', over.wave).then(row.ref('wave_letters')).else(0).end(),
            }),
      }))
      .where('id', '=', id)
      .execute();
  }

  async wants(id: string, accountId: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('campaigns')
      .select('id')
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return row !== undefined && (await this.optedOut([accountId])).size === 0;
  }

  async optOut({ account, name, by, at }: OptOut): Promise<void> {
    const value = { set_by: by, at: at.getTime(), data: this.#sealer.seal(place('campaign_opt_outs', account), name) };
    await this.#db
      .insertInto('campaign_opt_outs')
      .values({ account_id: account, ...value })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet(value))
      .execute();
  }

  async optIn(accountId: string): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('campaign_opt_outs')
      .where('account_id', '=', accountId)
      .executeTakeFirst();
    return result.numDeletedRows === 1n;
  }

  async optedOut(accountIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (accountIds.length === 0) return new Set();
    const rows = await this.#db
      .selectFrom('campaign_opt_outs')
      .select('account_id')
      .where('account_id', 'in', accountIds)
      .execute();
    return new Set(rows.map(({ account_id }) => account_id));
  }

  async optOuts(limit: number): Promise<readonly OptOut[]> {
    const rows = await this.#db
      .selectFrom('campaign_opt_outs')
      .selectAll()
      .orderBy('at', 'desc')
      .orderBy('account_id')
      .limit(limit)
      .execute();
    return rows.map(({ account_id, set_by, at, data }) => ({
      account: account_id,
      name: String(this.#sealer.open(place('campaign_opt_outs', account_id), data)),
      by: set_by,
      at: new Date(at),
    }));
  }

  #campaign(row: Selectable<CampaignRow>): Campaign {
    const { id, state, started_by, started_at, ended_at, letters, wave, wave_letters, wave_over, standing } = row;
    // The seal vouches for the shape.
    const sealed = this.#sealer.open(place('campaigns', id), row.data) as unknown as {
      readonly byName: string;
      readonly rules: CampaignRules;
    };
    return {
      id,
      rules: sealed.rules,
      by: started_by,
      byName: sealed.byName,
      startedAt: new Date(started_at),
      state: state as Campaign['state'],
      ...(ended_at === null ? {} : { endedAt: new Date(ended_at) }),
      letters,
      ...(wave === null ? {} : { wave: { day: wave, letters: wave_letters, over: wave_over !== 0 } }),
      ...(standing === null ? {} : { standing: storedStanding.parse(JSON.parse(standing)) }),
    };
  }
}

function place(table: string, row: string): SealedPlace {
  return { table, column: 'data', row };
}

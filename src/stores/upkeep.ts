import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Clock } from '../core/clock.ts';
import type { Sealer } from '../core/sealer.ts';
import { openHead } from './audit-head.ts';
import { migrations } from './migrations.ts';
import type { Database } from './schema.ts';

/** Flows and challenges outlive their expiry by this, so that whoever comes late is told what happened. */
const graceMs = 60 * 60_000;
/** Sendings are counted by the hour; a day of them is kept to look at. */
const sendsMs = 24 * 60 * 60_000;
/** Messages that were set aside can be looked at for so long after they would have expired. */
const setAsideMs = 30 * 24 * 60 * 60_000;
/** Tries and past bars are forgotten after this long without a new one; a few guesses a month prove nothing. */
const idleMs = 30 * 24 * 60 * 60_000;

/** A draft that nobody has touched for so long is nobody's any more. */
const draftMs = 90 * 24 * 60 * 60_000;

/** What was given out stays as long as any flow that used it up. */
const spentMs = 24 * 60 * 60_000;

/** Settled writes are in the audit as well. */
const settledMs = 90 * 24 * 60 * 60_000;
/** Letters of a campaign count as long as it may still write: longer than all its reminders take. */
const lettersMs = 2 * 365 * 24 * 60 * 60_000;
/** What a job found names people, and is soon no longer true. */
const jobsMs = 7 * 24 * 60 * 60_000;

/** Whom nobody can find out about: the same login looks the same with these and without. */
const decoys = ['decoy:%', 'under-bar:%'];
const passing = ['decoy:%', 'under-bar:%', 'sign-in:%', 'forward:%', 'caller:%'];

/** What concerns the database as a whole: its schema, its health, and what is past its time. */
export class Upkeep {
  readonly #db: Database;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #kind: 'sqlite' | 'postgresql';
  readonly #migrations: Record<string, Migration>;

  constructor(needs: {
    readonly db: Database;
    readonly sealer: Sealer;
    readonly clock: Clock;
    readonly kind: 'sqlite' | 'postgresql';
  }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
    this.#clock = needs.clock;
    this.#kind = needs.kind;
    this.#migrations = migrations(needs.sealer);
  }

  /** All in one transaction under a lock of the database; a second node waits and then finds nothing to do. */
  async migrate(): Promise<readonly string[]> {
    return this.#db.connection().execute(async (connection) => {
      const unlimited = this.#kind === 'postgresql';
      // A schema change may take longer than any statement of a request, and so may the wait for another node's.
      if (unlimited) await sql`set statement_timeout = 0`.execute(connection);
      try {
        const { error, results = [] } = await this.#migrator(connection).migrateToLatest();
        if (error !== undefined) throw error;
        return results.map((result) => result.migrationName);
      } finally {
        if (unlimited) await sql`reset statement_timeout`.execute(connection);
      }
    });
  }

  /** Throws what a database that cannot be used throws. */
  async health(): Promise<{ readonly ok: boolean; readonly detail: string }> {
    const steps = await this.#migrator(this.#db).getMigrations();
    const pending = steps.filter((step) => step.executedAt === undefined).map((step) => step.name);
    if (pending.length > 0)
      return { ok: false, detail: `the schema lacks ${pending.join(', ')}: run latchkey migrate` };
    if (!(await this.#isHeadSealed())) return { ok: false, detail: 'the head of the audit chain was changed' };
    await this.#probe();
    return { ok: true, detail: `the ${this.#kind} database is current and takes writes` };
  }

  async purge(now: Date): Promise<number> {
    const late = now.getTime() - graceMs;
    const idle = now.getTime() - idleMs;
    await this.#db
      .updateTable('failures')
      .set({ tries: 0 })
      .where('last_at', '<=', idle)
      .where('held_until', '<=', now.getTime())
      .where('tries', '>', 0)
      .execute();
    const results = [
      await this.#db.deleteFrom('flows').where('expires_at', '<=', late).executeTakeFirst(),
      await this.#db.deleteFrom('challenges').where('expires_at', '<=', late).executeTakeFirst(),
      await this.#db.deleteFrom('call_outcomes').where('at', '<=', late).executeTakeFirst(),
      await this.#db
        .deleteFrom('sends')
        .where('at', '<=', now.getTime() - sendsMs)
        .executeTakeFirst(),
      await this.#db.deleteFrom('sessions').where('expires_at', '<=', now.getTime()).executeTakeFirst(),
      await this.#db
        .deleteFrom('failures')
        .where('last_at', '<=', idle)
        .where('held_until', '<=', now.getTime())
        // Failures in a row of an account are never forgotten; decoys and sign-ins have nothing to disable.
        .where((row) => row.or([row('in_a_row', '=', 0), ...passing.map((prefix) => row('subject', 'like', prefix))]))
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('outbox')
        .where('state', '=', 'set-aside')
        .where('expires_at', '<=', now.getTime() - setAsideMs)
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('campaign_letters')
        .where('at', '<=', now.getTime() - lettersMs)
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('jobs')
        .where('beat_at', '<=', now.getTime() - jobsMs)
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('enrolments')
        .where('counts_until', '<=', now.getTime() - spentMs)
        .executeTakeFirst(),
      await this.#db.deleteFrom('presses').where('until', '<=', now.getTime()).executeTakeFirst(),
      await this.#db.deleteFrom('notice_links').where('expires_at', '<=', now.getTime()).executeTakeFirst(),
      // A decoy's bar for good ends nothing and nobody clears it: a flood of made-up names would leave its own for ever.
      await this.#db
        .deleteFrom('failures')
        .where('last_at', '<=', idle)
        .where((row) => row.or(decoys.map((prefix) => row('subject', 'like', prefix))))
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('bars')
        .where('until', 'is', null)
        .where('subject', 'like', 'decoy:%')
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(selectFrom('failures').select('failures.subject').whereRef('failures.subject', '=', 'bars.subject')),
          ),
        )
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('journal')
        .where('outcome', 'in', ['done', 'refused', 'not-done'])
        .where('intended_at', '<=', now.getTime() - settledMs)
        .executeTakeFirst(),
      await this.#db
        .deleteFrom('policy_drafts')
        .where('changed_at', '<=', now.getTime() - draftMs)
        .executeTakeFirst(),
      await this.#db.deleteFrom('bars').where('until', '<=', idle).executeTakeFirst(),
    ];
    return results.reduce((sum, result) => sum + Number(result.numDeletedRows), 0);
  }

  async endOpen(): Promise<number> {
    return this.#db.transaction().execute(async (transaction) => {
      let ended = 0;
      for (const table of ['flows', 'challenges', 'call_outcomes', 'sessions', 'presses', 'notice_links'] as const) {
        ended += Number((await transaction.deleteFrom(table).executeTakeFirst()).numDeletedRows);
      }
      const stopped = await transaction
        .updateTable('campaigns')
        .set({ state: 'stopped', running_kind: null, ended_at: this.#clock.now().getTime() })
        .where('state', '=', 'running')
        .executeTakeFirst();
      return ended + Number(stopped.numUpdatedRows);
    });
  }

  #migrator(db: Database): Migrator {
    return new Migrator({ db, provider: { getMigrations: async () => this.#migrations } });
  }

  /** Also shows that the key is there that the last node wrote with. */
  async #isHeadSealed(): Promise<boolean> {
    const head = await this.#db.selectFrom('audit_head').selectAll().where('id', '=', 1).executeTakeFirst();
    return head !== undefined && openHead(this.#sealer, head, head.seal) !== undefined;
  }

  async #probe(): Promise<void> {
    const at = this.#clock.now().getTime();
    await this.#db
      .insertInto('probes')
      .values({ id: 1, at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ at }))
      .execute();
  }
}

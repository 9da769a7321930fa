import type { Json } from '../core/json.ts';
import type { CallOutcome } from '../core/provider.ts';
import type { SealedPlace, Sealer } from '../core/sealer.ts';
import type { Challenge, ChallengeState } from '../core/sending/challenge.ts';
import type { ChallengeStore } from '../core/stores.ts';
import type { ChallengeRow, Database } from './schema.ts';

/** What of a challenge is sealed. Which flow and gate it belongs to is part of it, so that nobody rebinds a code. */
type ChallengeBody = Pick<Challenge, 'channel' | 'flowReference' | 'gate' | 'body'>;

/** Calls and codes on their way; their state is a column, so that one statement can move it. */
export class SqlChallengeStore implements ChallengeStore {
  readonly #db: Database;
  readonly #sealer: Sealer;

  constructor(needs: { readonly db: Database; readonly sealer: Sealer }) {
    this.#db = needs.db;
    this.#sealer = needs.sealer;
  }

  async create(challenge: Challenge): Promise<void> {
    await this.#db.insertInto('challenges').values(this.#row(challenge)).execute();
  }

  async read(id: string): Promise<Challenge | undefined> {
    const row = await this.#db
      .selectFrom('challenges')
      .leftJoin('call_outcomes', 'call_outcomes.challenge_id', 'challenges.id')
      .selectAll('challenges')
      .select('call_outcomes.outcome')
      .where('challenges.id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    // The seal vouches for the shape: only `#row` makes such bodies.
    const body = this.#sealer.open(place(id), row.body) as unknown as ChallengeBody;
    return {
      ...body,
      id,
      state: row.state as ChallengeState,
      createdAt: new Date(row.created_at),
      expiresAt: new Date(row.expires_at),
      ...(row.outcome === null ? {} : { reported: row.outcome as CallOutcome }),
    };
  }

  async conclude(id: string, outcome: CallOutcome, now: Date): Promise<boolean> {
    const result = await this.#db
      .insertInto('call_outcomes')
      .values({ challenge_id: id, outcome, at: now.getTime() })
      .onConflict((conflict) => conflict.column('challenge_id').doNothing())
      .executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  }

  async move(next: Challenge, from: readonly ChallengeState[]): Promise<boolean> {
    if (from.length === 0) return false;
    const { id, state, expires_at, body } = this.#row(next);
    const result = await this.#db
      .updateTable('challenges')
      .set({ state, expires_at, body })
      .where('id', '=', id)
      .where('state', 'in', from)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  async queuedBefore(moment: Date): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('challenges')
      .select('id')
      .where('state', '=', 'queued' satisfies ChallengeState)
      .where('created_at', '<', moment.getTime())
      .orderBy('created_at')
      .execute();
    return rows.map((row) => row.id);
  }

  #row(challenge: Challenge): ChallengeRow {
    const { id, state, createdAt, expiresAt, channel, flowReference, gate, body } = challenge;
    const sealed: ChallengeBody = { channel, flowReference, gate, body };
    return {
      id,
      state,
      created_at: createdAt.getTime(),
      expires_at: expiresAt.getTime(),
      body: this.#sealer.seal(place(id), sealed as unknown as Json),
    };
  }
}

function place(row: string): SealedPlace {
  return { table: 'challenges', column: 'body', row };
}

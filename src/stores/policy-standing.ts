import type { Kysely } from 'kysely';
import { z } from 'zod';
import { Misconfigured } from '../core/errors.ts';
import type { PolicyMark, PolicyStanding } from '../core/policies/policy-standing.ts';
import type { Sealer } from '../core/sealer.ts';
import { requireHead } from './audit-chain.ts';
import type { Tables } from './schema.ts';

const savedDetail = z.object({ version: z.int(), hash: z.string() });

/**
 * The newest version and what the head of the audit notes as saved last, in one statement: a save changes both at once.
 * A Latchkey that noted nothing wrote a row of the audit after each save. Until the next save that row is what tells.
 */
export async function policyStanding(db: Kysely<Tables>, sealer: Sealer): Promise<PolicyStanding> {
  const head = await db
    .selectFrom('audit_head')
    .select(['sequence', 'hash', 'seal'])
    .select((row) =>
      row
        .selectFrom('policy_versions')
        .select((versions) => versions.fn.max('policy_versions.version').as('version'))
        .as('version'),
    )
    .where('id', '=', 1)
    .executeTakeFirst();
  const { policies: told } = requireHead(sealer, head);
  if (told !== undefined) return { version: head?.version ?? 0, told };
  const row = await lastRow(db);
  // Read after the row, which was written after the version: one that is ahead was not told yet, or never.
  const newest = await db
    .selectFrom('policy_versions')
    .select((versions) => versions.fn.max('version').as('version'))
    .executeTakeFirst();
  const version = newest?.version ?? 0;
  return row !== undefined && row.version >= version ? { version, told: row } : { version };
}

/** What the last row of the audit that tells of a save says: the end of one index. */
async function lastRow(db: Kysely<Tables>): Promise<PolicyMark | undefined> {
  const row = await db
    .selectFrom('audit')
    .select('detail')
    .where('event', '=', 'policies.saved')
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  try {
    return savedDetail.parse(JSON.parse(row.detail ?? ''));
  } catch {
    throw new Misconfigured('the row of the audit that tells of the last policies was changed from outside');
  }
}

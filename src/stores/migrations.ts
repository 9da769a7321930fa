import type { Migration } from 'kysely/migration';
import type { Sealer } from '../core/sealer.ts';
import { first } from './migrations/0001-first.ts';
import { providers } from './migrations/0002-providers.ts';
import { limits } from './migrations/0003-limits.ts';
import { outbox } from './migrations/0004-outbox.ts';
import { audit } from './migrations/0006-audit.ts';
import { policies } from './migrations/0007-policies.ts';
import { jobs } from './migrations/0009-jobs.ts';
import { reports } from './migrations/0010-reports.ts';
import { campaigns } from './migrations/0011-campaigns.ts';
import { issued } from './migrations/0012-issued.ts';
import { ownedSessions } from './migrations/0013-owned-sessions.ts';
import { personAudit } from './migrations/0014-person-audit.ts';
import { policyNotices } from './migrations/0015-policy-notices.ts';
import { presses } from './migrations/0016-presses.ts';
import { policyReports } from './migrations/0017-policy-reports.ts';

/**
 * Every step from an empty database to the schema of today, in order of name. Forward only; a step that was released
 * is never changed. A step only adds what the version before it can live with, so that nodes are updated one by one.
 */
export function migrations(sealer: Sealer): Record<string, Migration> {
  return {
    '0001-first': first(sealer),
    '0002-providers': providers,
    '0003-limits': limits,
    '0006-audit': audit,
    '0004-outbox': outbox,
    '0007-policies': policies,
    '0009-jobs': jobs,
    '0010-reports': reports,
    '0011-campaigns': campaigns,
    '0012-issued': issued,
    '0013-owned-sessions': ownedSessions,
    '0014-person-audit': personAudit,
    '0015-policy-notices': policyNotices,
    '0016-presses': presses,
    '0017-policy-reports': policyReports,
  };
}

import { describe } from 'vitest';
import { auditContract } from './store-contract-audit.ts';
import { campaignContract } from './store-contract-campaigns.ts';
import { challengeContract } from './store-contract-challenges.ts';
import { auditReadingContract, dutyContract } from './store-contract-duties.ts';
import { failureContract } from './store-contract-failures.ts';
import { flowContract } from './store-contract-flows.ts';
import { heldContract } from './store-contract-held.ts';
import { jobContract } from './store-contract-jobs.ts';
import { limitContract } from './store-contract-limits.ts';
import { outboxContract } from './store-contract-outbox.ts';
import { policyContract } from './store-contract-policies.ts';
import { pressContract } from './store-contract-presses.ts';
import { recordContract } from './store-contract-records.ts';
import { reportContract } from './store-contract-reports.ts';
import { sealingContract } from './store-contract-sealing.ts';
import { auditSearchContract } from './store-contract-search.ts';
import { sendContract } from './store-contract-sends.ts';
import { upkeepContract } from './store-contract-upkeep.ts';
import { type TestDatabase, useStoreWorld } from './store-world.ts';

/**
 * What every store must do, on every database.
 * @param name what the suite is called in the report
 * @param create makes an empty database; called once for each test
 */
export function storeContract(name: string, create: () => Promise<TestDatabase>): void {
  describe(`store contract: ${name}`, () => {
    const world = useStoreWorld(create);
    describe('flows', () => flowContract(world));
    describe('failures', () => failureContract(world));
    describe('challenges', () => challengeContract(world));
    describe('enrolments, journal and sessions', () => recordContract(world));
    describe('audit', () => auditContract(world));
    describe('the audit, read', () => auditReadingContract(world));
    describe('a search of the audit', () => auditSearchContract(world));
    describe('duties', () => dutyContract(world));
    describe('reports', () => reportContract(world));
    describe('sendings', () => sendContract(world));
    describe('limits', () => limitContract(world));
    describe('held enrolments', () => heldContract(world));
    describe('outbox', () => outboxContract(world));
    describe('policies', () => policyContract(world));
    describe('sealing', () => sealingContract(world));
    describe('jobs', () => jobContract(world));
    describe('presses', () => pressContract(world));
    describe('campaigns', () => campaignContract(world));
    describe('upkeep', () => upkeepContract(world));
  });
}

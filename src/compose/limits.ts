import { BlockList, isIP } from 'node:net';
import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { Stores } from '../core/stores.ts';
import { ProofOfWork } from '../core/visits/proof-of-work.ts';
import { VisitLimits, type VisitQuota } from '../core/visits/visit-limits.ts';

/** Rows of the table of limits: some dozens of megabytes, whatever comes. */
export const mostLimitRows = 200_000;

/** What stands before every start and sign-in. */
export function createVisitLimits(
  configuration: Configuration,
  needs: {
    readonly stores: Pick<Stores, 'limits' | 'audit'>;
    readonly clock: Clock;
    readonly mac: (purpose: string, text: string) => string;
    readonly log: Logger;
  },
): VisitLimits {
  const { limits } = configuration;
  const { stores, clock, mac, log } = needs;
  const proofs = new ProofOfWork({ limits: stores.limits, clock, mac });
  return new VisitLimits({
    limits: stores.limits,
    proofs,
    clock,
    mac,
    rules: {
      login: quotaOf(limits.login),
      network: quotaOf(limits.address),
      overAll: quotaOf(limits['over-all']),
    },
    shareOf: sharesOf(limits['shared-addresses']),
    audit: async (event) => void (await stores.audit.append(event)),
    alarm: (about) => log.warn(about, 'a limit of visits is reached; no more are taken until its hour is over'),
  });
}

function quotaOf(quota: Configuration['limits']['login']): VisitQuota {
  return { askProof: quota['ask-proof'], most: quota.most };
}

/** How many times the usual an address may visit, by the ranges that are named for it. */
function sharesOf(shared: Configuration['limits']['shared-addresses']): (address: string) => number {
  const lists = shared.map(({ addresses, times }) => {
    const list = new BlockList();
    for (const one of addresses) {
      const [address = '', prefix] = one.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(prefix), family);
    }
    return { list, times };
  });
  return (address) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const found = isIP(address) === 0 ? [] : lists.filter(({ list }) => list.check(address, family));
    return Math.max(1, ...found.map(({ times }) => times));
  };
}

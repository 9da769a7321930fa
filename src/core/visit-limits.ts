import type { AuditEvent } from './audit.ts';
import type { Clock } from './clock.ts';
import type { LimitStore } from './limits.ts';
import { networkOf } from './network.ts';
import type { Proof, ProofOfWork, ProofState, Puzzle } from './proof-of-work.ts';
import type { RequestContext } from './request-context.ts';

/** How many visits of one kind an hour takes. */
export interface VisitQuota {
  /** From here on a browser proves a little work first. */
  readonly askProof: number;
  /** More than this are refused until the hour is over. */
  readonly most: number;
}

export interface VisitRules {
  /** For one login as it is typed, whichever way it is spelt, and for one account. */
  readonly login: VisitQuota;
  /** From one IPv4 address or one IPv6 /64. */
  readonly network: VisitQuota;
  readonly overAll: VisitQuota;
}

/** A start of a reset, or a sign-in to register: each is counted by itself. */
export type VisitKind = 'start' | 'sign-in';

export interface Visit {
  readonly kind: VisitKind;
  readonly request: RequestContext;
  /** What came back of a puzzle that was given before. */
  readonly proof?: Proof | undefined;
}

/** A visit under way: what it proved is proved for all of its limits. */
export interface Visiting {
  /**
   * Counts the visit for its login, its network and over all, before anything is done for it.
   * @param stem the name part of the login, folded: every spelling of one login counts as one
   */
  admit(stem: string): Promise<Admission>;
  /** Counts it for an account, or for the decoy in its place, once it is known which: aliases count as one. */
  admitAccount(key: string): Promise<Admission>;
}

export type Admission =
  | { readonly kind: 'admitted' }
  /** Show the form again with this puzzle; nothing was done. */
  | { readonly kind: 'prove'; readonly puzzle: Puzzle }
  /** Nothing is done before the window ends. */
  | { readonly kind: 'refused'; readonly until: Date };

export interface VisitLimitsNeeds {
  readonly limits: LimitStore;
  readonly proofs: ProofOfWork;
  readonly rules: VisitRules;
  readonly clock: Clock;
  readonly mac: (purpose: string, text: string) => string;
  /** How many times the usual a network may visit: more than 1 for an office behind one address. */
  readonly shareOf: (address: string) => number;
  /** Writes down that a limit was reached; once for each window. */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** Wakes somebody; must not throw. */
  readonly alarm: (about: { readonly limit: string; readonly kind: VisitKind }) => void;
}

const hourSeconds = 3600;

/**
 * Stands before every start and sign-in. The same for every login, there or not: it knows logins and addresses only.
 * A limit never bars the owner for somebody else's visits alone: between the first and the last of them a browser may
 * always buy its way with a little work or a little time.
 */
export class VisitLimits {
  readonly #needs: VisitLimitsNeeds;

  constructor(needs: VisitLimitsNeeds) {
    this.#needs = needs;
  }

  /** Begins to admit one visit. */
  visit(visit: Visit): Visiting {
    const { rules, shareOf } = this.#needs;
    const { kind, request } = visit;
    const network = networkOf(request.address);
    // Asked once: a puzzle that is proved is used up.
    let state: Promise<ProofState | undefined> | undefined;
    const proof = (): Promise<ProofState | undefined> => {
      state ??= this.#check(visit.proof, network);
      return state;
    };
    const quota = scaled(rules.network, shareOf(request.address));
    return {
      admit: (stem) =>
        this.#admit({ ...visit, network, check: proof }, [
          { name: 'login', of: stem, quota: rules.login },
          { name: 'network', of: network, quota },
          { name: 'all', of: kind, quota: rules.overAll },
        ]),
      admitAccount: (key) =>
        this.#admit({ ...visit, network, check: proof }, [{ name: 'account', of: key, quota: rules.login }]),
    };
  }

  async #check(proof: Proof | undefined, network: string): Promise<ProofState | undefined> {
    return proof === undefined ? undefined : this.#needs.proofs.check(proof, network);
  }

  async #admit(
    visit: Counted,
    counted: readonly { readonly name: string; readonly of: string; readonly quota: VisitQuota }[],
  ): Promise<Admission> {
    const { limits, clock, mac } = this.#needs;
    const keys = counted.map(({ name, of }) => ({
      key: `${visit.kind}:${name}:${mac('visit-limit', of).slice(0, 24)}`,
      windowSeconds: hourSeconds,
    }));
    const counts = await limits.count(keys, clock.now());
    let until: Date | undefined;
    let level = -1;
    for (const [index, { name, quota }] of counted.entries()) {
      const { count, endsAt } = counts[index] ?? { count: 0, endsAt: clock.now() };
      if (count === quota.most + 1) await this.#tell(visit, name);
      if (count > quota.most && (until === undefined || endsAt > until)) until = endsAt;
      if (count > quota.askProof) level = Math.max(level, (4 * (count - quota.askProof - 1)) / quota.askProof);
    }
    if (until !== undefined) return { kind: 'refused', until };
    return level < 0 ? { kind: 'admitted' } : this.#prove(visit, level);
  }

  async #prove(visit: Counted, level: number): Promise<Admission> {
    const state = await visit.check();
    if (state?.kind === 'proved') return { kind: 'admitted' };
    const puzzle = state?.kind === 'early' ? state.puzzle : this.#needs.proofs.issue(visit.network, level);
    return { kind: 'prove', puzzle };
  }

  async #tell({ kind, request }: Visit, limit: string): Promise<void> {
    this.#needs.alarm({ limit, kind });
    const { address, correlation } = request;
    const detail = { limit, visit: kind };
    await this.#needs.audit({ at: this.#needs.clock.now(), event: 'limit.reached', address, correlation, detail });
  }
}

interface Counted extends Visit {
  readonly network: string;
  readonly check: () => Promise<ProofState | undefined>;
}

function scaled({ askProof, most }: VisitQuota, share: number): VisitQuota {
  return { askProof: askProof * share, most: most * share };
}

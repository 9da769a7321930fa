import type { AuditEvent } from '../audit/audit.ts';
import type { Clock } from '../clock.ts';
import type { RequestContext } from '../request-context.ts';
import type { LimitCount, LimitStore } from './limits.ts';
import { networkOf } from './network.ts';
import type { Proof, ProofOfWork, ProofState, Puzzle } from './proof-of-work.ts';

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

/** A start of a reset, a sign-in to register, or one to the console: each is counted by itself. */
export type VisitKind = 'start' | 'sign-in' | 'console';

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
 * always buy its way with a little work or a little time. What is not bought, and what its own network has had enough
 * of, is counted against nobody else: one address alone fills neither a login's limit nor everybody's for nothing.
 */
export class VisitLimits {
  readonly #needs: VisitLimitsNeeds;

  constructor(needs: VisitLimitsNeeds) {
    this.#needs = needs;
  }

  /** Begins to admit one visit. */
  visit(visit: Visit): Visiting {
    const { rules, shareOf, proofs } = this.#needs;
    const { kind, request, proof } = visit;
    const network = networkOf(request.address);
    // Asked once: a puzzle that is proved is used up.
    let state: Promise<ProofState | undefined> | undefined;
    const check = (): Promise<ProofState | undefined> => {
      state ??= proof === undefined ? Promise.resolve(undefined) : proofs.check(proof, network);
      return state;
    };
    const counted: Counted = { ...visit, network, check };
    const quota = scaled(rules.network, shareOf(request.address));
    return {
      admit: async (stem) => {
        const own = await this.#count(counted, { name: 'network', of: network, quota, own: true });
        if (own.kind === 'refused') return own;
        const others = [
          { name: 'login', of: stem, quota: rules.login },
          { name: 'all', of: kind, quota: rules.overAll },
        ];
        return this.#admit(counted, others, own.level);
      },
      admitAccount: (key) => this.#admit(counted, [{ name: 'account', of: key, quota: rules.login }], none),
    };
  }

  /** Counts the visit under one limit after the other, until one does not take it. */
  async #admit(visit: Counted, limits: readonly VisitLimit[], before: number): Promise<Admission> {
    const state = await visit.check();
    const isProved = state?.kind === 'proved';
    let level = before;
    for (const limit of limits) {
      if (level > none && !isProved) break;
      const came = await this.#count(visit, { ...limit, isProved });
      if (came.kind === 'refused') return came;
      level = Math.max(level, came.level);
    }
    if (level === none || isProved) return { kind: 'admitted' };
    const puzzle = state?.kind === 'early' ? state.puzzle : this.#needs.proofs.issue(visit.network, level);
    return { kind: 'prove', puzzle };
  }

  /**
   * Counts the visit under one limit. A visit that has proved nothing is counted only as far as none need prove
   * anything; under its network's own limit, always.
   */
  async #count(
    visit: Counted,
    limit: VisitLimit & { readonly own?: true; readonly isProved?: boolean },
  ): Promise<Came> {
    const { limits, clock, mac } = this.#needs;
    const { name, of, quota, own, isProved } = limit;
    const upTo = isProved ? quota.most + 1 : quota.askProof;
    const key = `${visit.kind}:${name}:${mac('visit-limit', of).slice(0, 24)}`;
    const count = async (most?: number): Promise<LimitCount> => {
      const counting = { key, windowSeconds: hourSeconds, ...(most === undefined ? {} : { upTo: most }) };
      const [found] = await limits.count([counting], clock.now());
      if (found === undefined) throw new RangeError('a limit was counted and there is no count');
      return found;
    };
    let came = await count(own === true ? undefined : upTo);
    // The first that is refused is counted, whatever it proved, so that it can be told.
    if (!came.counted && came.count === quota.most) came = await count(quota.most + 1);
    if (came.counted && came.count === quota.most + 1) await this.#tell(visit, name);
    if (came.count > quota.most) return { kind: 'refused', until: came.endsAt };
    const before = came.counted ? came.count - 1 : came.count;
    return { kind: 'taken', level: before >= quota.askProof ? (4 * (before - quota.askProof)) / quota.askProof : none };
  }

  async #tell({ kind, request }: Visit, limit: string): Promise<void> {
    this.#needs.alarm({ limit, kind });
    const { address, correlation } = request;
    const detail = { limit, visit: kind };
    await this.#needs.audit({ at: this.#needs.clock.now(), event: 'limit.reached', address, correlation, detail });
  }
}

interface VisitLimit {
  readonly name: string;
  readonly of: string;
  readonly quota: VisitQuota;
}

/** `level`: how much work is asked for; `none` for no work. */
type Came = { readonly kind: 'taken'; readonly level: number } | Extract<Admission, { kind: 'refused' }>;

/** Below the lowest level of a puzzle. */
const none = -1;

interface Counted extends Visit {
  readonly network: string;
  readonly check: () => Promise<ProofState | undefined>;
}

function scaled({ askProof, most }: VisitQuota, share: number): VisitQuota {
  return { askProof: askProof * share, most: most * share };
}

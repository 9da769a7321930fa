import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { LimitStore } from './limits.ts';

/** Seconds in which a puzzle is worth anything. */
const lifetimeSeconds = 10 * 60;
/** Leading zero bits that a solution's hash needs: a second or two of a telephone's browser. */
const baseBits = 15;
const mostBits = 19;
/** Seconds that whoever sends no solution waits instead. */
const waitSeconds = [20, 30, 45, 60, 60] as const;

export interface ProofOfWorkNeeds {
  readonly limits: LimitStore;
  readonly clock: Clock;
  /** Keyed hash in hex; see core/sealer.ts. */
  readonly mac: (purpose: string, text: string) => string;
}

/** A puzzle as the page carries it. */
export interface Puzzle {
  /** Opaque, signed; comes back with the form. */
  readonly token: string;
  /** SHA-256 of `token.solution` must begin with so many zero bits. */
  readonly bits: number;
  /** Seconds after which the form is taken without a solution. */
  readonly waitSeconds: number;
}

/** What came back with a form. */
export interface Proof {
  readonly token: string;
  /** Decimal number; empty when the browser found none. */
  readonly solution: string;
}

export type ProofState =
  | { readonly kind: 'proved' }
  /** Signed by us, not solved, and the wait is not over: the same puzzle goes on. */
  | { readonly kind: 'early'; readonly puzzle: Puzzle }
  /** Not ours, for somebody else, too old, or used before: a new one is needed. */
  | { readonly kind: 'worthless' };

/**
 * Asks a browser for a little work, and whoever has no JavaScript for a little time, before limits turn into refusals.
 * No third party, no picture to read, nothing to type. Each puzzle is worth one form, and only from where it was given.
 */
export class ProofOfWork {
  readonly #needs: ProofOfWorkNeeds;

  constructor(needs: ProofOfWorkNeeds) {
    this.#needs = needs;
  }

  /**
   * @param about what the puzzle is bound to: the network that it was given to
   * @param level how far above the usual the visits are, from 0: each level doubles the work
   */
  issue(about: string, level: number): Puzzle {
    const step = Math.min(Math.max(0, Math.floor(level)), waitSeconds.length - 1);
    const bits = Math.min(baseBits + step, mostBits);
    const wait = waitSeconds[step] ?? 60;
    const now = this.#seconds();
    const body = [randomBytes(16).toString('base64url'), bits, now + wait, now + lifetimeSeconds].join('.');
    return { token: `${body}.${this.#sign(body, about)}`, bits, waitSeconds: wait };
  }

  /** Judges what came back. A puzzle that is proved is used up, on all nodes. */
  async check(proof: Proof, about: string): Promise<ProofState> {
    const [nonce = '', bitsText = '', fromText = '', untilText = '', mac = ''] = proof.token.split('.');
    const body = [nonce, bitsText, fromText, untilText].join('.');
    const now = this.#seconds();
    if (!isSame(mac, this.#sign(body, about)) || now >= Number(untilText)) return { kind: 'worthless' };
    const bits = Number(bitsText);
    if (!isSolved(proof, bits) && now < Number(fromText)) {
      return { kind: 'early', puzzle: { token: proof.token, bits, waitSeconds: Number(fromText) - now } };
    }
    const [used] = await this.#needs.limits.count(
      [{ key: `proof:${nonce}`, windowSeconds: lifetimeSeconds }],
      this.#needs.clock.now(),
    );
    return used?.count === 1 ? { kind: 'proved' } : { kind: 'worthless' };
  }

  #sign(body: string, about: string): string {
    return this.#needs.mac('proof-of-work', `${body} ${about}`).slice(0, 32);
  }

  #seconds(): number {
    return Math.floor(this.#needs.clock.now().getTime() / 1000);
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function isSolved({ token, solution }: Proof, bits: number): boolean {
  if (!/^\d{1,12}$/.test(solution)) return false;
  const hash = createHash('sha256').update(`${token}.${solution}`).digest();
  return hash.readUInt32BE(0) >>> (32 - bits) === 0;
}

import type { Gate, GateSettings, Gates } from '../gate.ts';

export interface GateSetNeeds {
  /** As the configuration has them. */
  readonly configured: ReadonlyMap<string, Gate>;
  /** Makes one anew with what a policy says over the configuration. */
  readonly make: (gate: string, own: GateSettings[string]) => Gate;
}

/** More gates with settings of their own than a list of policies has; those that nobody came to lately go. */
const mostKept = 200;

/** The gates that there are, as configured and as policies have them. The latter are made when they are first needed. */
export class GateSet implements Gates {
  readonly #needs: GateSetNeeds;
  /** In the order in which they were last asked for. */
  readonly #own = new Map<string, Gate>();

  constructor(needs: GateSetNeeds) {
    this.#needs = needs;
  }

  /** As configured. */
  get configured(): ReadonlyMap<string, Gate> {
    return this.#needs.configured;
  }

  get(gate: string, own?: GateSettings[string]): Gate | undefined {
    const configured = this.#needs.configured.get(gate);
    // What cannot be used as configured is in nobody's chain.
    if (own === undefined || configured === undefined) return configured;
    const key = JSON.stringify([gate, own]);
    const found = this.#own.get(key) ?? this.#needs.make(gate, own);
    this.#own.delete(key);
    this.#own.set(key, found);
    for (const [oldest] of this.#own) {
      if (this.#own.size <= mostKept) break;
      this.#own.delete(oldest);
    }
    return found;
  }
}

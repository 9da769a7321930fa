import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';

/** Milliseconds that an answer stays good: the start page is asked often, the directory need not be. */
const freshness = 5_000;

/** What is shown in place of a start page while nothing can be done. */
export const unavailable = { view: 'portal/unavailable', status: 503 } as const;

/** Whether anything can be done at all right now: said on the start page, before anybody proves anything. */
export class ServiceState {
  readonly #directory: Pick<Directory, 'health'>;
  readonly #clock: Clock;
  #known: { at: number; ok: Promise<boolean> } | undefined;

  constructor(needs: { directory: Pick<Directory, 'health'>; clock: Clock }) {
    this.#directory = needs.directory;
    this.#clock = needs.clock;
  }

  /** Asks the directory at most every few seconds; many callers share one question. */
  available(): Promise<boolean> {
    const now = this.#clock.now().getTime();
    if (this.#known === undefined || now - this.#known.at >= freshness) {
      const ok = this.#directory.health().then(
        (health) => health.ok,
        () => false,
      );
      this.#known = { at: now, ok };
    }
    return this.#known.ok;
  }
}

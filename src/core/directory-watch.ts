import type { Clock } from './clock.ts';
import type { Directory, Finding } from './directory.ts';

export interface DirectoryWatchNeeds {
  readonly directory: Pick<Directory, 'check'>;
  readonly clock: Clock;
  /** Told of what is not well; must not throw. */
  readonly report: (finding: Finding) => void;
}

/** A check makes a connection to every server, so not too often; one that was down is met again soon enough. */
const checkEveryMs = 60 * 60_000;
/** Nobody reads what is said every hour. */
const repeatAfterMs = 24 * 60 * 60_000;

/**
 * Checks the directory now and then while Latchkey runs, as an operator would with `latchkey check`: a certificate that
 * ends soon, or a right that was taken away, is told before anybody meets it. Each is told once a day, or when it gets
 * worse.
 */
export class DirectoryWatch {
  readonly #needs: DirectoryWatchNeeds;
  #told = new Map<string, { readonly at: number; readonly level: Finding['level'] }>();
  #nextAt = 0;
  #turn: Promise<void> | undefined;

  constructor(needs: DirectoryWatchNeeds) {
    this.#needs = needs;
  }

  /** Checks when it is time, beside whatever else happens. Never throws. */
  wake(): void {
    const now = this.#needs.clock.now().getTime();
    if (this.#turn !== undefined || now < this.#nextAt) return;
    this.#nextAt = now + checkEveryMs;
    this.#turn = this.#check(now).finally(() => {
      this.#turn = undefined;
    });
  }

  /** Resolves when no check is under way. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  async #check(now: number): Promise<void> {
    const findings = await this.#needs.directory.check().catch((fault: unknown) => [failed(fault)]);
    const told = new Map([...this.#told].filter(([, { at }]) => now - at < repeatAfterMs));
    for (const finding of findings) {
      const { level, subject } = finding;
      if (level === 'ok') continue;
      const before = told.get(subject)?.level;
      if (before === level || before === 'problem') continue;
      told.set(subject, { at: now, level });
      this.#needs.report(finding);
    }
    this.#told = told;
  }
}

function failed(fault: unknown): Finding {
  return { level: 'problem', subject: 'directory', detail: `cannot be checked: ${String(fault)}` };
}

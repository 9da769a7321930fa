import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';

/** How far a job has come; `of` is left out while nobody knows how much there is. */
export interface JobProgress {
  readonly done: number;
  readonly of?: number;
}

/** Why a job failed: its process died, its process was told to end, or the work itself threw. */
export type JobFailure = 'died' | 'stopped' | 'fault';

/** Long work beside the requests, as every node and a later visit sees it. */
export interface Job {
  /** Stands in addresses; whoever may see the job is the page's to decide. */
  readonly id: string;
  readonly kind: string;
  /** Id of the account that started it, and its name as it was then. */
  readonly by: string;
  readonly byName: string;
  readonly startedAt: Date;
  readonly progress: JobProgress;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  /** Somebody asked it to end, and it still runs. */
  readonly ending: boolean;
  readonly endedAt?: Date;
  readonly failure?: JobFailure;
  /** Only of one that is done, and only when it is read alone. */
  readonly result?: Json;
}

export type JobEnd =
  | { readonly state: 'done'; readonly result: Json }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly failure: JobFailure };

/** Jobs of all nodes. What somebody is called and what came out are sealed: results name people. */
export interface JobStore {
  /**
   * Writes a new job down, unless `most` of them run already on all nodes together, or one of its kind for the same
   * person: nobody fills all places. Those without a sign of life since `deadSince` do not count.
   */
  create(job: Job, limits: { readonly most: number; readonly deadSince: Date }): Promise<boolean>;
  /** Notes how far it has come, and hears whether to go on. `lost`: it was given up for dead, and is nobody's any more. */
  beat(id: string, progress: JobProgress, now: Date): Promise<'go-on' | 'cancel' | 'lost'>;
  /** Writes down how it ended. False when it had ended already, which stays. */
  end(id: string, end: JobEnd, now: Date): Promise<boolean>;
  /** Asks a running one to end, on whichever node it runs. False when it does not run. */
  cancel(id: string): Promise<boolean>;
  read(id: string): Promise<Job | undefined>;
  /** The one of a kind that runs for somebody, without its result. */
  running(kind: string, by: string): Promise<Job | undefined>;
  /** Newest first, without results. */
  recent(limit: number): Promise<readonly Job[]>;
  /** Marks as failed what gave no sign of life since then. Returns how many. */
  fail(deadSince: Date, now: Date): Promise<number>;
}

export interface JobsNeeds {
  readonly store: JobStore;
  readonly clock: Clock;
  /** Told of work that threw, for the log. Must not throw. */
  readonly report: (job: Pick<Job, 'id' | 'kind'>, fault: unknown) => void;
  /** Milliseconds from one sign of life to the next; 2 seconds when left out. */
  readonly beatMs?: number;
}

/** What a job does. It should tell how far it has come and must end soon after the signal, by returning or by throwing. */
export type JobWork = (report: (progress: JobProgress) => void, signal: AbortSignal) => Promise<Json>;

/** Jobs that run at once on all nodes together: each walks the whole directory or the whole store. */
export const mostJobs = 3;
/** Milliseconds without a sign of life after which a job's process counts as dead. */
const deadMs = 60_000;
const defaultBeatMs = 2_000;
/** Times that the end is written down again while the store is away. */
const endTries = 10;

interface Running {
  readonly ending: AbortController;
  readonly settled: Promise<void>;
}

/** Runs long work in the background, and shows how it stands to every node. */
export class Jobs {
  readonly #needs: JobsNeeds;
  readonly #running = new Map<string, Running>();
  #stopped = false;

  constructor(needs: JobsNeeds) {
    this.#needs = needs;
  }

  /**
   * Starts work and does not wait for it.
   * @returns the job, or undefined when too many run already, or one of the kind for the same person, or the process is
   * about to end
   */
  async start(
    kind: string,
    by: { readonly id: string; readonly name: string },
    work: JobWork,
  ): Promise<Job | undefined> {
    if (this.#stopped) return undefined;
    const job: Job = {
      id: randomBytes(18).toString('base64url'),
      kind,
      by: by.id,
      byName: by.name,
      startedAt: this.#needs.clock.now(),
      progress: { done: 0 },
      state: 'running',
      ending: false,
    };
    if (!(await this.#needs.store.create(job, { most: mostJobs, deadSince: this.#deadSince() }))) return undefined;
    const ending = new AbortController();
    if (this.#stopped) ending.abort('stopped');
    const settled = this.#run(job, work, ending).finally(() => this.#running.delete(job.id));
    this.#running.set(job.id, { ending, settled });
    return job;
  }

  /** The job as it stands now; one whose process died is shown as failed. */
  async read(id: string): Promise<Job | undefined> {
    await this.#needs.store.fail(this.#deadSince(), this.#needs.clock.now());
    return this.#needs.store.read(id);
  }

  /** The one of a kind that runs for somebody: another is not started beside it. */
  async running(kind: string, by: string): Promise<Job | undefined> {
    await this.#needs.store.fail(this.#deadSince(), this.#needs.clock.now());
    return this.#needs.store.running(kind, by);
  }

  async recent(limit = 50): Promise<readonly Job[]> {
    await this.#needs.store.fail(this.#deadSince(), this.#needs.clock.now());
    return this.#needs.store.recent(limit);
  }

  /** Asks a job to end, wherever it runs. Returns false when it does not run. */
  async cancel(id: string): Promise<boolean> {
    const running = await this.#needs.store.cancel(id);
    if (running) this.#running.get(id)?.ending.abort('cancelled');
    return running;
  }

  /** Resolves when nothing runs here. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ settled }) => settled));
  }

  /** Ends what runs here and begins nothing more; what was cut short is shown as failed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { ending } of this.#running.values()) ending.abort('stopped');
    await this.idle();
  }

  async #run(job: Job, work: JobWork, ending: AbortController): Promise<void> {
    const { store, clock, beatMs = defaultBeatMs } = this.#needs;
    let progress = job.progress;
    const tell = (told: JobProgress): void => {
      progress = told;
    };
    let beating: Promise<void> | undefined;
    const beat = async (): Promise<void> => {
      const heard = await store.beat(job.id, progress, clock.now());
      if (heard !== 'go-on') ending.abort(heard === 'cancel' ? 'cancelled' : 'lost');
    };
    // A store that is away for a while ends no job; one that stays away does, when the others give it up for dead.
    const timer = setInterval(() => {
      beating ??= beat()
        .catch(() => undefined)
        .finally(() => {
          beating = undefined;
        });
    }, beatMs).unref();
    const end = await this.#outcome(job, () => work(tell, ending.signal), ending.signal);
    clearInterval(timer);
    await beating;
    if (ending.signal.reason === 'lost') return;
    await this.#end(job, end, progress);
  }

  async #outcome(job: Job, work: () => Promise<Json>, signal: AbortSignal): Promise<JobEnd> {
    try {
      const result = await work();
      if (!signal.aborted) return { state: 'done', result };
    } catch (fault) {
      if (!signal.aborted) {
        this.#needs.report(job, fault);
        return { state: 'failed', failure: 'fault' };
      }
    }
    return signal.reason === 'cancelled' ? { state: 'cancelled' } : { state: 'failed', failure: 'stopped' };
  }

  async #end(job: Job, end: JobEnd, progress: JobProgress): Promise<void> {
    const { store, clock, report, beatMs = defaultBeatMs } = this.#needs;
    for (let tries = 1; ; tries += 1) {
      try {
        await store.beat(job.id, progress, clock.now());
        await store.end(job.id, end, clock.now());
        return;
      } catch (fault) {
        if (tries >= endTries || this.#stopped) return report(job, fault);
        await new Promise((resolve) => setTimeout(resolve, beatMs));
      }
    }
  }

  #deadSince(): Date {
    return new Date(this.#needs.clock.now().getTime() - deadMs);
  }
}

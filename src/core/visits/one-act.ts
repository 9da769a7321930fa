import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { LatchkeyError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { PressStore } from './press-store.ts';

/** What a press does, and how those hear of it who pressed the same. */
export interface Act<Answer> {
  do(): Promise<Answer>;
  /**
   * What came of it, as other nodes are told it, and for how many milliseconds from then on; whoever waits for it already
   * hears it in any case. Undefined where nothing came of it that others could share: on each node it is tried anew.
   */
  told(answer: Answer): { readonly json: Json; readonly forMs: number } | undefined;
  /** The answer of which that was told. */
  heard(json: Json): Answer;
  /** When whoever has it falls silent in the middle. `anew`: only where that does nothing twice. */
  readonly ifSilent: 'anew' | 'unsure';
}

/** What a press came to, and whether this very request did it. */
export interface Came<Answer> {
  readonly answer: Answer;
  readonly isFirst: boolean;
}

export interface OneActNeeds {
  readonly presses: PressStore;
  readonly clock: Clock;
  /** Milliseconds of a clock that only goes on. */
  readonly nowMs: () => number;
  /** Told when what came of an act could not be written down. Must not throw. */
  readonly report: (fault: unknown) => void;
  /** Milliseconds after which whoever has a press and says nothing is taken to have died. */
  readonly patienceMs: number;
}

/** Whoever has the press says nothing: it may be done or not, and is not done again. */
export class Unsure extends LatchkeyError {
  constructor() {
    super({ status: 503, publicKey: 'unsure', detail: 'whoever took this press has not said what came of it' });
  }
}

/** Milliseconds that a press of which nothing came stays taken: longer than any session in which it could come again. */
const takenMs = 24 * 3_600_000;
/** At once over, whatever the clocks of other nodes say. */
const over = new Date(0);
const firstPauseMs = 20;
const longestPauseMs = 250;

/** The seal vouches for the shape. */
type Outcome = { readonly came: Json } | { readonly fault: { readonly status: number; readonly publicKey: string } };

/**
 * Makes one act of the same press that comes several times at once, on whatever nodes: one does it, and all answer with
 * what it came to.
 */
export class OneAct {
  readonly #needs: OneActNeeds;
  /** Those that this process does, or waits for. */
  readonly #underWay = new Map<string, Promise<Came<unknown>>>();

  constructor(needs: OneActNeeds) {
    this.#needs = needs;
  }

  /**
   * @param press names the press, by nothing that could be read: a hash of all that makes it the same
   * @throws whatever the act throws; another node throws a fault that looks the same, and the next press tries anew
   * @throws Unsure when whoever has it fell silent, and it may not be done anew
   */
  async once<Answer>(press: string, act: Act<Answer>): Promise<Came<Answer>> {
    const known = this.#underWay.get(press) as Promise<Came<Answer>> | undefined;
    if (known !== undefined) return { ...(await known), isFirst: false };
    const came = this.#onAnyNode(press, act);
    this.#underWay.set(press, came);
    try {
      return await came;
    } finally {
      this.#underWay.delete(press);
    }
  }

  async #onAnyNode<Answer>(press: string, act: Act<Answer>): Promise<Came<Answer>> {
    const { presses, clock, nowMs, patienceMs } = this.#needs;
    const by = randomBytes(12).toString('base64url');
    const take = () => {
      const now = clock.now();
      return presses.take(press, by, { now, until: new Date(now.getTime() + takenMs) });
    };
    let taken = await take();
    // Watched with a clock of our own: those of two nodes may differ.
    let watched = { by: taken?.by, since: nowMs() };
    for (let pauseMs = firstPauseMs; taken !== undefined; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      if (taken.outcome !== undefined) {
        return { answer: heard(act, taken.outcome as unknown as Outcome), isFirst: false };
      }
      if (taken.by !== watched.by) watched = { by: taken.by, since: nowMs() };
      if (nowMs() - watched.since >= patienceMs) {
        if (act.ifSilent === 'unsure') throw new Unsure();
        if (await presses.takeOver(press, taken.by, by)) break;
      }
      await pause(pauseMs);
      taken = (await presses.read(press)) ?? (await take());
    }
    return { answer: await this.#do(press, by, act), isFirst: true };
  }

  async #do<Answer>(press: string, by: string, act: Act<Answer>): Promise<Answer> {
    const { presses, clock } = this.#needs;
    let answer: Answer;
    try {
      answer = await act.do();
    } catch (fault) {
      await this.#written(presses.settle(press, by, asJson({ fault: faceOf(fault) }), over));
      throw fault;
    }
    const told = act.told(answer);
    if (told === undefined) {
      await this.#written(presses.release(press, by));
    } else {
      const until = told.forMs === 0 ? over : new Date(clock.now().getTime() + told.forMs);
      await this.#written(presses.settle(press, by, asJson({ came: told.json }), until));
    }
    return answer;
  }

  /** What was done is done, whether or not it could be told to others. */
  async #written(write: Promise<unknown>): Promise<void> {
    await write.catch(this.#needs.report);
  }
}

function asJson(outcome: Outcome): Json {
  return outcome as unknown as Json;
}

function heard<Answer>(act: Act<Answer>, outcome: Outcome): Answer {
  if ('came' in outcome) return act.heard(outcome.came);
  throw new LatchkeyError({ ...outcome.fault, detail: 'the same press failed on another node' });
}

/** What anybody may see of a fault. */
function faceOf(fault: unknown): { readonly status: number; readonly publicKey: string } {
  if (!(fault instanceof LatchkeyError)) return { status: 500, publicKey: 'fault' };
  const { status, publicKey } = fault;
  return { status, publicKey };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { hash, verify } from '@node-rs/argon2';
import type { WorkQueue } from '../../core/background/work-queue.ts';
import { normalAnswer } from './normal-answer.ts';

/** OWASP Password Storage: argon2id (this library's default) with 46 MiB, one pass, one lane. */
const cost = { memoryCost: 47_104, timeCost: 1, parallelism: 1 };
/** The hash of nothing that anybody knows, with the same cost. */
const nobodys = '$argon2id$v=19$m=47104,t=1,p=1$9sFLvyq/KAJz2/K3qCncOw$VV6Gzch392BlSneGZpvWFe2PLjRB7S0ZKxZ2g4eO1Aw';

/** Hashes and compares answers. Few at a time over all of the process, because each takes 46 MiB and a core. */
export class AnswerHashes {
  readonly #queue: WorkQueue;

  /** @param queue one for all gates of the process, whatever their settings */
  constructor(queue: WorkQueue) {
    this.#queue = queue;
  }

  /** @returns a PHC string with its own salt */
  hash(answer: string): Promise<string> {
    return this.#queue.take(() => hash(normalAnswer(answer), cost));
  }

  /**
   * @param kept the hash; undefined where there is none, which costs the same and is never right
   */
  async matches(answer: string, kept: string | undefined): Promise<boolean> {
    const same = await this.#queue.take(() => verify(kept ?? nobodys, normalAnswer(answer)));
    return same && kept !== undefined;
  }
}

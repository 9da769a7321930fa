import { Unavailable } from '../core/errors.ts';
import type { KnownPasswords } from '../core/password-screen.ts';
import type { Breaker } from '../core/sending/breaker.ts';
import type { HttpClient } from '../outbound/http-client.ts';
import { listedHash } from './hash.ts';

export interface BreachedRangeNeeds {
  readonly http: Pick<HttpClient, 'send' | 'close'>;
  /** https, with a slash at its end. */
  readonly url: string;
  readonly breaker: Breaker;
}

const prefixLength = 5;
const row = /^([0-9A-Fa-f]{35}):(\d{1,12})$/;

/**
 * A far end that speaks the range protocol of Have I Been Pwned (API v3, "Searching by range"): it learns five of forty
 * digits of a hash and answers with all that begin so. Padding hides how many there are; its rows count nothing.
 */
export class BreachedRange implements KnownPasswords {
  readonly #needs: BreachedRangeNeeds;

  constructor(needs: BreachedRangeNeeds) {
    this.#needs = needs;
  }

  /** Rejects with Unavailable when the far end is down, left alone for a while, or answers something else. */
  async has(password: string): Promise<boolean> {
    const { breaker } = this.#needs;
    if (!breaker.admit()) throw new Unavailable('the range service of leaked passwords is left alone for a while');
    try {
      const found = await this.#ask(listedHash(password));
      breaker.succeeded();
      return found;
    } catch (fault) {
      breaker.failed(fault);
      throw fault;
    }
  }

  close(): Promise<void> {
    return this.#needs.http.close();
  }

  async #ask(hash: string): Promise<boolean> {
    const { http, url } = this.#needs;
    const { status, text } = await http.send({
      method: 'GET',
      url: url + hash.slice(0, prefixLength),
      headers: { 'Add-Padding': 'true', 'User-Agent': 'Latchkey', Accept: 'text/plain' },
    });
    const { host } = new URL(url);
    if (status !== 200) throw new Unavailable(`${host} answered with ${status}`);
    const rows = text.split(/\r?\n/).filter((line) => line !== '');
    const suffix = hash.slice(prefixLength);
    let found = false;
    for (const line of rows) {
      const [, rest, count] = row.exec(line) ?? [];
      if (rest === undefined) throw new Unavailable(`${host} answered with something that is not a range`);
      found ||= rest.toUpperCase() === suffix && Number(count) > 0;
    }
    return found;
  }
}

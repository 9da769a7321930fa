import { readFile } from 'node:fs/promises';
import { expect, inject } from 'vitest';
import type { SambaDetails } from './samba.ts';

/**
 * The Samba AD that the whole run shares: started by the first test file that asks.
 * LATCHKEY_TEST_SAMBA may name a JSON file with the SambaDetails of one that runs already.
 * @returns undefined when it cannot be started here: use `describe.skipIf`; the run says at its end which files did not
 * run and why. With CI=true that is an error instead, and so is a start that fails.
 */
export async function sharedSamba(): Promise<SambaDetails | undefined> {
  const named = process.env.LATCHKEY_TEST_SAMBA;
  if (named) return JSON.parse(await readFile(named, 'utf8')) as SambaDetails;
  const file = encodeURIComponent(expect.getState().testPath ?? 'unknown');
  const answer = (await (await fetch(`${inject('serviceBroker')}?file=${file}`)).json()) as Answer;
  if (answer.samba) return answer.samba;
  if (answer.fault || process.env.CI === 'true') throw new Error(answer.fault ?? answer.reason);
  return undefined;
}

interface Answer {
  readonly samba?: SambaDetails;
  /** Why it cannot be started on this machine. */
  readonly reason?: string;
  /** Why it did not start although it could. */
  readonly fault?: string;
}

import { setTimeout as pause } from 'node:timers/promises';

const patienceMs = 10_000;

/**
 * Looks again and again until there is something.
 * @throws Error naming what never came
 */
export async function eventually<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  do {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  } while (performance.now() < deadline);
  throw new Error(`never came: ${what}`);
}

/** What came of a run: how many, how fast, how long each took. */
export interface Measured {
  readonly count: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Runs work `count` times, `atOnce` of them at any moment.
 * @param work is given the number of its lane, from 0, so that lanes can keep out of each other's way
 */
export async function measure(
  wish: { readonly count: number; readonly atOnce: number },
  work: (lane: number) => Promise<void>,
): Promise<Measured> {
  const times: number[] = [];
  let begun = 0;
  const began = performance.now();
  const lane = async (number: number): Promise<void> => {
    while (begun < wish.count) {
      begun += 1;
      const start = performance.now();
      await work(number);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: wish.atOnce }, (_, number) => lane(number)));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { count: times.length, perSecond: times.length / seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

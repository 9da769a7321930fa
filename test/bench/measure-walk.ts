/**
 * Runs what looks at many people, and prints its pace and memory: the most that was resident, the largest heap, and what
 * of it is still in use after a collection (with --expose-gc). The rest of the heap is garbage that the engine had not
 * bothered to collect: it grows with the room that there is, and not with the people.
 */
export async function measureWalk(name: string, people: number, work: () => Promise<unknown>): Promise<void> {
  const before = collected();
  let [peakRss, peakHeap] = [before.rss, before.heapUsed];
  const timer = setInterval(() => {
    const now = process.memoryUsage();
    peakRss = Math.max(peakRss, now.rss);
    peakHeap = Math.max(peakHeap, now.heapUsed);
  }, 20);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  const after = collected();
  const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  const pace = Math.round(people / seconds).toLocaleString('en');
  process.stdout.write(
    `${name.padEnd(34)} ${seconds.toFixed(1).padStart(6)} s  ${pace.padStart(8)} people/s  ` +
      `resident at most ${mb(peakRss)} (${mb(peakRss - before.rss)} more), heap at most ${mb(peakHeap)}, ` +
      `in use ${mb(before.heapUsed)} before and ${mb(after.heapUsed)} after\n`,
  );
}

function collected(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  return process.memoryUsage();
}

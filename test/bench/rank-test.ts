/** What a rank test says of two samples. */
export interface Ranked {
  /** How often a value of the first is the greater one, ties half: 0.5 when nothing can be told, 0 or 1 when all can. */
  readonly share: number;
  /** Two-sided probability of so great a difference when there is none; 0 to 1. */
  readonly p: number;
}

/**
 * The Mann-Whitney U test by its normal approximation, corrected for ties: whether two samples can be told apart
 * without a guess about how their values are spread. Good from about twenty values each.
 */
export function rankTest(first: readonly number[], second: readonly number[]): Ranked {
  const all = [...first.map((value) => ({ value, own: true })), ...second.map((value) => ({ value, own: false }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + to + 1) / 2;
    rankSum += rank * all.slice(from, to).filter(({ own }) => own).length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n, m, total] = [first.length, second.length, all.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const spread = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  const z = spread === 0 ? 0 : Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / spread;
  return { share: u / (n * m), p: 2 * (1 - normal(z)) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The normal distribution up to z >= 0 (Abramowitz and Stegun 26.2.17; off by less than 8e-8). */
function normal(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * z);
  const weights = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
  const tail = weights.reduceRight((sum, weight) => (sum + weight) * t, 0);
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}

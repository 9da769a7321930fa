/**
 * Where the members of a longest rising row within these numbers stand (patience sorting): what stays in place when a
 * list is put into another order.
 * @param numbers none of them twice
 */
export function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  /** For each length, where the row of that length ends whose last number is smallest. */
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  const at = (position: number | undefined): number => numbers[position ?? -1] ?? Number.NEGATIVE_INFINITY;
  for (const [position, number] of numbers.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(ends[middle]) < number) low = middle + 1;
      else high = middle;
    }
    previous[position] = ends[low - 1];
    ends[low] = position;
  }
  const row = new Set<number>();
  for (let position = ends.at(-1); position !== undefined; position = previous[position]) row.add(position);
  return row;
}

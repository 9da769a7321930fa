/** FILETIME: 100 ns since 1601 as a signed 64-bit integer (MS-DTYP 2.3.3). Always BigInt: a double would lose digits. */
const ticksPerMillisecond = 10_000n;
const ticksPerSecond = 10_000_000n;
const unixEpoch = 116_444_736_000_000_000n;
const greatest = 9_223_372_036_854_775_807n;

/** @returns the moment, or undefined for 0 and for the greatest value, which both mean "never" or "not set" */
export function dateOfFileTime(ticks: bigint): Date | undefined {
  if (ticks <= 0n || ticks === greatest) return undefined;
  return new Date(Number((ticks - unixEpoch) / ticksPerMillisecond));
}

/**
 * Durations are stored negative (MS-ADTS 3.1.1.4.5); 0 and the least 64-bit value stand for no limit.
 * @returns whole seconds, or undefined when there is no limit
 */
export function secondsOfInterval(ticks: bigint): number | undefined {
  if (ticks >= 0n || ticks === -greatest - 1n) return undefined;
  return Number(-ticks / ticksPerSecond);
}

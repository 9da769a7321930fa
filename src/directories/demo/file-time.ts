/** FILETIME: 100 ns ticks since 1601-01-01 UTC (MS-DTYP 2.3.3). Intervals are the same ticks, negated. */
const epochOffset = 116_444_736_000_000_000n;
const ticksPerMillisecond = 10_000n;

/** The last moment that FILETIME knows: stands for never. */
export const never = 0x7fff_ffff_ffff_ffffn;

/** Stands for an interval without end. */
export const forever = -0x8000_0000_0000_0000n;

export function fileTime(date: Date): bigint {
  return BigInt(date.getTime()) * ticksPerMillisecond + epochOffset;
}

/** Seconds as the negative interval that policies are stored as; undefined becomes `forever`. */
export function interval(seconds: number | undefined): bigint {
  return seconds === undefined ? forever : -BigInt(Math.round(seconds * 1000)) * ticksPerMillisecond;
}

/** GeneralizedTime as Active Directory writes it, for example `20250131094500.0Z`. */
export function generalizedTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}.0Z`;
}

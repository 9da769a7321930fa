/**
 * A unit is the place of an account in the directory, as a path from the domain down, such as `People/Sales`; '' is the
 * domain itself. A slash or a backslash within a name stands behind a backslash, so that one name is never taken for two
 * (canonicalName, MS-ADTS 3.1.1.4.5.9, without the domain).
 */

/** Whether one unit is another, or lies below it, at any depth. Case does not count. Both as the directory spells them. */
export function isWithin(unit: string, ancestor: string): boolean {
  const [inner, outer] = [unit.toLowerCase(), ancestor.toLowerCase()];
  return outer === '' || inner === outer || inner.startsWith(`${outer}/`);
}

/** The names on the way from the domain down to a unit. */
export function unitSteps(path: string): readonly string[] {
  const steps = path.match(/(?:\\.|[^\\/])+/gs) ?? [];
  return steps.map((step) => step.replaceAll(/\\(.)/gs, '$1'));
}

/** @param names from the domain down */
export function unitPath(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(/[\\/]/g, '\\$&')).join('/');
}

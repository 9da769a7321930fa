import { Misconfigured } from '../../core/errors.ts';
import { unitPath } from '../../core/unit.ts';

/** One step of a distinguished name, such as OU=Sales. */
interface Step {
  /** In lower case. */
  readonly type: string;
  readonly value: string;
}

/**
 * Takes a name apart (RFC 4514), the entry's own step first: `\,` and `\2C` are no separators.
 * @param dn as a server or the configuration writes it
 * @throws Misconfigured when it is no name
 */
export function stepsOf(dn: string): readonly Step[] {
  const steps = dn.match(/(?:\\.|[^\\,])+/gs) ?? [];
  return steps.map((step) => {
    const at = step.indexOf('=');
    if (at < 1) throw new Misconfigured(`${dn} is no distinguished name`);
    // A space at an end belongs to the name only where a backslash says so.
    const value = step.slice(at + 1).replaceAll(/^\s+|(?<!\\)\s+$/g, '');
    return { type: step.slice(0, at).trim().toLowerCase(), value: unescaped(value) };
  });
}

/** The same text for every spelling of one name: to compare names that servers gave. */
export function nameKey(dn: string): string {
  return JSON.stringify(stepsOf(dn).map(({ type, value }) => [type, value.toLowerCase()]));
}

/** The path of an entry from the domain down. @param base DN of the domain, which both end with */
export function pathOf(dn: string, base: string): string {
  const steps = stepsOf(dn);
  const below = steps.slice(0, Math.max(0, steps.length - stepsOf(base).length));
  return unitPath(below.map(({ value }) => value).toReversed());
}

/** The path of what holds an entry; '' for the domain itself. */
export function unitOf(dn: string, base: string): string {
  const steps = stepsOf(dn);
  const above = steps.slice(1, Math.max(1, steps.length - stepsOf(base).length));
  return unitPath(above.map(({ value }) => value).toReversed());
}

/** Octets behind backslashes are UTF-8, which may take several of them for one character. */
function unescaped(value: string): string {
  return value.replaceAll(/((?:\\[0-9a-f]{2})+)|\\(.)/gis, (_all, octets: string | undefined, character: string) =>
    octets === undefined ? character : Buffer.from(octets.replaceAll('\\', ''), 'hex').toString(),
  );
}

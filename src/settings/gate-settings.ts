import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { AsksMore } from '../core/flow/registrations.ts';
import type { GateSettings } from '../core/gate.ts';
import type { Json } from '../core/json.ts';
import type { Policy } from '../core/policies/policy.ts';
import type { Definitions } from '../definitions.ts';
import type { Sections } from './cross-checks.ts';
import { describeIssue, type SettingProblem } from './problems.ts';
import type { Configuration } from './schema.ts';

/** Characters of all that one policy says of gates: it is kept in every flow. */
const mostText = 16_000;

/** What a policy may say of gates. What each takes is asked of the gate itself: see `gateSettingProblems`. */
export function gateSettingsSchema({ gates }: Definitions) {
  const own = z.record(z.string(), z.json()).optional();
  return z
    .strictObject(Object.fromEntries(gates.map(({ id }) => [id, own])))
    .refine((said) => JSON.stringify(said).length <= mostText, `must be at most ${mostText} characters in all`)
    .transform(said)
    .optional();
}

/** Gates of which nothing is said are not there, and what means the same is written the same. */
function said(gates: {
  readonly [gate: string]: { readonly [setting: string]: Json } | undefined;
}): GateSettings | undefined {
  const own = Object.entries(gates).flatMap(([gate, settings = {}]) =>
    Object.keys(settings).length === 0 ? [] : [[gate, ordered(settings) as GateSettings[string]] as const],
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** The names of every group of settings in one order: a list says what it says whatever the order it was typed in. */
function ordered(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, one]) => [name, ordered(one)]));
}

/** A gate's settings with what a policy says of it: setting by setting, each as a whole. The gate has yet to take them. */
export function withOwn(configured: unknown, own: GateSettings[string] = {}): Readonly<Record<string, unknown>> {
  return { ...Object(configured ?? {}), ...own };
}

/**
 * The gates of a policy that may ask more than people registered who did it as the configuration has it, or under another
 * policy: in another zone, or before it was changed.
 */
export function gatesAskingMore(
  { chain, gates: own = {} }: Pick<Policy, 'chain' | 'gates'>,
  { gates, others }: Pick<Configuration, 'gates'> & { readonly others: readonly Pick<Policy, 'gates'>[] },
  definitions: Definitions,
): readonly string[] {
  const asksMore = gateComparison({ gates }, definitions);
  const before = (id: string) => [undefined, ...others.map((other) => other.gates?.[id])];
  return chain.filter((id) => before(id).some((said) => asksMore(id, own[id], said)));
}

/** Whether a gate, as one policy has it, may ask more than people registered who did it as another has it. */
export function gateComparison({ gates }: Pick<Configuration, 'gates'>, definitions: Definitions): AsksMore {
  return (id, own, other) => {
    const definition = definitions.gates.find((gate) => gate.id === id);
    if (definition?.asksMore === undefined || isDeepStrictEqual(own, other)) return false;
    const [before, after] = [other, own].map((said) => definition.settings.safeParse(withOwn(gates[id], said)));
    return before?.success === true && after?.success === true && definition.asksMore(after.data, before.data);
  };
}

/** What gates do not take of what policies say of them, in the gates' own words. */
export function gateSettingProblems(
  { policies = [], gates }: Sections,
  definitions: Definitions,
): readonly SettingProblem[] {
  if (gates === undefined) return [];
  return policies.flatMap((policy, index) =>
    Object.entries(policy.gates ?? {}).flatMap(([id, own]) => {
      const whole = withOwn(gates[id], own);
      const at = ['policies', index, 'gates', id];
      const document = { policies: { [index]: { gates: { [id]: whole } } } };
      // What the configuration says may have come from a reference, and whoever reads this may not see it.
      const configured = Object.entries(Object(gates[id] ?? {})).filter(([setting]) => !Object.hasOwn(own, setting));
      const secrets = new Set(textsIn(Object.fromEntries(configured), at));
      const parsed = definitions.gates.find((gate) => gate.id === id)?.settings.safeParse(whole);
      return (parsed?.error?.issues ?? []).flatMap((issue) =>
        describeIssue({ ...issue, path: [...at, ...issue.path] }, document, secrets),
      );
    }),
  );
}

/** Dotted paths of all texts. */
function textsIn(value: unknown, at: readonly (string | number)[]): readonly string[] {
  if (typeof value === 'string') return [at.join('.')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => textsIn(one, [...at, name]));
}

import { z } from 'zod';
import type { GateDefinition } from '../gate.ts';
import { isSecretName } from './secret-name.ts';

/** How a setting of a gate is changed in a form. */
export type GateControl =
  | { readonly kind: 'choice'; readonly setting: string; readonly values: readonly string[]; readonly usual?: string }
  | {
      readonly kind: 'number';
      readonly setting: string;
      readonly min: number;
      readonly max: number;
      /** As configured. */
      readonly usual?: string;
    };

/** What a form can change of a gate, and what it can only show. */
export interface GateControls {
  readonly gate: string;
  readonly controls: readonly GateControl[];
  /** Settings that are no single word or number, such as texts in several languages. */
  readonly whole: readonly string[];
}

/** More than any form takes for a number. */
const largest = 999_999_999;

const shape = z.object({ properties: z.record(z.string(), z.looseObject({})) });
const choice = z.object({ enum: z.array(z.string()).min(1) });
const yesOrNo = z.object({ type: z.literal('boolean') });
const number = z.object({
  type: z.literal('integer'),
  minimum: z.number().min(0),
  maximum: z.number().max(largest),
});

/**
 * Made from the gate's own schema, so that a gate of a package has its form as well. A schema that cannot be read so, as
 * of another version of zod, has none.
 * @param configured the gate's settings as configured, with every default; undefined for none
 */
export function controlsOf(
  {
    id,
    settings,
    consoleSettings = [],
  }: Pick<GateDefinition<z.ZodType, unknown>, 'id' | 'settings' | 'consoleSettings'>,
  configured: unknown,
): GateControls {
  // What is configured is shown beside each, and what no policy may say is not offered.
  const isPolicys = (name: string): boolean => !isSecretName(name) && !consoleSettings.includes(name);
  const properties = Object.entries(propertiesOf(settings)).filter(([name]) => isPolicys(name));
  const controls = properties.flatMap(([setting, one]) => controlOf(setting, one, usualOf(configured, setting)) ?? []);
  const whole = properties.map(([name]) => name).filter((name) => !controls.some(({ setting }) => setting === name));
  return { gate: id, controls, whole };
}

function propertiesOf(settings: z.ZodType): Readonly<Record<string, unknown>> {
  try {
    const json = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' });
    return shape.safeParse(json).data?.properties ?? {};
  } catch {
    return {};
  }
}

function controlOf(setting: string, property: unknown, usual: { readonly usual?: string }): GateControl | undefined {
  const chosen =
    choice.safeParse(property).data?.enum ?? (yesOrNo.safeParse(property).success ? ['true', 'false'] : []);
  if (chosen.length > 0) return { kind: 'choice', setting, values: chosen, ...usual };
  const range = number.safeParse(property).data;
  return range && { kind: 'number', setting, min: range.minimum, max: range.maximum, ...usual };
}

function usualOf(configured: unknown, setting: string): { readonly usual?: string } {
  const value: unknown = Reflect.get(Object(configured), setting);
  return value === undefined ? {} : { usual: String(value) };
}

import type { Message } from '../core/message.ts';
import type { Translate } from './catalogue.ts';

/** Says a sentence about policies, with the names of gates in the place of their ids. */
export function sayPolicyMessage(t: Translate, { key, values = {} }: Message): string {
  const { gate, gates, setting } = values;
  return t(key, {
    ...values,
    ...(setting === undefined ? {} : settingWords(t, values)),
    ...(gate === undefined ? {} : { gate: gateName(t, String(gate)) }),
    ...(gates === undefined ? {} : { gates: gateNames(t, String(gates).split(', ')) }),
  });
}

/** A setting of a gate and its values, as people call them. */
export function settingWords(t: Translate, values: NonNullable<Message['values']>): NonNullable<Message['values']> {
  const { setting = '', value, before } = values;
  return {
    ...values,
    setting: settingName(t, String(setting)),
    ...(value === undefined ? {} : { value: settingValue(t, String(value)) }),
    ...(before === undefined ? {} : { before: settingValue(t, String(before)) }),
  };
}

/** Its own name where a package brought it without one. */
export function settingName(t: Translate, setting: string): string {
  return /^[a-z0-9-]+$/.test(setting) ? named(t, `gate-settings.names.${setting}`, setting) : setting;
}

export function settingValue(t: Translate, value: string): string {
  return /^[a-z0-9-]+$/.test(value) ? named(t, `gate-settings.values.${value}`, value) : value;
}

/** What the catalogue has; the name itself where it has no word for it. */
function named(t: Translate, key: string, name: string): string {
  const text = t(key);
  return text === key ? name : text;
}

/** What people know a gate by; its id where a package brought it without a name. */
export function gateName(t: Translate, gate: string): string {
  return named(t, `gates.${gate}.name`, gate);
}

function gateNames(t: Translate, gates: readonly string[]): string {
  return gates.map((gate) => gateName(t, gate)).join(', ');
}

import type { Message } from '../core/message.ts';
import type { Translate } from './catalogue.ts';

/** Says a sentence about policies, with the names of gates in the place of their ids. */
export function sayPolicyMessage(t: Translate, { key, values = {} }: Message): string {
  const { gate, gates } = values;
  return t(key, {
    ...values,
    ...(gate === undefined ? {} : { gate: gateName(t, String(gate)) }),
    ...(gates === undefined ? {} : { gates: gateNames(t, String(gates).split(', ')) }),
  });
}

/** What people know a gate by; its id where a package brought it without a name. */
export function gateName(t: Translate, gate: string): string {
  const key = `gates.${gate}.name`;
  const name = t(key);
  return name === key ? gate : name;
}

function gateNames(t: Translate, gates: readonly string[]): string {
  return gates.map((gate) => gateName(t, gate)).join(', ');
}

import type { GateSettings } from '../core/gate.ts';
import type { GateControl, GateControls } from '../core/gates/gate-controls.ts';
import type { Json } from '../core/json.ts';
import type { Message, Problem } from '../core/message.ts';
import type { Translate } from '../web/catalogue.ts';
import { gateName, settingName } from '../web/policy-messages.ts';

/** The form of a policy, as far as it is about settings of gates. */
type Form = Readonly<Record<string, string | undefined>>;

/** The field of one setting; without one, where all of a gate's settings stand. */
export function settingField(gate: string, setting?: string): string {
  return ['own', gate, ...(setting === undefined ? [] : [setting])].join('.');
}

export function settingFields(gates: readonly GateControls[]): readonly string[] {
  return gates.flatMap(({ gate, controls }) => controls.map(({ setting }) => settingField(gate, setting)));
}

/** What the form shows of a policy's settings. */
export function formOfSettings(own: GateSettings, gates: readonly GateControls[]): Form {
  const shown = gates.flatMap(({ gate, controls }) =>
    controls.map(({ setting }) => [settingField(gate, setting), String(own[gate]?.[setting] ?? '')] as const),
  );
  return Object.fromEntries(shown);
}

/**
 * What a policy says of the gates of its chain: what was typed, and what no form can change as it was before. What was said
 * of a gate that is in the chain no more goes with it.
 * @param before what the policy said when the form was opened
 */
export function settingsOfForm(
  form: Form,
  {
    chain,
    gates,
    before,
  }: { readonly chain: readonly string[]; readonly gates: readonly GateControls[]; readonly before: GateSettings },
): GateSettings | undefined {
  const said = gates
    .filter(({ gate }) => chain.includes(gate))
    .map(({ gate, controls }) => {
      const typed = controls.flatMap((control) => typedAt(form[settingField(gate, control.setting)], control));
      const kept = Object.entries(before[gate] ?? {}).filter(
        ([name]) => !controls.some(({ setting }) => setting === name),
      );
      return [gate, Object.fromEntries([...kept, ...typed])] as const;
    })
    .filter(([, own]) => Object.keys(own).length > 0);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** Nothing for what is as configured; what cannot be understood is something that the gate refuses. */
function typedAt(typed = '', control: GateControl): readonly (readonly [setting: string, value: Json])[] {
  const text = typed.trim();
  if (text === '') return [];
  const { setting, kind } = control;
  if (kind === 'number') return [[setting, /^\d{1,9}$/.test(text) ? Number(text) : text.slice(0, 40)]];
  const isBoolean = control.values.includes('true');
  return [[setting, isBoolean && control.values.includes(text) ? text === 'true' : text.slice(0, 40)]];
}

/**
 * What a list's problem says of settings of gates, at their field.
 * @param path as in the policy, such as `gates.otp-sms.lifetime`
 * @returns undefined for what is about something else, or a gate that has no fields
 */
export function settingProblem(
  { path, why }: { readonly path: string; readonly why: string },
  { form, gates, t }: { readonly form: Form; readonly gates: readonly GateControls[]; readonly t: Translate },
): Problem | undefined {
  const [, gate = '', setting = ''] = /^gates\.([^.]+)(?:\.([^.]+))?/.exec(path) ?? [];
  const found = gates.find((one) => one.gate === gate);
  if (found === undefined) return undefined;
  const control = found.controls.find((one) => one.setting === setting);
  const values = { gate: gateName(t, gate), why };
  if (control === undefined) return { field: settingField(gate), message: say('settings', values) };
  const field = settingField(gate, setting);
  const named = { ...values, setting: settingName(t, setting) };
  return { field, message: isWithin(form[field], control) ? say('setting', named) : outOfRange(control, named) };
}

function say(key: string, values: Message['values'] & object): Message {
  return { key: `policy-form.wrong.${key}`, values };
}

/** What stands in the field may be right by itself, and not fit to another. */
function isWithin(typed = '', control: GateControl): boolean {
  if (control.kind === 'choice' || typed.trim() === '') return true;
  const value = Number(typed);
  return Number.isInteger(value) && value >= control.min && value <= control.max;
}

function outOfRange(
  control: GateControl,
  { gate, setting }: { readonly gate: string; readonly setting: string },
): Message {
  const { min, max } = control.kind === 'number' ? control : { min: 0, max: 0 };
  return say('setting-number', { gate, setting, min, max });
}

/** What a form shows of one gate. */
export interface SettingSheet {
  readonly gate: string;
  /** Where problems of all of it are said. */
  readonly field: string;
  readonly controls: readonly (GateControl & { readonly field: string })[];
  /** What it cannot change; `said` is what the policy itself says, as it is kept. */
  readonly whole: readonly { readonly setting: string; readonly said?: string }[];
  /** Whether the policy says anything of it. */
  readonly isOwn: boolean;
}

/** The most characters of a value that a page shows. */
const mostShown = 2_000;

export function settingSheets(
  gates: readonly GateControls[],
  { form, own }: { readonly form: Form; readonly own: GateSettings },
): readonly SettingSheet[] {
  return gates.map(({ gate, controls, whole }) => {
    const fields = controls.map((control) => ({ ...control, field: settingField(gate, control.setting) }));
    // A gate whose schema cannot be read has no names but those that the policy has.
    const others = Object.keys(own[gate] ?? {}).filter((name) => !controls.some(({ setting }) => setting === name));
    const shown = [...new Set([...whole, ...others])].map((setting) => {
      const value = own[gate]?.[setting];
      return { setting, ...(value === undefined ? {} : { said: JSON.stringify(value).slice(0, mostShown) }) };
    });
    const isOwn =
      fields.some(({ field }) => (form[field] ?? '') !== '') || shown.some(({ said }) => said !== undefined);
    return { gate, field: settingField(gate), controls: fields, whole: shown, isOwn };
  });
}

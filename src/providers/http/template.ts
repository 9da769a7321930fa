/** What a template can hold, for one message. */
export interface TemplateValues {
  /** E.164 with its plus sign. */
  readonly to: string;
  /** Without it. */
  readonly 'to-digits': string;
  readonly text: string;
  readonly reference: string;
  readonly language: string;
}

const names: readonly (keyof TemplateValues)[] = ['to', 'to-digits', 'text', 'reference', 'language'];
const placeholder = /\{([a-z][a-z-]*)\}/g;

/** Whether every placeholder of a template stands for something. */
export function isTemplate(text: string, allowed: readonly string[] = names): boolean {
  return [...text.matchAll(placeholder)].every(([, name = '']) => allowed.includes(name));
}

/**
 * The template with its values, in one pass: what a value holds is never a placeholder.
 * @param encode makes a value fit for where the template stands
 */
export function fill(
  template: string,
  values: TemplateValues,
  encode: (value: string) => string = (value) => value,
): string {
  return template.replace(placeholder, (_, name: keyof TemplateValues) => encode(values[name]));
}

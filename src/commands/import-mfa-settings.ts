import { Document, isMap, isScalar } from 'yaml';
import { readMfaSettings, UnreadableSettings } from './mfa-settings/read.ts';
import { type Note, type Translation, translate } from './mfa-settings/translate.ts';

/** What the command prints. `yaml` goes to standard output and nothing else does. */
export type Imported =
  | { readonly kind: 'imported'; readonly yaml: string; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string };

/** Turns a MfaSettings.xml of Microsoft Identity Manager into the part of a configuration that it becomes. */
export function importMfaSettings(file: string): Imported {
  try {
    const translation = translate(readMfaSettings(file));
    const notes = translation.notes.map(({ at, text }) => `${at.at(-1)}: ${text}`);
    const ignored = translation.ignored.map(({ what, why }) => `Ignored: ${what}, ${why}.`);
    return { kind: 'imported', yaml: yamlOf(translation), notes: [...notes, ...ignored] };
  } catch (fault) {
    if (fault instanceof UnreadableSettings) return { kind: 'refused', why: fault.message };
    throw fault;
  }
}

function yamlOf({ kind, provider, channels, country, notes }: Translation): string {
  const entry = country === undefined ? {} : { 'default-country': country };
  const texts = channels.includes('sms');
  const document = new Document({
    providers: { mfa: { kind, ...provider } },
    channels: Object.fromEntries(channels.map((channel) => [channel, ['mfa']])),
    policies: [{ name: 'everyone', members: 'everyone', chain: ['phone'] }],
    gates: {
      phone: { ...entry },
      ...(texts ? { 'otp-sms': { ...entry, 'code-length': 6 } } : {}),
    },
  });
  document.commentBefore =
    ' From MfaSettings.xml. Put these sections into your configuration; docs/providers.md explains the settings.';
  if (texts) {
    const text = 'may be [phone], [otp-sms] or both, as your workflows in MIM had it.';
    comment(document, { at: ['policies'], text: `The chain ${text}` });
  }
  for (const note of notes) comment(document, note);
  return document.toString({ lineWidth: 0 });
}

/** Writes a note above the setting that it is about. */
function comment(document: Document, { at, text }: Note): void {
  const group = document.getIn(at.slice(0, -1));
  const keys = isMap(group) ? group.items.map((pair) => pair.key) : [];
  const key = keys.find((one) => isScalar(one) && one.value === at.at(-1));
  if (isScalar(key)) key.commentBefore = ` ${text}`;
}

import { Document } from 'yaml';
import { readMfaSettings, UnreadableSettings } from './mfa-settings/read.ts';
import { type Translation, translate } from './mfa-settings/translate.ts';

/** What the command prints. `yaml` goes to standard output and nothing else does. */
export type Imported =
  | { readonly kind: 'imported'; readonly yaml: string; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string };

/** Turns a MfaSettings.xml of Microsoft Identity Manager into the part of a configuration that it becomes. */
export function importMfaSettings(file: string): Imported {
  try {
    const translation = translate(readMfaSettings(file));
    return { kind: 'imported', yaml: yamlOf(translation), notes: translation.notes };
  } catch (fault) {
    if (fault instanceof UnreadableSettings) return { kind: 'refused', why: fault.message };
    throw fault;
  }
}

function yamlOf({ kind, provider, channels, country }: Translation): string {
  const entry = country === undefined ? {} : { 'default-country': country };
  const texts = channels.includes('sms');
  const document = new Document({
    providers: { mfa: { kind, ...provider } },
    channels: Object.fromEntries(channels.map((channel) => [channel, ['mfa']])),
    policy: { chain: ['phone'] },
    gates: {
      phone: { ...entry },
      ...(texts ? { 'otp-sms': { ...entry, 'code-length': 6 } } : {}),
    },
  });
  document.commentBefore =
    ' From MfaSettings.xml. Put these sections into your configuration; docs/providers.md explains the settings.\n' +
    (texts
      ? ' The chain may be [phone], [otp-sms] or both, as your workflows in MIM had it.'
      : ' Secrets are named, not kept.');
  return document.toString({ lineWidth: 0 });
}

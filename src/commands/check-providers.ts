import type { Configuration } from '../config.ts';
import type { Finding } from '../core/directory.ts';
import type { Channel, Courier, MfaProvider } from '../core/provider.ts';

/** Which provider serves what, and what nobody serves. Nothing is sent. */
export function providerFindings(
  configuration: Configuration,
  providers: ReadonlyMap<string, MfaProvider | Courier>,
): readonly Finding[] {
  const each = [...providers.keys()].map((name) => providerFinding(configuration, name));
  return [...each, ...noticeFindings(configuration)];
}

function providerFinding(configuration: Configuration, name: string): Finding {
  const subject = `providers.${name}`;
  const kind = configuration.providers[name]?.kind;
  const uses = (Object.entries(configuration.channels) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
    names.includes(name) ? [`${channel} (${names.indexOf(name) + 1} of ${names.length})`] : [],
  );
  if (uses.length > 0) return { level: 'ok', subject, detail: `${kind}, for ${uses.join(' and ')}` };
  const remedy = 'Name it in one of the channels, or take it out.';
  return { level: 'warning', subject, detail: `${kind}, used for nothing`, remedy };
}

function noticeFindings({ channels }: Configuration): readonly Finding[] {
  if (channels.email.length > 0) return [];
  return [
    {
      level: 'warning',
      subject: 'channels.email',
      detail: 'names no provider: nobody is told by mail when their account was unlocked or their password changed',
      remedy: 'Name a provider of mail.',
    },
  ];
}

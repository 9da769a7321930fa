import pino from 'pino';
import { createProviders, type Providers } from '../compose/providers.ts';
import type { Configuration } from '../config.ts';
import { systemClock } from '../core/clock.ts';
import type { Finding } from '../core/directory.ts';
import type { Channel } from '../core/provider.ts';
import { createSealer } from '../core/sealer.ts';
import type { Loaded } from '../load.ts';
import { sealingKeys } from '../settings/configured.ts';

/** Makes every provider and asks its far end how it is. Nothing is sent to anybody. */
export async function checkProviders(loaded: Loaded): Promise<readonly Finding[]> {
  const sealer = createSealer(sealingKeys(loaded.configuration));
  const log = pino({ enabled: false });
  const { providers } = await createProviders({ ...loaded, sealer, log, clock: systemClock });
  try {
    return await providerFindings(loaded.configuration, providers);
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close?.()));
  }
}

/** Which provider serves what and how its far end is, and what nobody serves. */
async function providerFindings(configuration: Configuration, providers: Providers): Promise<readonly Finding[]> {
  const each = [...providers].map(async ([name, provider]): Promise<readonly Finding[]> => {
    const probed = await provider.probe?.();
    const subject = `providers.${name}`;
    if (probed === undefined) return [providerFinding(configuration, name)];
    const { detail } = probed;
    const far: Finding = probed.ok ? { level: 'ok', subject, detail } : { level: 'problem', subject, ...probed };
    return [providerFinding(configuration, name), far];
  });
  return [...(await Promise.all(each)).flat(), ...noticeFindings(configuration)];
}

function providerFinding(configuration: Configuration, name: string): Finding {
  const subject = `providers.${name}`;
  const kind = configuration.providers[name]?.kind;
  const uses = (Object.entries(configuration.channels) as [Channel, readonly string[]][]).flatMap(([channel, names]) =>
    names.includes(name) ? [`${channel} (${names.indexOf(name) + 1} of ${names.length})`] : [],
  );
  for (const policy of configuration.policies) {
    const own = (Object.entries(policy.channels ?? {}) as [Channel, readonly string[] | undefined][]).filter(
      ([, names]) => names?.includes(name),
    );
    uses.push(...own.map(([channel]) => `${channel} of the policy ${policy.name}`));
  }
  if (uses.length > 0) return { level: 'ok', subject, detail: `${kind}, for ${uses.join(' and ')}` };
  const remedy = 'Name it in one of the channels, of all or of a policy, or take it out.';
  return { level: 'warning', subject, detail: `${kind}, used for nothing`, remedy };
}

function noticeFindings({ channels, organisation }: Configuration): readonly Finding[] {
  const unheard: Finding = {
    level: 'warning',
    subject: 'organisation.helpdesk.mail',
    detail: 'is missing: the helpdesk does not hear of people who say that something was not them',
    remedy: 'Name the address where the helpdesk reads mail.',
  };
  if (channels.email.length > 0) return organisation.helpdesk.mail === undefined ? [unheard] : [];
  return [
    {
      level: 'warning',
      subject: 'channels.email',
      detail: 'names no provider: nobody is told by mail when their account was unlocked or their password changed',
      remedy: 'Name a provider of mail.',
    },
  ];
}

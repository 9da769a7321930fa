import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import type { Directory } from '../core/directory.ts';
import type { Message } from '../core/message.ts';
import type { Letter, NoticeEvent } from '../core/notices/notices.ts';
import type { Written } from '../core/notices/outbox-worker.ts';
import { plainName } from '../core/notices/plain-name.ts';
import { PolicyAnnouncer } from '../core/policies/policy-announcer.ts';
import { administratorsOf } from '../core/staff/administrators.ts';
import type { Stores } from '../core/stores.ts';
import { type PolicyWorld, policyReader } from '../settings/policy-reading.ts';
import type { Catalogue } from '../web/catalogue.ts';
import { sayPolicyMessage } from '../web/policy-messages.ts';

/** Who tells administrators of new versions of the policies. Nothing begins before it is woken. */
export function createPolicyAnnouncer(
  world: PolicyWorld & { readonly log: Logger },
  needs: {
    readonly directory: Directory;
    readonly stores: Pick<Stores, 'policies' | 'duties'>;
    readonly clock: Clock;
    /** Told that letters lie in the outbox. */
    readonly wake: () => void;
  },
): PolicyAnnouncer {
  const { configuration, log } = world;
  const { directory, stores, clock, wake } = needs;
  const isWanted = configuration.notices['policy-changes'];
  const roles = isWanted ? (configuration.console?.roles.administrators ?? []) : [];
  return new PolicyAnnouncer({
    store: stores.policies,
    duties: stores.duties,
    read: policyReader(world),
    administrators: (signal) => administratorsOf(directory, roles, { signal }),
    clock,
    node: randomUUID(),
    announced({ letters, ...about }) {
      // What is saved in the console is in the log at once, see compose/policy-desk.ts.
      if (about.by === 'operator') log.warn({ ...about, alarm: true }, 'the policies were changed by a command');
      log.info({ version: about.version, letters }, 'administrators are told of new policies');
    },
    wake,
    report: (err) => log.warn({ err }, 'nobody could be told of new policies; it is tried again'),
  });
}

/**
 * Tells an administrator who changed the rules for everybody, when and how. Nothing was done to their own account, so
 * there is no link that closes it: the one address in it is the console's own, the same for everybody.
 * @returns undefined when there is no console any more
 */
export function writePolicyChange(
  { configuration, catalogue }: { readonly configuration: Configuration; readonly catalogue: Catalogue },
  { person, at }: Letter,
  event: Extract<NoticeEvent, { readonly kind: 'policies-changed' }>,
): Written | undefined {
  const { console, organisation } = configuration;
  if (console === undefined) return undefined;
  const { version, by, byName, changes, more = 0 } = event;
  const language = catalogue.choose(person?.language === undefined ? [] : [person.language]).tag;
  const t = catalogue.in(language);
  const zone = organisation['time-zone'];
  const format = { dateStyle: 'medium', timeStyle: 'long', ...(zone === undefined ? {} : { timeZone: zone }) } as const;
  const who = plainName(byName);
  const values = {
    version,
    name: plainName(person?.displayName ?? ''),
    organisation: plainName(organisation.name),
    who: by === 'operator' ? t('notices.policies-by-operator', { who }) : who,
    at: new Intl.DateTimeFormat(language, format).format(new Date(at)),
  };
  const sentences = changes?.map((change) => `- ${sayPolicyMessage(t, plainMessage(change))}`);
  const what = [
    ...(sentences ?? [t('notices.policies-unreadable')]),
    ...(sentences?.length === 0 ? [t('policy-pages.no-change')] : []),
    ...(more > 0 ? [`- ${t('policy-pages.more-changes', { count: more })}`] : []),
  ];
  const link = new URL(`/policies/versions/${version}`, console['public-url']).href;
  const parts = [t('notices.policies-changed', values), t('notices.policies-what'), what.join('\n')];
  const text = `${parts.join('\n\n')}\n\n${t('notices.policies-link')}\n${link}\n`;
  return { language, subject: t('notices.subjects.policies-changed', values), text };
}

/** Names of policies, groups and units are texts of whoever saved them. */
function plainMessage({ key, values = {} }: Message): Message {
  const plain = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? plainName(value) : value,
  ]);
  return { key, values: Object.fromEntries(plain) };
}

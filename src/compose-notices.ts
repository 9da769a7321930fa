import type { Logger } from 'pino';
import type { Providers } from './compose-providers.ts';
import type { Configuration } from './config.ts';
import type { Clock } from './core/clock.ts';
import { NoticeDesk } from './core/notice-desk.ts';
import type { Letter, Notices } from './core/notices.ts';
import { OutboxWorker, type Written } from './core/outbox-worker.ts';
import type { Channel, Courier } from './core/provider.ts';
import type { Stores } from './core/stores.ts';
import type { Catalogue } from './web/catalogue.ts';

export interface NoticeWorldNeeds {
  readonly configuration: Configuration;
  readonly providers: Providers;
  readonly catalogue: Catalogue;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longer than a message takes with every courier of a channel; a crash in the middle costs no more than this. */
const leaseMs = 3 * 60_000;

/** Who tells people what was done with their account, in their language, and who carries it. */
export function createNotices(needs: NoticeWorldNeeds): { readonly notices: Notices; readonly outbox: OutboxWorker } {
  const { stores, clock, log } = needs;
  const outbox = new OutboxWorker({
    store: stores.outbox,
    couriers: { email: couriersOf(needs, 'email') },
    write: async (letter) => write(needs, letter),
    audit: stores.audit,
    clock,
    leaseMs,
    report: ({ final, ...failure }) =>
      final
        ? log.error({ ...failure, alarm: true }, 'a notice was given up')
        : log.warn(failure, 'a notice did not go out; it is tried again'),
  });
  return { notices: new NoticeDesk({ clock, wake: () => outbox.wake() }), outbox };
}

/** Those that deliver a text as it is; services that make their own texts cannot tell anybody anything. */
function couriersOf({ configuration, providers }: NoticeWorldNeeds, channel: Channel): readonly Courier[] {
  return configuration.channels[channel].flatMap((name) => {
    const provider = providers.get(name);
    return provider !== undefined && 'deliver' in provider ? [provider] : [];
  });
}

function write({ configuration, catalogue }: NoticeWorldNeeds, { event, person, at }: Letter): Written {
  const { helpdesk, 'time-zone': zone } = configuration.organisation;
  const language = catalogue.choose(person?.language === undefined ? [] : [person.language]).tag;
  const t = catalogue.in(language);
  const values = {
    name: person?.displayName ?? '',
    account: person?.name ?? '',
    gate: event.kind === 'enrolment-changed' ? t(`gates.${event.gate}.name`) : '',
    helpdesk: helpdesk.phone ?? helpdesk.mail ?? t('page.helpdesk'),
    at: new Intl.DateTimeFormat(language, {
      dateStyle: 'medium',
      timeStyle: 'long',
      ...(zone === undefined ? {} : { timeZone: zone }),
    }).format(new Date(at)),
  };
  return { language, subject: t(`notices.subjects.${event.kind}`, values), text: t(`notices.${event.kind}`, values) };
}

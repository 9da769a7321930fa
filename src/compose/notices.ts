import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import type { Clock } from '../core/clock.ts';
import { NoticeDesk } from '../core/notices/notice-desk.ts';
import { NoticeLinks } from '../core/notices/notice-links.ts';
import type { Letter, NoticeEvent, Notices } from '../core/notices/notices.ts';
import { OutboxWorker, type Written } from '../core/notices/outbox-worker.ts';
import { plainName } from '../core/notices/plain-name.ts';
import type { Channel, Courier } from '../core/provider.ts';
import { type ProviderRoutes, sendSeconds } from '../core/sending/provider-route.ts';
import { destinationRefusal } from '../core/sending/sending-rules.ts';
import type { Stores } from '../core/stores.ts';
import { notMePath } from '../portals/not-me-routes.ts';
import type { Catalogue } from '../web/catalogue.ts';
import { writePolicyChange } from './policy-notices.ts';
import type { Providers } from './providers.ts';

export interface NoticeWorldNeeds {
  readonly configuration: Configuration;
  readonly providers: Providers;
  readonly routes: ProviderRoutes;
  readonly catalogue: Catalogue;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a campaign's letter should still go. */
  readonly isWanted: (campaign: string, accountId: string) => Promise<boolean>;
}

export interface NoticeWorld {
  readonly notices: Notices;
  readonly links: NoticeLinks;
  readonly outbox: OutboxWorker;
}

/** A message is not waited for longer than this with every courier of its channel. */
function patienceMs({ routes }: NoticeWorldNeeds): number {
  return 1000 * Math.max(sendSeconds(routes.email ?? []), sendSeconds(routes.sms ?? []));
}

/** Who tells people what was done with their account, in their language, and who carries it. */
export function createNotices(needs: NoticeWorldNeeds): NoticeWorld {
  const { stores, clock, log, configuration } = needs;
  const { enrolments } = stores;
  const settings = configuration.notices;
  const helpdeskMail = configuration.organisation.helpdesk.mail;
  const couriers = { email: couriersOf(needs, 'email'), sms: couriersOf(needs, 'sms') };
  const wake = (): void => outbox.wake();
  const links = new NoticeLinks({
    stores,
    clock,
    linkDays: settings['link-days'],
    ...(helpdeskMail === undefined ? {} : { helpdeskMail }),
    wake,
  });
  const outbox = new OutboxWorker({
    store: stores.outbox,
    couriers,
    write: async (letter, row) => {
      if (letter.event.kind === 'policies-changed') return writePolicyChange(needs, letter, letter.event);
      if ('campaign' in letter.event) return writeAsked(needs, letter, letter.event);
      return write(needs, letter, { ...row, link: await linkOf(needs, links, letter, row) });
    },
    audit: stores.audit,
    clock,
    patienceMs: patienceMs(needs),
    report: ({ final, ...failure }) =>
      final
        ? log.error({ ...failure, alarm: true }, 'a notice was given up')
        : log.warn(failure, 'a notice did not go out; it is tried again'),
  });
  const canText = couriers.sms.length > 0;
  const notices = new NoticeDesk({ clock, enrolments, canText, byText: settings['by-text'], wake });
  return { notices, links, outbox };
}

/** Those that deliver a text as it is; services that make their own texts cannot tell anybody anything. */
function couriersOf(needs: NoticeWorldNeeds, channel: Channel): readonly Courier[] {
  const { configuration, providers, routes } = needs;
  return configuration.channels[channel].flatMap((name) => {
    const courier = providers.get(name);
    if (courier === undefined || !('deliver' in courier)) return [];
    const rules = routes[channel]?.find(({ provider }) => provider.id === courier.id)?.rules;
    if (rules === undefined) return [];
    const deliver: Courier['deliver'] = async (message) => {
      const reason = destinationRefusal(channel, message.to, rules);
      return reason === undefined ? courier.deliver(message) : { kind: 'rejected', reason };
    };
    return [{ id: courier.id, channels: courier.channels, deliver }];
  });
}

/** Only people get a link: the helpdesk has other ways. The host is the configured one, whatever a request said. */
async function linkOf(
  { configuration }: NoticeWorldNeeds,
  links: NoticeLinks,
  letter: Letter,
  row: { readonly id: string; readonly reference: string },
): Promise<string> {
  const { person, event } = letter;
  // Who is asked to do something has nothing to take back.
  if (person === null || isForHelpdesk(event) || event.kind === 'register-again') return '';
  return new URL(notMePath(await links.issue({ ...letter, person }, row)), configuration['public-url']).href;
}

function write(
  { configuration, catalogue }: NoticeWorldNeeds,
  { event, person, at }: Letter,
  { channel, link }: { readonly channel: Channel; readonly link: string },
): Written {
  const { helpdesk, 'time-zone': zone } = configuration.organisation;
  const wanted = person?.language === undefined || isForHelpdesk(event) ? [] : [person.language];
  const language = catalogue.choose(wanted).tag;
  const t = catalogue.in(language);
  const format = { dateStyle: 'medium', timeStyle: 'long', ...(zone === undefined ? {} : { timeZone: zone }) } as const;
  const values = {
    name: person?.displayName ?? '',
    account: person?.name ?? '',
    gate: 'gate' in event ? t(`gates.${event.gate}.name`) : '',
    what: 'of' in event ? t(`notices.subjects.${event.of}`) : '',
    count: event.kind === 'failures' ? event.count : 0,
    helpdesk: helpdesk.phone ?? helpdesk.mail ?? t('page.helpdesk'),
    at: new Intl.DateTimeFormat(language, format).format(new Date(at)),
    register: new URL('/registration', configuration['public-url']).href,
    from: event.kind === 'enrolment-held' ? new Intl.DateTimeFormat(language, format).format(new Date(event.from)) : '',
  };
  const subject = t(`notices.subjects.${event.kind}`, values);
  // The address stands outside the sentence: an isolate around it would become part of it in some mail programs.
  if (channel === 'sms') return { language, subject, text: `${t('notices.text', { ...values, subject })}\n${link}` };
  const text = t(`notices.${event.kind}`, values);
  const how = event.kind === 'enrolment-held' ? t('notices.link-held') : t('notices.link');
  return { language, subject, text: link === '' ? text : `${text}\n\n${how}\n${link}\n` };
}

/**
 * What a campaign asks. Nothing was done to the account, so there is no link that closes it: the one address in it is
 * the portals' own, the same for everybody.
 */
async function writeAsked(
  { configuration, catalogue, isWanted }: NoticeWorldNeeds,
  { person }: Letter,
  { kind, campaign }: Extract<NoticeEvent, { readonly campaign: string }>,
): Promise<Written | undefined> {
  if (person === null || !(await isWanted(campaign, person.id))) return undefined;
  const { name, helpdesk } = configuration.organisation;
  const language = catalogue.choose(person.language === undefined ? [] : [person.language]).tag;
  const t = catalogue.in(language);
  const values = {
    account: person.name,
    organisation: plainName(name),
    helpdesk: helpdesk.phone ?? helpdesk.mail ?? t('page.helpdesk'),
  };
  const text = `${t(`notices.${kind}`, values)}\n\n${new URL('/registration', configuration['public-url']).href}\n`;
  return { language, subject: t(`notices.subjects.${kind}`, values), text };
}

function isForHelpdesk({ kind }: NoticeEvent): boolean {
  return kind === 'not-me' || kind === 'taken-back';
}

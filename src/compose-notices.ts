import type { Logger } from 'pino';
import type { Providers } from './compose-providers.ts';
import type { Configuration } from './config.ts';
import { MailNotices } from './core/mail-notices.ts';
import type { Catalogue } from './web/catalogue.ts';

/** Who tells people what was done with their account, in their language. */
export function createNotices(
  configuration: Configuration,
  parts: { providers: Providers; catalogue: Catalogue; log: Logger },
): MailNotices {
  const { catalogue, log, providers } = parts;
  const { helpdesk } = configuration.organisation;
  const couriers = configuration.channels.email.flatMap((name) => {
    const provider = providers.get(name);
    return provider !== undefined && 'deliver' in provider ? [provider] : [];
  });
  return new MailNotices({
    couriers,
    write: (event, account) => {
      const t = catalogue.in(catalogue.choose(account.language === undefined ? [] : [account.language]).tag);
      const gate = event.kind === 'enrolment-changed' ? t(`gates.${event.gate}.name`) : '';
      const values = { name: account.displayName, account: account.name, gate };
      const help = helpdesk.phone ?? helpdesk.mail ?? t('page.helpdesk');
      const subject = t(`notices.subjects.${event.kind}`, values);
      return { subject, text: t(`notices.${event.kind}`, { ...values, helpdesk: help }) };
    },
    report: (failure) => log.warn(failure, 'a notice did not go out'),
  });
}

import type { ProviderDefinition } from '../../core/provider.ts';
import { Mailer } from './mailer.ts';
import { smtpSettings } from './settings.ts';

/** Mail, and texts where a gateway makes them of mail. */
export const smtp: ProviderDefinition<typeof smtpSettings> = {
  kind: 'smtp',
  channels: ['email', 'sms'],
  demo: false,
  settings: smtpSettings,
  async create(settings, needs) {
    const { createTransport } = await import('nodemailer');
    const { host, port, tls, user, password } = settings;
    const ca = settings['ca-file'];
    // Silence before the greeting must be seen as that, and not as one that may have come after a mail.
    const [beforeGreeting, between] = [Math.floor(needs.timeoutMs / 4), Math.floor(needs.timeoutMs / 2)];
    const transport = createTransport({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: true,
      ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
      tls: {
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca: [needs.readFile(ca)] }),
      },
      connectionTimeout: beforeGreeting,
      greetingTimeout: beforeGreeting,
      socketTimeout: between,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    });
    return new Mailer(settings, needs.name, transport);
  },
};

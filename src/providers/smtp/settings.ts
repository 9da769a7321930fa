import { z } from 'zod';
import { isForbiddenHost } from '../../outbound/addresses.ts';

/** One mailbox and nothing else: no name, no second address, no line break or other control character (ASVS 1.3.11). */
export const mailbox = z
  .string()
  .regex(/^[^\p{Cc}\s@<>,;:"()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/u, 'must be one mail address');

/** A mail server, for notices and for gateways that turn mail into texts. TLS always. */
export const smtpSettings = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .refine((text) => !isForbiddenHost(text), 'must not be a link-local address'),
    port: z.int().min(1).max(65_535).default(587),
    /** starttls: the line becomes TLS before anything is said, or nothing is sent. implicit: TLS from the first byte (465). */
    tls: z.enum(['starttls', 'implicit']).default('starttls'),
    /** PEM of the authority that issued the server's certificate; left out, the system's authorities. */
    'ca-file': z.string().optional(),
    user: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    from: mailbox,
    /** Where a text to a number goes, for a mail-to-text gateway: {to-digits}@sms.example. Needed for texts only. */
    'sms-address': z
      .string()
      .refine((text) => text.includes('{to-digits}'), 'must hold {to-digits}')
      .refine((text) => mailbox.safeParse(text.replaceAll('{to-digits}', '1')).success, 'must be one mail address')
      .optional(),
    /** Subject of such a mail; some gateways want a password there. */
    'sms-subject': z
      .string()
      .regex(/^[^\r\n]*$/)
      .default(''),
  })
  .refine((settings) => (settings.user === undefined) === (settings.password === undefined), {
    path: ['password'],
    message: 'and user are given together or not at all',
  });

export type SmtpSettings = z.output<typeof smtpSettings>;

import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';

const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), `must be a SID that begins with ${prefix}`);
const number = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number such as +15005550006');

/** What every kind of Twilio provider needs. */
const account = {
  'account-sid': sid('AC'),
  /** Signs requests in both directions: Latchkey's to Twilio, and Twilio's reports to Latchkey. */
  'auth-token': z.string().min(1),
  /** An origin in place of Twilio's own, for a proxy or a test. */
  'api-url': z
    .url({ protocol: /^https$/ })
    .refine((url) => new URL(url).pathname === '/', 'must be an origin without a path')
    .optional(),
  /** PEM of the authority that issued that origin's certificate. */
  'ca-file': z.string().optional(),
};

/** Verify: Twilio makes the code and checks it. */
export const twilioVerifySettings = z.strictObject({
  ...account,
  'service-sid': sid('VA'),
  /** Digits, as the Verify service is set up. */
  'code-length': z.int().min(6).max(10).default(6),
});

/** Programmable Messaging: Latchkey makes the code, Twilio delivers it. */
export const twilioMessagingSettings = z
  .strictObject({
    ...account,
    /** Number, or name of the sender where a country allows one. */
    from: z.string().min(1).max(20).optional(),
    'messaging-service-sid': sid('MG').optional(),
  })
  .refine((settings) => (settings.from === undefined) !== (settings['messaging-service-sid'] === undefined), {
    path: ['from'],
    message: 'needs either from or messaging-service-sid',
  });

/** Programmable Voice: one call, confirmed by keys. Its reports come to the public URL. */
export const twilioVoiceSettings = z.strictObject({
  ...account,
  from: number,
  /** Seconds that it rings. */
  'ring-seconds': z.int().min(10).max(60).default(25),
  /** Twilio's name of the spoken language, per language of the page. */
  'spoken-languages': z.record(z.string(), z.string().min(2)).default({ en: 'en-GB', ar: 'ar-XA' }),
  /** Said when the keys were right. */
  thanks: localisedText.default({ en: 'Thank you. Go back to your screen.', ar: 'شكرًا لك. عد إلى شاشتك.' }),
  /** Said when they were not. */
  mismatch: localisedText.default({
    en: 'That is not the number on the screen. Goodbye.',
    ar: 'هذا ليس الرقم الظاهر على الشاشة. إلى اللقاء.',
  }),
});

export type TwilioAccount = Pick<
  z.output<typeof twilioVerifySettings>,
  'account-sid' | 'auth-token' | 'api-url' | 'ca-file'
>;
export type TwilioVerifySettings = z.output<typeof twilioVerifySettings>;
export type TwilioMessagingSettings = z.output<typeof twilioMessagingSettings>;
export type TwilioVoiceSettings = z.output<typeof twilioVoiceSettings>;

import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';

const sid = (prefix: string) =>
  z.string().regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), `must be a SID that begins with ${prefix}`);
const number = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number such as +15005550006');

/** What every kind of Twilio provider needs. */
const account = {
  'account-sid': sid('AC'),
  /** The account's password at Twilio, with which Twilio also signs its reports of calls. */
  'auth-token': z.string().min(1).optional(),
  /** A key in place of the token, with `api-key-secret`; Twilio's advice for production. Calls need the token as well. */
  'api-key-sid': sid('SK').optional(),
  'api-key-secret': z.string().min(1).optional(),
  /** An origin in place of Twilio's own: of a region (https://api.dublin.ie1.twilio.com), of a proxy, of a test. */
  'api-url': z
    .url({ protocol: /^https$/ })
    .refine(isOrigin, 'must be an origin without a path')
    .optional(),
  /** PEM of the authority that issued that origin's certificate. */
  'ca-file': z.string().optional(),
};

interface Credentials {
  readonly 'auth-token'?: string | undefined;
  readonly 'api-key-sid'?: string | undefined;
  readonly 'api-key-secret'?: string | undefined;
}

const wholeKey = {
  path: ['api-key-sid'],
  message: 'needs api-key-sid and api-key-secret together',
};
const someCredentials = {
  path: ['auth-token'],
  message: 'needs auth-token, or api-key-sid and api-key-secret',
};

/** Verify: Twilio makes the code and checks it. */
export const twilioVerifySettings = z
  .strictObject({
    ...account,
    'service-sid': sid('VA'),
    /** Digits, as the Verify service is set up. */
    'code-length': z.int().min(6).max(10).default(6),
  })
  .refine(hasWholeKey, wholeKey)
  .refine(hasCredentials, someCredentials);

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
  })
  .refine(hasWholeKey, wholeKey)
  .refine(hasCredentials, someCredentials);

/** Programmable Voice: one call, confirmed by keys. Its reports come to the public URL, signed with the token. */
export const twilioVoiceSettings = z
  .strictObject({
    ...account,
    'auth-token': z.string().min(1),
    from: number,
    /** Seconds that it rings. Twilio adds up to five. */
    'ring-seconds': z.int().min(10).max(60).default(25),
    /** Whether Twilio listens if a machine answers: what a machine keys in proves nothing. It costs, and delays the text. */
    'machine-detection': z.boolean().default(false),
    /**
     * Twilio's name of the spoken language, per language of the page. A language that is not here is spoken as it is
     * called when that has a region (de-DE), else with the account's own voice.
     */
    'spoken-languages': z.record(z.string(), z.string().min(2)).default({ en: 'en-GB', ar: 'ar-XA' }),
    /** Said when the keys were right. */
    thanks: localisedText.default({ en: 'Thank you. Go back to your screen.', ar: 'شكرًا لك. عد إلى شاشتك.' }),
    /** Said when they were not. */
    mismatch: localisedText.default({
      en: 'That is not the number on the screen. Goodbye.',
      ar: 'هذا ليس الرقم الظاهر على الشاشة. إلى اللقاء.',
    }),
  })
  .refine(hasWholeKey, wholeKey);

export type TwilioVerifySettings = z.output<typeof twilioVerifySettings>;
export type TwilioMessagingSettings = z.output<typeof twilioMessagingSettings>;
export type TwilioVoiceSettings = z.output<typeof twilioVoiceSettings>;
export type TwilioAccount = Pick<TwilioVerifySettings, keyof typeof account>;

function hasWholeKey(settings: Credentials): boolean {
  return (settings['api-key-sid'] === undefined) === (settings['api-key-secret'] === undefined);
}

function hasCredentials(settings: Credentials): boolean {
  return settings['auth-token'] !== undefined || settings['api-key-sid'] !== undefined;
}

function isOrigin(text: string): boolean {
  const { pathname, search, hash, username, password } = new URL(text);
  return pathname === '/' && search + hash + username + password === '';
}

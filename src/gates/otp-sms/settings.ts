import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';
import { numberEntrySettings } from '../../core/number-entry.ts';

const defaultText = {
  en: '{code} is your code to get back into your account. Never tell it to anybody.',
  ar: '{code} هو الرمز الخاص بك لاستعادة الوصول إلى حسابك. لا تخبر به أحدًا.',
};

/** What the configuration may say about the gate. */
export const otpSmsSettings = z.strictObject({
  /** Digits. Must be what the provider makes, when the provider makes the code (MIM: 6 for Azure MFA Server). */
  'code-length': z.int().min(6).max(10).default(6),
  /** Seconds; ASVS 6.5.5 allows ten minutes. */
  lifetime: z.int().min(60).max(600).default(300),
  /** Per language, with {code} where the code goes. Providers with a text of their own ignore it. */
  text: localisedText
    .refine((texts) => Object.values(texts).every((text) => text.includes('{code}')), 'each text must hold {code}')
    .default(defaultText),
  /** Messages in one flow, the first included. */
  'sends-per-flow': z.int().min(1).max(10).default(3),
  /** Seconds between two messages. */
  'seconds-between-sends': z.int().min(10).max(600).default(30),
  /** Wrong codes that use a code up. Tries in a row are counted beside this, over all codes. */
  'tries-per-code': z.int().min(1).max(10).default(5),
  ...numberEntrySettings,
});

export type OtpSmsSettings = z.output<typeof otpSmsSettings>;

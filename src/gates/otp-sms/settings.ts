import { z } from 'zod';
import { numberEntrySettings } from '../../core/gates/number-entry.ts';
import type { PurposeTexts } from '../../core/gates/purpose-text.ts';
import { localisedText } from '../../core/localised-text.ts';

const defaultTexts = {
  reset: {
    en: '{code} is your code to get back into your account. Never tell it to anybody.',
    ar: '{code} هو الرمز الخاص بك لاستعادة الوصول إلى حسابك. لا تخبر به أحدًا.',
  },
  registration: {
    en: '{code} is your code to register this number. Never tell it to anybody.',
    ar: '{code} هو الرمز الخاص بك لتسجيل هذا الرقم. لا تخبر به أحدًا.',
  },
  change: {
    en: '{code} is your code to change what you registered. Never tell it to anybody.',
    ar: '{code} هو الرمز الخاص بك لتغيير ما سجّلته. لا تخبر به أحدًا.',
  },
  console: {
    en: '{code} is your code for the console. Never tell it to anybody.',
    ar: '{code} هو الرمز الخاص بك للوحة الإدارة. لا تخبر به أحدًا.',
  },
};

const withCode = localisedText.refine(
  (texts) => Object.values(texts).every((text) => text.includes('{code}')),
  'each text must hold {code}',
);

/** What the configuration may say about the gate. */
export const otpSmsSettings = z.strictObject({
  /** Digits. Must be what the provider makes, when the provider makes the code (MIM: 6 for Azure MFA Server). */
  'code-length': z.int().min(6).max(10).default(6),
  /** Seconds; ASVS 6.5.5 allows ten minutes. */
  lifetime: z.int().min(60).max(600).default(300),
  /**
   * Per language, with {code} where the code goes: at a reset, at the registration of a number, before what is registered
   * is changed, and at the console. Providers with a text of their own ignore all of them.
   */
  text: withCode.default(defaultTexts.reset),
  'registration-text': withCode.default(defaultTexts.registration),
  'change-text': withCode.default(defaultTexts.change),
  'console-text': withCode.default(defaultTexts.console),
  /** Messages in one flow, the first included. */
  'sends-per-flow': z.int().min(1).max(10).default(3),
  /** Seconds between two messages. */
  'seconds-between-sends': z.int().min(10).max(600).default(30),
  /** Wrong codes that use a code up. Tries in a row are counted beside this, over all codes. */
  'tries-per-code': z.int().min(1).max(10).default(5),
  ...numberEntrySettings,
});

export type OtpSmsSettings = z.output<typeof otpSmsSettings>;

/** What is texted, by what it is for. */
export function textsOf(settings: OtpSmsSettings): PurposeTexts {
  return {
    reset: settings.text,
    registration: settings['registration-text'],
    change: settings['change-text'],
    console: settings['console-text'],
  };
}

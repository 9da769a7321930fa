import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';
import { numberEntrySettings } from '../../core/number-entry.ts';

const defaultText = {
  en: 'Somebody asks to get back into your account. If it is you, press the hash key. If it is not you, hang up.',
  ar: 'يطلب شخص ما استعادة الوصول إلى حسابك. إذا كنت أنت، فاضغط على مفتاح المربع. وإن لم تكن أنت، فأغلق الخط.',
};

const defaultMatchingText = {
  en: 'Somebody asks to get back into your account. If it is you, key in the number on your screen, then press the hash key. If it is not you, hang up.',
  ar: 'يطلب شخص ما استعادة الوصول إلى حسابك. إذا كنت أنت، فأدخل الرقم الظاهر على شاشتك ثم اضغط على مفتاح المربع. وإن لم تكن أنت، فأغلق الخط.',
};

/** What the configuration may say about the gate. */
export const phoneSettings = z.strictObject({
  /** What Next does while the phone still rings: go on waiting, or fail the attempt as MIM does. */
  'next-before-confirmation': z.enum(['wait', 'fail']).default('wait'),
  /** Seconds that an answered call stays good; at most ten minutes. */
  lifetime: z.int().min(60).max(600).default(300),
  /** Spoken, per language. Providers with a text of their own ignore it. */
  text: localisedText.default(defaultText),
  /**
   * Two digits on the page must be keyed in at the phone, so that a call answered blindly proves nothing. `required` does
   * not start with a provider that cannot ask for digits; `where-possible` then asks for # alone.
   */
  'number-matching': z.enum(['where-possible', 'required', 'off']).default('where-possible'),
  /** Spoken instead of `text` when digits are asked for. */
  'matching-text': localisedText.default(defaultMatchingText),
  /** Calls in one flow, the first included. */
  'calls-per-flow': z.int().min(1).max(10).default(3),
  /** Seconds between the beginnings of two calls. */
  'seconds-between-calls': z.int().min(10).max(600).default(30),
  ...numberEntrySettings,
});

export type PhoneSettings = z.output<typeof phoneSettings>;

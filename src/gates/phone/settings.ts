import { z } from 'zod';
import { numberEntrySettings } from '../../core/gates/number-entry.ts';
import type { PurposeTexts } from '../../core/gates/purpose-text.ts';
import { localisedText } from '../../core/localised-text.ts';

/** Why there is a call. */
const reasons = {
  reset: {
    en: 'Somebody asks to get back into your account.',
    ar: 'يطلب شخص ما استعادة الوصول إلى حسابك.',
  },
  registration: {
    en: 'Somebody registers this telephone for an account.',
    ar: 'يسجّل شخص ما هذا الهاتف لأحد الحسابات.',
  },
  change: {
    en: 'Somebody asks to change what is registered for your account.',
    ar: 'يطلب شخص ما تغيير ما هو مسجّل لحسابك.',
  },
  console: {
    en: 'Somebody asks to use the console with your account.',
    ar: 'يطلب شخص ما استخدام لوحة الإدارة بحسابك.',
  },
};

/** What to do then. */
const hashKey = {
  en: 'If it is you, press the hash key. If it is not you, hang up.',
  ar: 'إذا كنت أنت، فاضغط على مفتاح المربع. وإن لم تكن أنت، فأغلق الخط.',
};
const digits = {
  en: 'If it is you, key in the number on your screen, then press the hash key. If it is not you, hang up.',
  ar: 'إذا كنت أنت، فأدخل الرقم الظاهر على شاشتك ثم اضغط على مفتاح المربع. وإن لم تكن أنت، فأغلق الخط.',
};

const spoken = (purpose: keyof typeof reasons, todo: typeof hashKey) =>
  localisedText.default({ en: `${reasons[purpose].en} ${todo.en}`, ar: `${reasons[purpose].ar} ${todo.ar}` });

/** What the configuration may say about the gate. */
export const phoneSettings = z.strictObject({
  /** What Next does while the phone still rings: go on waiting, or fail the attempt as MIM does. */
  'next-before-confirmation': z.enum(['wait', 'fail']).default('wait'),
  /** Seconds that an answered call stays good; at most ten minutes. */
  lifetime: z.int().min(60).max(600).default(300),
  /**
   * Spoken, per language: at a reset, at the registration of a telephone, before what is registered is changed, and at the
   * console. Providers with a text of their own ignore all of them.
   */
  text: spoken('reset', hashKey),
  'registration-text': spoken('registration', hashKey),
  'change-text': spoken('change', hashKey),
  'console-text': spoken('console', hashKey),
  /**
   * Two digits on the page must be keyed in at the phone, so that a call answered blindly proves nothing. `required` does
   * not start with a provider that cannot ask for digits; `where-possible` then asks for # alone.
   */
  'number-matching': z.enum(['where-possible', 'required', 'off']).default('where-possible'),
  /** Spoken instead of those above when digits are asked for. */
  'matching-text': spoken('reset', digits),
  'registration-matching-text': spoken('registration', digits),
  'change-matching-text': spoken('change', digits),
  'console-matching-text': spoken('console', digits),
  /** Calls in one flow, the first included. */
  'calls-per-flow': z.int().min(1).max(10).default(3),
  /** Seconds between the beginnings of two calls. */
  'seconds-between-calls': z.int().min(10).max(600).default(30),
  ...numberEntrySettings,
});

export type PhoneSettings = z.output<typeof phoneSettings>;

/** What is spoken, by what it is for: with digits to key in, or without. */
export function textsOf(settings: PhoneSettings, text: 'text' | 'matching-text'): PurposeTexts {
  return {
    reset: settings[text],
    registration: settings[`registration-${text}`],
    change: settings[`change-${text}`],
    console: settings[`console-${text}`],
  };
}

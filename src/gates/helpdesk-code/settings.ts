import { z } from 'zod';
import { localisedText } from '../../core/localised-text.ts';

/** Also the name of its enrolment, and of its challenges. */
export const gateId = 'helpdesk-code';

const withCode = localisedText.refine((texts) => Object.values(texts).every((text) => text.includes('{code}')), {
  message: 'each text must hold {code}',
});

const personText = {
  en: '{code} is the code that your helpdesk sends you, to get back into your account. Tell it to nobody, not even the helpdesk.',
  ar: '{code} هو الرمز الذي يرسله إليك الدعم الفني لاستعادة الوصول إلى حسابك. لا تخبر به أحدًا، ولا حتى الدعم الفني.',
};

const managerText = {
  en: 'The helpdesk sends you a code for {name} ({account}), who wants to get back into the account. Make sure that it is really them, face to face or by a voice that you know, and tell them the code: {code}. It works once, and only for some minutes. If you did not expect this, tell the helpdesk.',
  ar: 'يرسل إليك الدعم الفني رمزًا لـ {name} ({account})، الذي يريد استعادة الوصول إلى الحساب. تأكد أنه هو حقًا، وجهًا لوجه أو بصوت تعرفه، وأخبره بالرمز: {code}. يعمل الرمز مرة واحدة ولدقائق قليلة فقط. إن لم تتوقع هذا فأبلغ الدعم الفني.',
};

/** What the configuration may say about the gate. */
export const helpdeskCodeSettings = z.strictObject({
  /** Digits. Providers that make codes themselves must make as many. */
  'code-length': z.int().min(8).max(10).default(8),
  /** Seconds; ASVS 6.5.5 allows ten minutes. */
  lifetime: z.int().min(60).max(600).default(600),
  /** What the person is texted, per language, with {code} where the code goes. */
  text: withCode.default(personText),
  /** What their manager is mailed; {name} and {account} say for whom it is. */
  'manager-text': withCode.default(managerText),
  'manager-subject': localisedText.default({
    en: 'A code for somebody in your team',
    ar: 'رمز لشخص في فريقك',
  }),
});

export type HelpdeskCodeSettings = z.output<typeof helpdeskCodeSettings>;

import { z } from 'zod';

const httpsUrl = z
  .url({ protocol: /^https$/ })
  .refine((text) => !/[?#]/.test(text), 'must have no query: five characters of a hash are put at its end')
  .transform((text) => (text.endsWith('/') ? text : `${text}/`));

/** What Latchkey asks of new passwords itself. */
export const passwordSettings = z.strictObject({
  'min-length': z.int().min(0).max(127).default(0),
  words: z.array(z.string().trim().min(3).max(40)).max(500).default([]),
  'min-score': z.int().min(0).max(4).default(0),
  breached: z
    .strictObject({
      file: z.string().optional(),
      'range-url': httpsUrl.optional(),
      'range-ca-file': z.string().optional(),
      'on-fault': z.enum(['allow', 'refuse']).default('allow'),
    })
    .prefault({}),
});

export type PasswordSettings = z.output<typeof passwordSettings>;

import { z } from 'zod';
import { isForbiddenHost } from '../../outbound/addresses.ts';
import { unknownPlaceholders } from './template.ts';

/** Text with placeholders in braces: {to}, {to-digits}, {text}, {reference}, {language}. */
const template = z.string().refine((text) => unknownPlaceholders(text).length === 0, {
  error: (issue) => `has a placeholder that does not exist: ${unknownPlaceholders(String(issue.input)).join(', ')}`,
});
const json: z.ZodType<JsonTemplate> = z.lazy(() =>
  z.union([template, z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

/** JSON whose texts are templates. */
export type JsonTemplate =
  | string
  | number
  | boolean
  | null
  | readonly JsonTemplate[]
  | { readonly [name: string]: JsonTemplate };

const body = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('json'), value: json }),
  z.strictObject({ kind: z.literal('form'), fields: z.record(z.string(), template) }),
  z.strictObject({ kind: z.literal('xml'), document: template }),
]);

/** What an answer must be. Every part that is named must fit. */
const condition = z
  .strictObject({
    status: z.array(z.int().min(200).max(599)).min(1).optional(),
    /** A value in a JSON answer: names and places with dots between, such as messages.0.status. */
    json: z
      .strictObject({
        path: z.string().min(1),
        'one-of': z.array(z.union([z.string(), z.number(), z.boolean()])).min(1),
      })
      .optional(),
    /** What the answer holds as it stands. */
    contains: z.string().min(1).optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'needs at least one of status, json and contains');

export type Condition = z.output<typeof condition>;

const headerName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header');
const headerValue = template.refine((text) => !/[\r\n\0]/.test(text), 'must be one line');

/** A gateway for texts, described. */
export const httpSettings = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT']).default('POST'),
  /** https only. Without placeholders: what changes stands in `query` or `body`. */
  url: z
    .url({ protocol: /^https$/ })
    .refine((text) => !isForbiddenHost(new URL(text).hostname), 'must not be a link-local address'),
  query: z.record(z.string(), template).default({}),
  headers: z.record(headerName, headerValue).default({}),
  body: body.optional(),
  basic: z.strictObject({ user: z.string().min(1), password: z.string() }).optional(),
  /** PEM of the authority that issued the gateway's certificate; left out, the system's authorities. */
  'ca-file': z.string().optional(),
  'certificate-file': z.string().optional(),
  'key-file': z.string().optional(),
  /** The text is on its way. */
  success: condition,
  /** The gateway will not reach this number, and sent nothing. */
  rejected: condition.optional(),
  /** It serves nobody now, and sent nothing: credit, rate, credentials. 401, 402, 403 and 429 always mean that. */
  'out-of-service': condition.optional(),
});

export type HttpSettings = z.output<typeof httpSettings>;

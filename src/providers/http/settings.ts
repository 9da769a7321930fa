import { z } from 'zod';
import { isForbiddenHost } from '../../outbound/addresses.ts';
import { isTemplate } from './template.ts';

/** Text with placeholders in braces. A wrong one is not repeated: the text may be a secret. */
const template = z
  .string()
  .refine(
    (text) => isTemplate(text),
    'must have no other placeholders than {to}, {to-digits}, {text}, {reference} and {language}',
  );
/** Texts are not for addresses, which stand in logs; and what is left cannot be a step up to another folder. */
const addressTemplate = z
  .url({ protocol: /^https$/ })
  .refine((text) => !isForbiddenHost(hostOf(text)), 'must not be a link-local address')
  .refine((text) => !/[{}]/.test(authorityOf(text)), 'must name its host without a placeholder')
  .refine(
    (text) => isTemplate(text, ['to', 'to-digits', 'reference', 'language']),
    'must have no other placeholders than {to}, {to-digits}, {reference} and {language}',
  );
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
  z.strictObject({ kind: z.literal('text'), text: template }),
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
export const httpSettings = z
  .strictObject({
    method: z.enum(['GET', 'POST', 'PUT']).default('POST'),
    /** https only. Placeholders may stand behind the host. */
    url: addressTemplate,
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
  })
  .refine((settings) => (settings['certificate-file'] === undefined) === (settings['key-file'] === undefined), {
    path: ['key-file'],
    message: 'and certificate-file are given together or not at all',
  });

export type HttpSettings = z.output<typeof httpSettings>;

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}

/** As it is written, before anything is read into it. */
function authorityOf(url: string): string {
  return /^[a-z]+:\/*([^/?#\\]*)/i.exec(url)?.[1] ?? '';
}

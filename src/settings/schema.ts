import { isIP } from 'node:net';
import { z } from 'zod';
import { sealingSecret } from '../core/sealer.ts';
import { sendingSettings } from '../core/sending/sending-rules.ts';
import type { Definitions } from '../definitions.ts';
import { activeDirectorySettings } from '../directories/active-directory/settings.ts';
import { passwordSettings } from '../passwords/settings.ts';
import { storeSettings } from '../stores/settings.ts';
import { auditSettings } from './audit-settings.ts';
import { consoleSettings } from './console-settings.ts';
import { limitSettings } from './limit-settings.ts';
import { policyListSchema } from './policy-settings.ts';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

const publicUrl = z
  .url()
  .transform((text) => new URL(text))
  .refine((url) => url.pathname === '/' && url.search === '' && url.hash === '', 'must be an origin without a path')
  .refine(
    (url) => url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.has(url.hostname)),
    'must begin with https:// (http:// only for localhost)',
  );

const webLink = z.url({ protocol: /^https$/ });
const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #0b6b50');
const keyId = z.string().regex(/^[0-9A-Za-z_-]{1,32}$/, 'must be 1 to 32 of 0-9, A-Z, a-z, _ and -');
const keyList = z.array(z.strictObject({ id: keyId, secret: secretKey() })).min(1);

const organisation = z.strictObject({
  name: z.string().min(1).max(80),
  'logo-file': z.string().optional(),
  colours: z.strictObject({ light: colour, 'light-text': colour, dark: colour, 'dark-text': colour }).optional(),
  helpdesk: z
    .strictObject({
      phone: z.string().max(40).optional(),
      mail: z.email().optional(),
      hours: z.string().max(80).optional(),
    })
    .default({}),
  'privacy-url': webLink.optional(),
  'time-zone': z.string().refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin').optional(),
});

const enrolment = z
  .strictObject({
    'hold-hours': z.int().min(0).max(168).default(0),
    'hold-first': z.boolean().default(false),
    'fresh-minutes': z.int().min(1).max(60).default(10),
  })
  .prefault({});

const notices = z
  .strictObject({
    'by-text': z.boolean().default(false),
    'link-days': z.int().min(1).max(30).default(7),
    'after-failures': z.int().min(2).max(100).default(5),
    'policy-changes': z.boolean().default(true),
  })
  .prefault({});

const listenFields = {
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  tls: z.strictObject({ 'certificate-file': z.string(), 'key-file': z.string() }).optional(),
};
const zone = z.enum(['intranet', 'extranet']);
const listen = z.strictObject({ ...listenFields, zone: zone.default('extranet') });
const moreListeners = z
  .array(z.strictObject({ 'public-url': publicUrl, ...listenFields, zone }))
  .max(20)
  .default([]);

const range = z.string().refine(isRange, 'must be an address or a range such as 10.1.0.0/16');
const proxy = z
  .string()
  .refine(isProxy, 'must be an address, a range such as 10.1.0.0/16, or one of loopback, linklocal, uniquelocal');

const directory = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('demo') }),
  activeDirectorySettings.safeExtend({ kind: z.literal('active-directory') }),
]);

/** A provider's own settings, with all that it demands of them, and those that every provider has. */
function providerSchema({ settings, kind }: Definitions['providers'][number]) {
  const common = { ...sendingSettings, kind: z.literal(kind) };
  return settings.safeExtend(common) as unknown as z.ZodObject<typeof common>;
}

/** The whole configuration file, with the settings of the gates and providers that are known. */
export function configurationSchema(definitions: Definitions) {
  const providerKinds = definitions.providers.map(providerSchema);
  const gateSettings = Object.fromEntries(
    definitions.gates.map((gate) => [gate.id, gate.settings.optional()]),
  ) as Record<string, z.ZodType>;
  return z.strictObject({
    'public-url': publicUrl,
    listen,
    'more-listeners': moreListeners,
    'trusted-proxies': z.array(proxy).default([]),
    organisation,
    languages: z
      .array(z.string().regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en'))
      .min(1)
      .default(['en']),
    keys: z.union([z.literal('ephemeral'), keyList]),
    'mac-key': z.string().optional(),
    store: storeSettings,
    directory,
    packages: z.array(z.string()).default([]),
    providers: z
      .record(
        z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be made of a to z, 0 to 9 and dashes'),
        z.discriminatedUnion('kind', providerKinds as [(typeof providerKinds)[number], ...typeof providerKinds]),
      )
      .default({}),
    channels: z
      .strictObject({
        sms: z.array(z.string()).default([]),
        voice: z.array(z.string()).default([]),
        email: z.array(z.string()).default([]),
      })
      .prefault({}),
    notices,
    enrolment,
    gates: z.strictObject(gateSettings).default({}),
    policies: policyListSchema(definitions),
    'policies-in': z.enum(['file', 'store']).default('file'),
    limits: limitSettings(range),
    console: consoleSettings({
      publicUrl,
      tls: listenFields.tls,
      gates: definitions.gates.map((gate) => gate.id),
    }).optional(),
    audit: auditSettings.prefault({}),
    password: passwordSettings.prefault({}),
    log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  });
}

export type Configuration = z.output<ReturnType<typeof configurationSchema>>;

/** The console's settings, where there is one. */
export type ConsoleSettings = NonNullable<Configuration['console']>;

function secretKey() {
  return z.string().transform((text, context) => {
    try {
      return sealingSecret(text);
    } catch (fault) {
      context.addIssue({ code: 'custom', message: fault instanceof Error ? fault.message : 'not a key' });
      return z.NEVER;
    }
  });
}

/** What Express can trust; a range that holds every address would trust everybody. */
function isProxy(text: string): boolean {
  return ['loopback', 'linklocal', 'uniquelocal'].includes(text) || isRange(text);
}

function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (bits === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

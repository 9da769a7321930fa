import { isIP } from 'node:net';
import { z } from 'zod';

/** The global catalogue: read-only, and without the attributes that Latchkey lives on. */
const catalogPorts = new Set(['3268', '3269']);

const hostAndPort = /^\[?([^\]]+?)\]?:\d{1,5}$/;

const serverUrl = z
  .string()
  .refine((text) => /^ldaps?:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text), {
    error: 'must be ldaps://host[:port] or ldap://host[:port], with nothing after it',
  })
  .refine((text) => !catalogPorts.has(portOf(text)), {
    error: 'is a global catalogue port (3268, 3269), which takes no writes: use 636, or 389 with starttls',
  });

const dnsName = z.string().regex(/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/i, {
  error: 'must be a DNS name such as corp.example.com',
});

const nameserver = z.string().refine((text) => isIP(text) !== 0 || isIP(hostAndPort.exec(text)?.[1] ?? '') !== 0, {
  error: 'must be an address, or address:port ([address]:port for IPv6)',
});

const discovery = z.strictObject({
  /** DNS name of the domain whose controllers are looked for. */
  domain: dnsName,
  /** Active Directory site whose controllers come first. */
  site: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, { error: 'must be the name of a site' })
    .optional(),
  /** Hosts must lie below one of these; below `domain` when none is named. */
  suffixes: z.array(dnsName).default([]),
  /** Of every server that is found: records tell only the port of plain LDAP. */
  'ldaps-port': z
    .int()
    .min(1)
    .max(65_535)
    .refine((port) => !catalogPorts.has(String(port)), { error: 'is a global catalogue port, which takes no writes' })
    .default(636),
  /** Name servers to ask, as address or address:port; the system's when none is named. */
  nameservers: z.array(nameserver).default([]),
});

export type DiscoverySettings = z.output<typeof discovery>;

/**
 * What the configuration says about an Active Directory. Every connection is TLS and every certificate is verified:
 * there is no setting for anything else.
 */
export const activeDirectorySettings = z
  .strictObject({
    /** Domain controllers of one domain, in order of preference; before those that `discovery` finds. */
    urls: z.array(serverUrl).default([]),
    discovery: discovery.optional(),
    /** Upgrade ldap:// connections with StartTLS before anything else is sent. */
    starttls: z.boolean().default(false),
    /** PEM file with the certificates to trust; the system's own when not named. */
    'ca-file': z.string().min(1).optional(),
    /** Distinguished name of the domain, such as DC=corp,DC=example,DC=com. */
    'base-dn': z.string().regex(/^DC=/i, { error: 'must begin with DC=' }),
    /** Where people are, and all that Latchkey sees; the whole domain when not named. */
    'people-base': z.string().min(1).optional(),
    /** NetBIOS name, as people type it before the backslash. */
    domain: z.string().regex(/^[^\\/:*?"<>|.@\s]{1,15}$/, { error: 'must be a NetBIOS domain name' }),
    /** The service account: its principal name, DOMAIN\name, or distinguished name. */
    'bind-account': z.string().min(1),
    'bind-password': z.string().min(1).optional(),
    /** Holds the password instead; looked at again when it changes. */
    'bind-password-file': z.string().min(1).optional(),
    /** Milliseconds that one call may take in all. */
    'operation-timeout-ms': z.int().min(100).max(120_000).default(8000),
    /**
     * Milliseconds for one page of a walk over everybody. Active Directory itself gives up a question after 120 s
     * (MaxQueryDuration). Less than the duties are held for.
     */
    'walk-timeout-ms': z.int().min(100).max(240_000).default(120_000),
    /** Milliseconds that one connection may take, TLS and bind included. */
    'connect-timeout-ms': z.int().min(100).max(60_000).default(3000),
    /** Connections to each server. */
    'pool-size': z.int().min(1).max(64).default(4),
    /** sAMAccountNames of more groups whose members, nested too, are privileged. */
    'privileged-groups': z.array(z.string().min(1)).default([]),
  })
  .superRefine((settings, context) => {
    const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if (settings.urls.length === 0 && settings.discovery === undefined) {
      issue('urls', 'must name a server, unless discovery finds them');
    }
    const passwords = [settings['bind-password'], settings['bind-password-file']].filter((one) => one !== undefined);
    if (passwords.length === 0) issue('bind-password', 'is missing: name it, or its file in bind-password-file');
    if (passwords.length === 2) issue('bind-password-file', 'cannot stand beside bind-password: leave one out');
    settings.urls.forEach((url, index) => {
      const plain = /^ldap:/i.test(url);
      if (plain === settings.starttls) return;
      const message = plain ? 'is not encrypted: use ldaps://, or set starttls: true' : 'starttls needs ldap://';
      context.addIssue({ code: 'custom', path: ['urls', index], message });
    });
  });

export type ActiveDirectorySettings = z.output<typeof activeDirectorySettings>;

function portOf(text: string): string {
  return URL.canParse(text) ? new URL(text).port : '';
}

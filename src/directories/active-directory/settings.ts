import { z } from 'zod';

/** The global catalogue: read-only, and without the attributes that Latchkey lives on. */
const catalogPorts = new Set(['3268', '3269']);

const serverUrl = z
  .string()
  .refine((text) => /^ldaps?:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text), {
    error: 'must be ldaps://host[:port] or ldap://host[:port], with nothing after it',
  })
  .refine((text) => !catalogPorts.has(portOf(text)), {
    error: 'is a global catalogue port (3268, 3269), which takes no writes: use 636, or 389 with starttls',
  });

/**
 * What the configuration says about an Active Directory. Every connection is TLS and every certificate is verified:
 * there is no setting for anything else.
 */
export const activeDirectorySettings = z
  .strictObject({
    /** Domain controllers of one domain, in order of preference. */
    urls: z.array(serverUrl).min(1),
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
    'bind-password': z.string().min(1),
    /** Milliseconds that one call may take in all. */
    'operation-timeout-ms': z.int().min(100).max(120_000).default(8000),
    /** Milliseconds that one connection may take, TLS and bind included. */
    'connect-timeout-ms': z.int().min(100).max(60_000).default(3000),
    /** Connections to each server. */
    'pool-size': z.int().min(1).max(64).default(4),
    /** sAMAccountNames of more groups whose members, nested too, are privileged. */
    'privileged-groups': z.array(z.string().min(1)).default([]),
  })
  .superRefine((settings, context) => {
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

import { z } from 'zod';

/** The direct SDK of Azure MFA, pf_auth. Microsoft's own service has ended, so where it answers is a setting. */
export const azureMfaSdkSettings = z.strictObject({
  /** One or two addresses. The second is tried when certainly nothing reached the first. */
  targets: z
    .array(z.url({ protocol: /^https$/ }))
    .min(1)
    .max(2),
  /** cert_key.p12: the certificate that proves the licence. Old encryption (RC2, 3DES) is read as well. */
  'p12-file': z.string(),
  /** ASCII: what lies beyond is encoded in two ways in such files, and only one of them is read. */
  'p12-password': z
    .string()
    .regex(/^[\x20-\x7e]*$/, 'must be made of ASCII characters: export the file with another password'),
  'licence-key': z.string().min(1),
  'group-key': z.string().min(1),
  /** PEM of the authority that issued the targets' certificates; left out, the system's authorities. */
  'ca-file': z.string().optional(),
  /** Stands in the service's reports; one for all calls, as MIM had it. */
  username: z.string().min(1),
  'application-name': z.string().min(1).default('Latchkey'),
  hostname: z.string().min(1).default('latchkey'),
  'ip-address': z.ipv4().default('127.0.0.1'),
  'allow-international-calls': z.boolean().default(true),
});

export type AzureMfaSdkSettings = z.output<typeof azureMfaSdkSettings>;

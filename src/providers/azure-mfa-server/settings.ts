import { z } from 'zod';

/** How Latchkey proves itself to IIS. */
const authentication = z.discriminatedUnion('kind', [
  /** A member of “PhoneFactor Admins”, with Basic authentication switched on for the site. */
  z.strictObject({ kind: z.literal('basic'), user: z.string().min(1), password: z.string().min(1) }),
  /** A certificate that IIS maps to such a member. PEM files. */
  z.strictObject({ kind: z.literal('certificate'), 'certificate-file': z.string(), 'key-file': z.string() }),
]);

/**
 * A connection to Azure MFA Server's Web Service SDK. Windows authentication, which MIM's page sets up, is not offered:
 * no library for NTLM is kept up, and IIS takes Basic or a client certificate over TLS just as well.
 */
export const azureMfaServerSettings = z.strictObject({
  /** Address of PfWsSdk.asmx, as LOCMFASRV has it. */
  url: z.url({ protocol: /^https$/ }),
  /** PEM of the authority that issued the server's certificate; left out, the system's authorities. */
  'ca-file': z.string().optional(),
  auth: authentication,
  /** The enabled user of the MFA Server under whose name all calls go out. */
  username: z.string().min(1),
  /** Stands in the server's reports. */
  'application-name': z.string().min(1).default('Latchkey'),
  /** Address that stands in the server's reports as the caller's. */
  'ip-address': z.ipv4().default('127.0.0.1'),
});

export type AzureMfaServerSettings = z.output<typeof azureMfaServerSettings>;

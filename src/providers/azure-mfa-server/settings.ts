import { z } from 'zod';

/** How Latchkey proves itself to IIS. */
const authentication = z.discriminatedUnion('kind', [
  /** A member of “PhoneFactor Admins”, with Basic authentication switched on for the site. */
  z.strictObject({ kind: z.literal('basic'), user: z.string().min(1), password: z.string().min(1) }),
  /** A certificate that IIS maps to such a member. PEM files. */
  z.strictObject({ kind: z.literal('certificate'), 'certificate-file': z.string(), 'key-file': z.string() }),
  /**
   * Windows authentication with Kerberos, as MIM used it. Who asks is said by the process's client keytab or ticket
   * cache (KRB5_CLIENT_KTNAME, KRB5CCNAME), as to every program that speaks Kerberos.
   */
  z.strictObject({
    kind: z.literal('negotiate'),
    /** Name of the service; left out, HTTP@ and the host of `url`. */
    spn: z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/,
        'must be like HTTP@mfa.corp.example.com',
      )
      .optional(),
    /** Which account of the keytab; left out, the first one. */
    principal: z
      .string()
      .regex(/^[^\s@]+@[^\s@]+$/, 'must be like svc-latchkey@CORP.EXAMPLE.COM')
      .optional(),
  }),
]);

/**
 * A connection to Azure MFA Server's Web Service SDK. Of Windows authentication, NTLM is left out: no library for it is
 * kept up, and a domain that has Kerberos does not need it.
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

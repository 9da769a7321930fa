import { z } from 'zod';
import { syslogFacilities } from '../outbound/syslog-message.ts';

const syslog = z
  .strictObject({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535).default(6_514),
    /** PEM file of the authorities that may have signed the server's certificate; the system's when left out. */
    'ca-file': z.string().min(1).optional(),
    /** For a server that wants to know its clients: certificate and key in PEM, both or neither. */
    'certificate-file': z.string().min(1).optional(),
    'key-file': z.string().min(1).optional(),
    format: z.enum(['cef', 'jsonl']).default('cef'),
    facility: z.enum(Object.keys(syslogFacilities) as [keyof typeof syslogFacilities]).default('authpriv'),
    /** How many rows are sent once more when a connection was lost. */
    'resend-rows': z.int().min(0).max(10_000).default(100),
    /** Rows that may wait; the alarm is raised at 80 % of it. */
    'backlog-alarm': z.int().min(10).max(10_000_000).default(10_000),
    /** Minutes that a row may wait before the alarm is raised. */
    'backlog-alarm-minutes': z.int().min(1).max(10_080).default(60),
  })
  .refine((given) => (given['certificate-file'] === undefined) === (given['key-file'] === undefined), {
    message: 'certificate-file and key-file are given together',
    path: ['key-file'],
  });

/** How the audit is signed, and where it is sent. */
export const auditSettings = z.strictObject({
  /** PEM file of an Ed25519 private key. Without it no head is signed. */
  'signing-key-file': z.string().min(1).optional(),
  /** PEM files of the public keys that heads were signed with before. */
  'former-public-key-files': z.array(z.string().min(1)).max(20).default([]),
  'sign-every-minutes': z.int().min(1).max(1_440).default(60),
  'sign-every-rows': z.int().min(10).max(100_000).default(1_000),
  syslog: syslog.optional(),
});

export type SyslogSettings = z.output<typeof syslog>;

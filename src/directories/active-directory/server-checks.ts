import type { Finding } from '../../core/directory.ts';
import type { LatchkeyError } from '../../core/errors.ts';
import type { Connection } from './connection.ts';
import type { ServerAddress } from './server-address.ts';
import { ServiceAccountRefused } from './service-account.ts';

/** A certificate that ends sooner than this is worth a warning. */
const soonDays = 30;
/** And sooner than this, a problem. */
const lateDays = 7;
const dayMs = 86_400_000;

/** What is found about one server that a connection was made to. */
export function serverFindings(connection: Connection, now: Date): readonly Finding[] {
  const { url } = connection.address;
  return [
    { level: 'ok', subject: url, detail: 'answers over TLS with a certificate that is trusted' },
    certificateFinding(url, connection.certificateExpires, now),
    { level: 'ok', subject: `${url}: service account`, detail: 'is accepted' },
    hintsFinding(url, connection.traits.policyHints),
  ];
}

/** Nothing is configured, and the name service named nobody that is allowed. */
export const noServerFinding: Finding = {
  level: 'problem',
  subject: 'discovery',
  detail: 'the name service names no domain controller below the allowed suffixes',
  remedy: 'Check domain, suffixes and nameservers below discovery, or name servers in urls.',
};

/** Why one server cannot be used. */
export function failureFinding(address: ServerAddress, error: LatchkeyError): Finding {
  if (error instanceof ServiceAccountRefused) {
    return {
      level: 'problem',
      subject: `${address.url}: service account`,
      detail: error.message,
      remedy: 'Check bind-account and bind-password, and that the account is neither locked, expired nor disabled.',
    };
  }
  return { level: 'problem', subject: address.url, detail: error.message, remedy: remedyOf(error.message) };
}

function remedyOf(detail: string): string {
  if (/read-only domain controller/.test(detail))
    return 'Name a writable domain controller in urls; this one is never used.';
  if (/altname|Hostname\/IP/i.test(detail)) {
    return 'Use a host name in urls that the certificate names (its subjectAltName).';
  }
  if (/certificate|self.signed|issuer/i.test(detail)) {
    return "Name the authority that issued the server's certificate in ca-file, as PEM, and renew what has expired.";
  }
  return 'Check the address, the port (636, or 389 with starttls) and the firewall between here and the server.';
}

function certificateFinding(url: string, expires: Date, now: Date): Finding {
  const subject = `${url}: certificate`;
  const days = Math.floor((expires.getTime() - now.getTime()) / dayMs);
  const detail = `is valid until ${expires.toISOString()} (${days} days)`;
  if (days >= soonDays) return { level: 'ok', subject, detail };
  const level = days < lateDays ? 'problem' : 'warning';
  return { level, subject, detail, remedy: 'Renew it: when it ends, nobody can use Latchkey.' };
}

function hintsFinding(url: string, offered: string | undefined): Finding {
  const subject = `${url}: policy hints`;
  if (offered) return { level: 'ok', subject, detail: `offered (${offered}): resets are held to the password history` };
  return {
    level: 'warning',
    subject,
    detail: 'not offered: people can reset to a password that they had before',
    remedy: 'Windows Server 2008 R2 (with update 2386717) and later, or Samba 4.24 and later, offer them.',
  };
}

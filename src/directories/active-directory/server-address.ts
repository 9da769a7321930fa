import { isIP, type LookupFunction } from 'node:net';
import { type ConnectionOptions, getCACertificates } from 'node:tls';

/** One domain controller, and how its certificate is verified. */
export interface ServerAddress {
  /** As the configuration writes it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly starttls: boolean;
  readonly trusted: readonly string[];
  /** Finds the host's addresses, where the system's name service is not asked. */
  readonly lookup?: LookupFunction;
}

/** @param trusted PEM certificates; the ones of Node and of the operating system when not given */
export function serverAddress(url: string, trusted: readonly string[] = systemCertificates()): ServerAddress {
  const { protocol, hostname, port } = new URL(url);
  const starttls = protocol === 'ldap:';
  return {
    url,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (starttls ? 389 : 636) : Number(port),
    starttls,
    trusted,
  };
}

/** With it the LDAP libraries do nothing but TLS on the connection they are given. */
export function ldapsUrl(address: ServerAddress): string {
  return `ldaps://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Verification is stated, not left to Node's default, which an environment variable could turn off. */
export function tlsOptions(address: ServerAddress): ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    ...(isIP(address.host) ? {} : { servername: address.host }),
    ca: [...address.trusted],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  };
}

/** A company's own authority is usually known to the operating system only. */
export function systemCertificates(): readonly string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

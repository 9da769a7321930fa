import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Configuration } from '../config.ts';
import type { Finding } from '../core/directory.ts';
import { type Listener, listenersOf } from '../settings/listeners.ts';

const dayMs = 86_400_000;
/** A certificate that ends sooner than this is worth a warning. */
const soonDays = 30;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** How people's browsers reach the portals, and staff the console, at each listener: its public address, certificate, and the proxy before it. */
export function checkDoors(configuration: Configuration, now: Date): readonly Finding[] {
  const { console } = configuration;
  const forStaff = console && { setting: 'console', publicUrl: console['public-url'], ...console };
  const doors = [...listenersOf(configuration), ...(forStaff === undefined ? [] : [forStaff])];
  return doors.flatMap((door) => checkDoor(door, configuration, now));
}

function checkDoor(listener: Omit<Listener, 'zone'>, configuration: Configuration, now: Date): readonly Finding[] {
  const { setting, publicUrl: url, tls, host } = listener;
  if (tls !== undefined) return certificateFindings(tls, { setting, host: hostOf(url) }, now);
  if (url.protocol === 'http:') {
    const detail = `${url.origin} without TLS, for this computer only`;
    return [{ level: 'ok', subject: setting, detail }];
  }
  return [proxyFinding(configuration), plainFinding(setting, host)];
}

/** Without the brackets that IPv6 addresses have in a URL. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function proxyFinding(configuration: Configuration): Finding {
  const proxies = configuration['trusted-proxies'];
  const subject = 'trusted-proxies';
  if (proxies.length > 0) return { level: 'ok', subject, detail: `TLS ends at ${proxies.join(', ')}` };
  return {
    level: 'problem',
    subject,
    detail: 'public-url is https, listen has no tls, and no proxy is trusted: no browser would keep its session',
    remedy: "Name the reverse proxy's address in trusted-proxies, or give listen.tls a certificate.",
  };
}

function plainFinding(setting: string, host: string): Finding {
  const subject = `${setting}.host`;
  if (loopback.test(host)) return { level: 'ok', subject, detail: `${host}: only a proxy on this computer gets here` };
  return {
    level: 'warning',
    subject,
    detail: `${host} without TLS: passwords cross the network between the proxy and here unencrypted`,
    remedy: 'Give it tls, or listen on 127.0.0.1 with the proxy on the same computer.',
  };
}

function certificateFindings(
  files: { readonly 'certificate-file': string; readonly 'key-file': string },
  { setting, host }: { readonly setting: string; readonly host: string },
  now: Date,
): readonly Finding[] {
  const subject = `${setting}.tls`;
  const certificate = new X509Certificate(readFileSync(files['certificate-file']));
  const found = [validity(certificate, subject, now)];
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(files['key-file'])))) {
    const remedy = 'Name the key that the certificate was made with in key-file.';
    found.push({ level: 'problem', subject, detail: 'the key does not belong to the certificate', remedy });
  }
  if ((isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) === undefined) {
    const detail = `the certificate is not for ${host} but for ${certificate.subjectAltName ?? 'nobody'}`;
    found.push({ level: 'problem', subject, detail, remedy: 'Get one that names the host of public-url.' });
  }
  return found;
}

function validity(certificate: X509Certificate, subject: string, now: Date): Finding {
  const { validFromDate: from, validToDate: to } = certificate;
  const days = Math.floor((to.getTime() - now.getTime()) / dayMs);
  const remedy = 'Renew it: browsers turn away from a certificate that is not valid.';
  if (now < from) {
    return { level: 'problem', subject, detail: `the certificate begins only on ${from.toISOString()}`, remedy };
  }
  if (days < 0) return { level: 'problem', subject, detail: `the certificate ended on ${to.toISOString()}`, remedy };
  const detail = `the certificate is valid until ${to.toISOString()} (${days} days)`;
  return days < soonDays ? { level: 'warning', subject, detail, remedy } : { level: 'ok', subject, detail };
}

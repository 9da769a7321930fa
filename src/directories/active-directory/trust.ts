import { X509Certificate } from 'node:crypto';
import { ChangingFile } from './changing-file.ts';
import type { Report } from './outage.ts';
import { systemCertificates } from './server-address.ts';

const block = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The certificates to trust as they stand now: those of the file, or the system's own without one. The same array as
 * long as nothing changed.
 * @throws Misconfigured when the file cannot be used
 */
export function openTrust(file: string | undefined, report: Report): () => readonly string[] {
  if (file === undefined) {
    const system = systemCertificates();
    return () => system;
  }
  const held = new ChangingFile({ file, setting: 'ca-file', parse: certificatesOf, report });
  return () => held.value;
}

/** TLS would pass over what is broken without a word, and then trust nobody. */
function certificatesOf(text: string): readonly string[] {
  const found = text.match(block) ?? [];
  if (found.length === 0) throw new Error('it holds no certificate in PEM');
  if (found.length !== text.split('-----BEGIN CERTIFICATE-----').length - 1) throw new Error('it is cut off');
  for (const certificate of found) new X509Certificate(certificate);
  return found;
}

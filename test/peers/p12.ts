import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Identity } from './authority.ts';

/** A PKCS#12 file as openssl makes it: as of today, or in the encryption that files had for twenty years. */
export function makeP12(identity: Identity, password: string, encryption: 'modern' | 'legacy'): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-p12-'));
  try {
    const file = (name: string): string => path.join(folder, name);
    writeFileSync(file('cert.pem'), identity.cert);
    writeFileSync(file('key.pem'), identity.key);
    const old = ['-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    const files = ['-in', file('cert.pem'), '-inkey', file('key.pem'), '-out', file('out.p12')];
    const given = { ...process.env, P12_PASSWORD: password };
    const options = [
      'pkcs12',
      '-export',
      ...files,
      '-passout',
      'env:P12_PASSWORD',
      ...(encryption === 'legacy' ? old : []),
    ];
    execFileSync('openssl', options, { env: given, stdio: 'pipe' });
    return readFileSync(file('out.p12'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { Misconfigured } from '../../core/errors.ts';

/** PEM of a client's certificate, its key and its chain. */
export interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
}

/**
 * Opens a PKCS#12 file. Not by Node: OpenSSL 3 refuses the encryption of the files that Microsoft gave out (RC2-40 and
 * 3DES), and every file of today is read the same way here.
 * Throws Misconfigured, with what to do, when the password or the file is wrong.
 */
export async function openP12(bytes: Buffer, password: string): Promise<ClientIdentity> {
  const { default: forge } = await import('node-forge');
  const { bags, keys } = (() => {
    try {
      const p12 = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('binary')), password);
      const shrouded = p12.getBags({ bagType: forge.pki.oids.pkcs8ShroudedKeyBag ?? '' });
      const plain = p12.getBags({ bagType: forge.pki.oids.keyBag ?? '' });
      return {
        bags: p12.getBags({ bagType: forge.pki.oids.certBag ?? '' })[forge.pki.oids.certBag ?? ''] ?? [],
        keys: [...Object.values(shrouded), ...Object.values(plain)].flatMap((found) => found ?? []),
      };
    } catch {
      throw new Misconfigured('the p12 file does not open: its password is wrong, or it is no PKCS#12 file');
    }
  })();
  const key = keys[0]?.key;
  const certificates = bags.flatMap((bag) => (bag.cert ? [bag.cert] : []));
  if (!key || certificates.length === 0) {
    throw new Misconfigured('the p12 file holds no RSA key with its certificate: export both together');
  }
  const isOwn = (one: (typeof certificates)[number]): boolean =>
    'n' in key && 'n' in one.publicKey && key.n.equals(one.publicKey.n);
  const own = certificates.find(isOwn);
  if (own === undefined) throw new Misconfigured('the p12 file holds a key without its certificate');
  if (own.validity.notAfter < new Date()) {
    throw new Misconfigured(
      `the certificate in the p12 file ended on ${own.validity.notAfter.toISOString().slice(0, 10)}`,
    );
  }
  const chain = [own, ...certificates.filter((one) => one !== own)];
  return {
    cert: chain.map((one) => forge.pki.certificateToPem(one)).join(''),
    key: forge.pki.privateKeyToPem(key),
  };
}

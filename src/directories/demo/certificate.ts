import { generate } from 'selfsigned';

export interface ServerCertificate {
  readonly key: string;
  /** Its own authority too: what a client must trust. */
  readonly certificate: string;
}

/** Makes a key and a certificate for loopback that live as long as the process. */
export async function makeCertificate(commonName: string): Promise<ServerCertificate> {
  const pems = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 2, value: commonName },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key: pems.private, certificate: pems.cert };
}

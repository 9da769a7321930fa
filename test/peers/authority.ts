import { createPrivateKey } from 'node:crypto';
import { generate } from 'selfsigned';

export interface Identity {
  /** PEM */
  readonly cert: string;
  /** PEM */
  readonly key: string;
}

/** A certificate authority that lives for one test. */
export class TestAuthority {
  /** PEM of the authority's own certificate. */
  readonly ca: string;
  readonly #identity: Identity;
  /** Keys take long to make: what was issued once is given out again. */
  readonly #issued = new Map<string, Promise<Identity>>();

  /** @param name another one where two are trusted: without key identifiers they are told apart by it */
  static async create(name = 'Latchkey test authority'): Promise<TestAuthority> {
    const made = await generate([{ name: 'commonName', value: name }], {
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    return new TestAuthority({ cert: made.cert, key: made.private });
  }

  private constructor(identity: Identity) {
    this.#identity = identity;
    this.ca = identity.cert;
  }

  /** A certificate for a server of these names; addresses are names too. */
  server(names: readonly string[] = ['127.0.0.1', 'localhost'], dates: Dates = {}): Promise<Identity> {
    const altNames = names.map((name) =>
      /^[\d.]+$/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
    );
    return this.#issue(names[0] ?? 'localhost', dates, [
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ]);
  }

  client(commonName: string, dates: Dates = {}): Promise<Identity> {
    return this.#issue(commonName, dates, [{ name: 'extKeyUsage', clientAuth: true }]);
  }

  #issue(
    commonName: string,
    dates: Dates,
    extensions: NonNullable<Parameters<typeof generate>[1]>['extensions'],
  ): Promise<Identity> {
    const wanted = JSON.stringify([commonName, dates, extensions]);
    const issued = this.#issued.get(wanted) ?? this.#make(commonName, dates, extensions);
    this.#issued.set(wanted, issued);
    return issued;
  }

  async #make(
    commonName: string,
    dates: Dates,
    extensions: NonNullable<Parameters<typeof generate>[1]>['extensions'],
  ): Promise<Identity> {
    const made = await generate([{ name: 'commonName', value: commonName }], {
      ca: this.#identity,
      ...dates,
      ...(extensions === undefined ? {} : { extensions }),
    });
    return { cert: made.cert, key: createPrivateKey(made.private).export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
}

interface Dates {
  readonly notBeforeDate?: Date;
  readonly notAfterDate?: Date;
}

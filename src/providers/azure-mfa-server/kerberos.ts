import { Misconfigured } from '../../core/errors.ts';

/** A security context of GSS-API on the side that begins it (RFC 2743). */
export interface KerberosContext {
  /** True once the far end has proved who it is, where that was asked for. */
  readonly contextComplete: boolean;
  /** @param challenge base64; empty at the beginning */
  step(challenge: string): Promise<string | null>;
}

/** As much as is used of the package `kerberos`. Its work is done on threads of its own. */
export interface Kerberos {
  readonly GSS_C_MUTUAL_FLAG: number;
  readonly GSS_C_SEQUENCE_FLAG: number;
  readonly GSS_MECH_OID_KRB5: number;
  readonly GSS_MECH_OID_SPNEGO: number;
  initializeClient(service: string, options: ContextOptions): Promise<KerberosContext>;
}

export interface ContextOptions {
  readonly mechOID: number;
  readonly flags: number;
  readonly principal?: string;
}

/**
 * Loads the package, which is not installed with Latchkey: its binary comes from elsewhere or from a compiler.
 * Throws Misconfigured, with what to do, when it or the system's Kerberos library is not there.
 */
export async function loadKerberos(load: () => Promise<object> = () => import('kerberos')): Promise<Kerberos> {
  try {
    const loaded = await load();
    const kerberos = (Reflect.get(loaded, 'default') ?? loaded) as Kerberos;
    // Says whether the system's library is there: a name is read, and nobody is asked.
    await kerberos.initializeClient('HTTP@localhost', { mechOID: kerberos.GSS_MECH_OID_SPNEGO, flags: 0 });
    return kerberos;
  } catch (cause) {
    throw new Misconfigured(
      'auth.kind negotiate needs the npm package kerberos 7 and the library libgssapi_krb5, and they cannot be loaded ' +
        'here: install them as docs/providers.md says (azure-mfa-server), or choose basic or certificate',
      cause,
    );
  }
}

import { NotSent, OutOfService, Unavailable } from '../../core/errors.ts';
import type { HttpReply } from '../../outbound/http-client.ts';
import type { Proof } from './authentication.ts';
import type { Kerberos, KerberosContext } from './kerberos.ts';
import { ticketFault } from './ticket-faults.ts';

export interface NegotiatorNeeds {
  readonly kerberos: Kerberos;
  /** Name of the service as GSS-API writes it: `HTTP@host`. */
  readonly service: string;
  /** Which account of the keytab or ticket cache; the first one when left out. */
  readonly principal?: string;
  /** Milliseconds until nobody waits for a ticket any longer. */
  readonly timeoutMs: number;
}

/** Object identifier of Kerberos as it stands in a token of SPNEGO (RFC 4121 4.1), and how a message of NTLM begins. */
const kerberosMechanism = Buffer.from('06092a864886f712010202', 'hex');
const ntlmMessage = Buffer.from('NTLMSSP\0', 'latin1');

/**
 * Negotiate with Kerberos (RFC 4559): every request brings a token of its own in its first and only leg, so that nothing
 * is ever sent twice, and the server's token in the answer must prove that the server is the service. NTLM is never
 * spoken, and nothing else is tried when the server does not take the token.
 */
export class Negotiator {
  readonly #needs: NegotiatorNeeds;
  #last: Promise<unknown> = Promise.resolve();

  constructor(needs: NegotiatorNeeds) {
    this.#needs = needs;
  }

  /** Throws NotSent or OutOfService, in words for an operator, when there is no ticket. */
  async prove(): Promise<Proof> {
    const { context, token } = await this.#ticket();
    return {
      headers: { Authorization: `Negotiate ${token}` },
      confirm: (reply) => this.#confirm(reply, context),
    };
  }

  /**
   * One after the other, as the library cannot be interrupted: while no domain controller answers, one thread hangs, and
   * never all that the process has.
   */
  async #ticket(): Promise<Begun> {
    const { service, timeoutMs } = this.#needs;
    const deadline = AbortSignal.timeout(timeoutMs);
    const work = this.#last.then(() => {
      deadline.throwIfAborted();
      return this.#begin();
    });
    this.#last = work.catch(() => undefined);
    const late = new Promise<never>((_, reject) => {
      const say = `no Kerberos ticket for ${service}: no domain controller answered within ${timeoutMs / 1000} seconds`;
      deadline.addEventListener('abort', () => reject(new NotSent(say)), { once: true });
    });
    return Promise.race([work, late]);
  }

  async #begin(): Promise<Begun> {
    const { kerberos, service } = this.#needs;
    try {
      return await this.#step(kerberos.GSS_MECH_OID_SPNEGO);
    } catch (fault) {
      // SPNEGO hides why Kerberos failed: asked without it, the library says so.
      const clearer = await this.#step(kerberos.GSS_MECH_OID_KRB5).catch((again: unknown) => again);
      throw ticketFault(service, textOf(clearer instanceof Error ? clearer : fault));
    }
  }

  async #step(mechOID: number): Promise<Begun> {
    const { kerberos, service, principal } = this.#needs;
    const context = await kerberos.initializeClient(service, {
      mechOID,
      flags: kerberos.GSS_C_MUTUAL_FLAG | kerberos.GSS_C_SEQUENCE_FLAG,
      ...(principal === undefined ? {} : { principal }),
    });
    const token = (await context.step('')) ?? '';
    const bytes = Buffer.from(token, 'base64');
    if (!bytes.includes(kerberosMechanism) || bytes.includes(ntlmMessage)) {
      throw new Error('the library offered another mechanism than Kerberos, which is not used');
    }
    return { context, token };
  }

  async #confirm(reply: HttpReply, context: KerberosContext): Promise<void> {
    const asked = reply.headers['www-authenticate'] ?? '';
    if (reply.status === 401) throw new OutOfService(refusal(asked, this.#needs.service));
    const token = /(?:^|,)\s*Negotiate\s+([A-Za-z0-9+/]+=*)\s*(?:,|$)/i.exec(asked)?.[1];
    if (token === undefined) return;
    try {
      await context.step(token);
    } catch (fault) {
      throw new Unavailable(`MFA Server did not prove that it is ${this.#needs.service} (${textOf(fault)})`);
    }
    if (!context.contextComplete) throw new Unavailable(`MFA Server did not prove that it is ${this.#needs.service}`);
  }
}

interface Begun {
  readonly context: KerberosContext;
  /** base64 */
  readonly token: string;
}

/** Why a ticket was refused, by what the server asks for instead (RFC 9110 11.6.1). */
function refusal(asked: string, service: string): string {
  const schemes = [...asked.replace(/"[^"]*"/g, '""').matchAll(/(?:^|,)\s*([A-Za-z]+)(?=\s|,|$)/g)].map(
    ([, scheme = '']) => scheme,
  );
  if (schemes.some((scheme) => scheme.toLowerCase() === 'negotiate')) {
    return (
      `MFA Server does not take the Kerberos ticket for ${service} (401): look at the name of the service, at both ` +
      'clocks, and whether the account is in PhoneFactor Admins'
    );
  }
  const instead = schemes.length === 0 ? 'nothing' : schemes.join(' and ');
  return `MFA Server does not take Negotiate (401): its site asks for ${instead}, which is not sent instead`;
}

function textOf(fault: unknown): string {
  return fault instanceof Error ? fault.message.replace(/\s+/g, ' ').slice(0, 300) : String(fault);
}

import type { KerberosServer } from 'kerberos';
import { HttpClient } from '../../src/outbound/http-client.ts';
import type { TestAuthority } from './authority.ts';
import { HttpsPeer, type PeerReply, type PeerRequest } from './https-peer.ts';
import { MfaServerPeer } from './mfa-server-peer.ts';

/** What a site of IIS may do with a request, instead of asking for Negotiate and proving itself. */
export type SiteMood =
  | { readonly kind: 'asks-for'; readonly schemes: string }
  | { readonly kind: 'proves-with'; readonly token: string | undefined }
  | { readonly kind: 'redirects' };

/** What arrived, oldest first. */
export interface SeenRequest {
  readonly authorization: string;
  readonly body: string;
  readonly status: number;
  /** What the site answered to the token. */
  readonly proof?: string;
}

/** Windows authentication as IIS does it, with Kerberos and nothing else, in front of a peer that is MFA Server. */
export class NegotiatePeer extends HttpsPeer {
  readonly seen: SeenRequest[] = [];
  /** Who was let in, oldest first. */
  readonly principals: string[] = [];
  readonly inner: MfaServerPeer;
  readonly #accept: () => Promise<KerberosServer>;
  readonly #basic: string;
  readonly #http: HttpClient;
  mood: SiteMood | undefined;

  /** @param needs.service as GSS-API writes it; its keys are in the keytab that KRB5_KTNAME names */
  static async open(needs: { authority: TestAuthority; username: string; service: string }): Promise<NegotiatePeer> {
    const { authority, username } = needs;
    // Only here: where there is no domain controller for the tests, there need be no such package either.
    const { initializeServer } = (await import('kerberos')).default;
    const basic = { user: 'inside', password: 'behind the site' };
    const inner = await MfaServerPeer.open({ authority, username, basic });
    const peer = new NegotiatePeer(
      () => initializeServer(needs.service),
      inner,
      `Basic ${btoa(`${basic.user}:${basic.password}`)}`,
      {
        identity: await authority.server(),
        ca: authority.ca,
      },
    );
    await peer.listen();
    return peer;
  }

  private constructor(
    accept: () => Promise<KerberosServer>,
    inner: MfaServerPeer,
    basic: string,
    tls: ConstructorParameters<typeof HttpsPeer>[0],
  ) {
    super(tls);
    this.#accept = accept;
    this.inner = inner;
    this.#basic = basic;
    this.#http = new HttpClient({ timeoutMs: 30_000, ca: tls.ca });
  }

  /** By name: tickets are for names. */
  get url(): string {
    const url = new URL(this.inner.url);
    url.hostname = 'localhost';
    url.port = new URL(this.origin).port;
    return url.href;
  }

  override async close(): Promise<void> {
    await this.#http.close();
    await this.inner.close();
    await super.close();
  }

  protected async answer(request: PeerRequest): Promise<PeerReply> {
    const authorization = request.headers.authorization ?? '';
    const reply = await this.#judge(request, authorization);
    const proof = reply.headers?.['WWW-Authenticate'];
    this.seen.push({
      authorization,
      body: request.body,
      status: reply.status,
      ...(proof === undefined ? {} : { proof }),
    });
    return reply;
  }

  async #judge(request: PeerRequest, authorization: string): Promise<PeerReply> {
    const { mood } = this;
    if (mood?.kind === 'redirects') return { status: 307, headers: { Location: this.inner.url }, body: '' };
    if (mood?.kind === 'asks-for') return asking(mood.schemes);
    const token = /^Negotiate ([A-Za-z0-9+/=]+)$/.exec(authorization)?.[1];
    if (token === undefined) return asking('Negotiate');
    const server = await this.#accept();
    try {
      await server.step(token);
    } catch {
      return asking('Negotiate');
    }
    if (!server.contextComplete) return asking('Negotiate');
    this.principals.push(server.username);
    const proof = mood?.kind === 'proves-with' ? mood.token : (server.response ?? undefined);
    const headers = {
      'Content-Type': 'text/xml; charset=utf-8',
      ...(proof === undefined ? {} : { 'WWW-Authenticate': `Negotiate ${proof}` }),
    };
    return { ...(await this.#inside(request)), headers };
  }

  async #inside({ body, headers }: PeerRequest): Promise<PeerReply> {
    const reply = await this.#http.send({
      method: 'POST',
      url: this.inner.url,
      headers: {
        'Content-Type': headers['content-type'] ?? '',
        SOAPAction: headers.soapaction ?? '',
        Authorization: this.#basic,
      },
      body,
    });
    return { status: reply.status, body: reply.text };
  }
}

function asking(schemes: string): PeerReply {
  return { status: 401, headers: { 'WWW-Authenticate': schemes }, body: 'who are you?' };
}

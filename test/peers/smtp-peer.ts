import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { TestAuthority } from './authority.ts';

export interface SmtpPeerNeeds {
  readonly authority: TestAuthority;
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  /** Names in the certificate. */
  readonly names?: readonly string[];
}

export interface SmtpMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** At which command the server refuses, and with what. */
export interface SmtpRefusal {
  readonly at: 'mail' | 'rcpt' | 'data';
  readonly code: number;
}

/** A mail server, as smtp-server speaks it. */
export class SmtpPeer {
  readonly mails: SmtpMail[] = [];
  /** Credentials that arrived, and whether the line was TLS then. */
  readonly logins: { readonly user: string; readonly secure: boolean }[] = [];
  readonly ca: string;
  readonly #server: SMTPServer;
  #port = 0;
  #refusal: SmtpRefusal | undefined;
  #hangs = false;
  #cuts = false;

  static async open(needs: SmtpPeerNeeds): Promise<SmtpPeer> {
    const identity = await needs.authority.server(needs.names);
    const peer = new SmtpPeer(needs, identity);
    await peer.listen();
    return peer;
  }

  private constructor(needs: SmtpPeerNeeds, identity: { cert: string; key: string }) {
    this.ca = needs.authority.ca;
    this.#server = new SMTPServer({
      ...identity,
      secure: needs.tls === 'implicit',
      disabledCommands: needs.tls === 'none' ? ['STARTTLS'] : [],
      authOptional: needs.user === undefined,
      allowInsecureAuth: true,
      logger: false,
      disableReverseLookup: true,
      onConnect: (_session, done) => {
        if (!this.#hangs) done();
      },
      onAuth: (auth, session, done) => {
        this.logins.push({ user: auth.username ?? '', secure: session.secure });
        if (auth.username === needs.user && auth.password === needs.password)
          return done(null, { user: auth.username });
        done(refusal(535));
      },
      onMailFrom: (_address, _session, done) => done(this.#refused('mail')),
      onRcptTo: (_address, _session, done) => done(this.#refused('rcpt')),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const refused = this.#refused('data');
          if (refused !== null) return done(refused);
          const { mailFrom, rcptTo } = session.envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          this.mails.push({
            from,
            to: rcptTo.map((one) => one.address),
            ...parse(Buffer.concat(chunks).toString('utf8')),
          });
          if (this.#cuts) this.#cutAll();
          else done();
        });
      },
    } satisfies SMTPServerOptions);
    this.#server.on('error', () => undefined);
  }

  get port(): number {
    return this.#port;
  }

  lastText(): string {
    return this.mails.at(-1)?.text ?? '';
  }

  refuse(how: SmtpRefusal | undefined): void {
    this.#refusal = how;
  }

  /** `reset` takes a mail and cuts the line before it says so. */
  async misbehave(how: 'refuse-connections' | 'hang' | 'reset' | undefined): Promise<void> {
    if (how === 'refuse-connections') await this.close();
    else if (!this.#server.server.listening) await this.listen();
    this.#hangs = how === 'hang';
    this.#cuts = how === 'reset';
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#cutAll();
    if (this.#server.server.listening) await new Promise<void>((resolve) => this.#server.server.close(() => resolve()));
  }

  #cutAll(): void {
    for (const connection of this.#server.connections) {
      (Reflect.get(connection, '_socket') as { destroy(): void } | undefined)?.destroy();
    }
  }

  #refused(at: SmtpRefusal['at']): Error | null {
    return this.#refusal?.at === at ? refusal(this.#refusal.code) : null;
  }
}

function refusal(responseCode: number): Error {
  return Object.assign(new Error(`refused with ${responseCode}`), { responseCode });
}

function parse(source: string): Pick<SmtpMail, 'headers' | 'text'> {
  const [head = '', ...rest] = source.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = rest.join('\r\n\r\n').replace(/\r\n$/, '');
  const encoding = headers['content-transfer-encoding'];
  if (encoding === 'base64') return { headers, text: Buffer.from(body, 'base64').toString('utf8') };
  return { headers, text: encoding === 'quoted-printable' ? quotedPrintable(body) : body };
}

function quotedPrintable(body: string): string {
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

import type { Transporter } from 'nodemailer';
import { Misconfigured, NotSent, OutOfService, Unavailable } from '../../core/errors.ts';
import type { Channel, Courier, CourierMessage, DeliveryResult, ProbeResult } from '../../core/provider.ts';
import { mailbox, type SmtpSettings } from './settings.ts';

/** Mail, over a line that is TLS before anything is said. */
export class Mailer implements Courier {
  readonly id: string;
  /** Texts only where a gateway that makes them of mail is named. */
  readonly channels: readonly Channel[];
  readonly #settings: SmtpSettings;
  readonly #transport: Transporter;

  constructor(settings: SmtpSettings, id: string, transport: Transporter) {
    this.id = id;
    this.channels = settings['sms-address'] === undefined ? ['email'] : ['email', 'sms'];
    this.#settings = settings;
    this.#transport = transport;
  }

  async deliver(message: CourierMessage): Promise<DeliveryResult> {
    const { from } = this.#settings;
    const to = this.#address(message);
    if (!mailbox.safeParse(to).success) return { kind: 'rejected', reason: 'the address is not one mailbox' };
    try {
      await this.#transport.sendMail({
        from,
        to,
        envelope: { from, to },
        subject: this.#subject(message),
        text: message.text,
        messageId: `<${message.reference}@${from.slice(from.indexOf('@') + 1)}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      return { kind: 'delivered' };
    } catch (fault) {
      return resultOf(fault);
    }
  }

  async probe(): Promise<ProbeResult> {
    try {
      await this.#transport.verify();
      return { ok: true, detail: 'the mail server answers over TLS and takes the credentials' };
    } catch (fault) {
      const detail = `the mail server cannot be used (${describe(fault)})`;
      return { ok: false, detail, remedy: 'Check host, port, tls, ca-file, user and password.' };
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
  }

  #address({ channel, to }: CourierMessage): string {
    if (channel === 'email') return to;
    const template = this.#settings['sms-address'];
    if (template === undefined) throw new Misconfigured(`${this.id} has no sms-address, so it cannot send texts`);
    return template.replaceAll('{to-digits}', to.replace(/\D/g, ''));
  }

  #subject({ channel, subject = '' }: CourierMessage): string {
    return (channel === 'email' ? subject : this.#settings['sms-subject']).replace(/[\r\n]+/g, ' ');
  }
}

/** Codes of Node's TLS and of OpenSSL, which nodemailer keeps: the server did not prove who it is, and was told nothing. */
const unproved = /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_)/;
/** Before a server has greeted, and the line is TLS, nothing is handed to it. */
const early = new Set<unknown>(['CONNECT_TIMEOUT', 'GREETING_TIMEOUT', 'UPGRADE_TIMEOUT']);

/** Where in the conversation it failed tells whether a mail can have left: before the text was handed over, it cannot. */
function resultOf(fault: unknown): DeliveryResult {
  const what = `the mail server did not take it (${describe(fault)})`;
  const code = String(Reflect.get(Object(fault), 'code') ?? '');
  const reply = Number(Reflect.get(Object(fault), 'responseCode') ?? 0);
  const command = String(Reflect.get(Object(fault), 'command') ?? '');
  if (code === 'EAUTH' || code === 'ENOAUTH') throw new OutOfService(what);
  if (code === 'EENVELOPE') {
    if (reply >= 500 && command === 'RCPT TO') return { kind: 'rejected', reason: what };
    throw new NotSent(what);
  }
  if (code === 'EMESSAGE' && reply >= 400) throw new NotSent(what);
  throw code === 'EDNS' || code === 'ETLS' || neverReached(fault) ? new NotSent(what) : new Unavailable(what);
}

/** nodemailer calls a line that was cut after the mail a failed connection too: these alone are certain. */
function neverReached(fault: unknown): boolean {
  const part = (name: string): unknown => Reflect.get(Object(fault), name);
  return part('syscall') === 'connect' || early.has(part('timeoutType')) || unproved.test(String(part('originalCode')));
}

/** Codes only: a server's sentence may hold the address. */
function describe(fault: unknown): string {
  const part = (name: string): string => String(Reflect.get(Object(fault), name) ?? '');
  return (
    [part('code'), part('originalCode'), part('command'), part('responseCode')].filter(Boolean).join(' ') ||
    'no reason given'
  );
}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Configuration } from '../config.ts';
import { auditLineWriter, isWarning } from '../core/audit/audit-lines.ts';
import { AuditShipper, type AuditSink, type ShippingReport } from '../core/audit/audit-shipper.ts';
import { AuditSigner } from '../core/audit/audit-signer.ts';
import { type HeadSigner, headKey, headSigner } from '../core/audit/audit-signing.ts';
import type { Clock } from '../core/clock.ts';
import { Misconfigured } from '../core/errors.ts';
import { ReportCounter } from '../core/reports/report-counter.ts';
import type { Stores } from '../core/stores.ts';
import { syslogFrame } from '../outbound/syslog-message.ts';
import { SyslogSender } from '../outbound/syslog-sender.ts';
import type { SyslogSettings } from '../settings/audit-settings.ts';

const defaultTurnMs = 5_000;
/** A row and its frame are about a kilobyte. */
const batchRows = 500;
const patienceMs = 10_000;

const { version } = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string;
};

/** Says of itself which Latchkey wrote an export or a message. */
export { version as latchkeyVersion };

/** What is done with the audit beside the requests. */
export interface AuditWork {
  start(): void;
  /** Ends it; a turn that has begun is finished first. */
  close(): Promise<void>;
}

export interface AuditWorkParts {
  readonly stores: Pick<Stores, 'audit' | 'duties' | 'reports'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds from one turn to the next; 5 seconds when left out. */
  readonly turnMs?: number;
}

/**
 * Signs the audit's head and ships its rows, as configured, and counts them for the reports.
 * @throws Misconfigured when a file that the configuration names cannot be used
 */
export function createAuditWork(configuration: Pick<Configuration, 'audit'>, parts: AuditWorkParts): AuditWork {
  const { audit: settings } = configuration;
  const { stores, clock, log } = parts;
  const own = { audit: stores.audit, duties: stores.duties, clock, node: randomUUID() };
  const signer = configuredSigner(configuration);
  const turns: Turn[] = [];
  if (signer !== undefined) {
    const every = { everyMs: settings['sign-every-minutes'] * 60_000, everyRows: settings['sign-every-rows'] };
    const heads = new AuditSigner({ ...own, ...every, signer });
    turns.push(() => heads.turn());
  }
  if (settings.syslog !== undefined) {
    const { syslog } = settings;
    const shipper = new AuditShipper({
      ...own,
      sink: syslogSink(syslog, createSyslogSender(syslog)),
      batchRows,
      resendRows: syslog['resend-rows'],
      alarm: alarmOf(syslog),
      report: (report) => reportShipping(report, log),
    });
    turns.push((ending) => shipper.turn(ending));
  }
  const counter = new ReportCounter({ ...own, reports: stores.reports });
  turns.push((ending) => counter.turn(ending));
  return new AuditTurns(turns, { log, turnMs: parts.turnMs ?? defaultTurnMs });
}

type Turn = (ending: AbortSignal) => Promise<unknown>;

/** Runs its turns one after another, again and again. One that fails runs again, and is told of once until it is well. */
class AuditTurns implements AuditWork {
  readonly #turns: readonly Turn[];
  readonly #parts: { readonly log: Logger; readonly turnMs: number };
  readonly #ending = new AbortController();
  readonly #failing = new Set<Turn>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(turns: readonly Turn[], parts: { readonly log: Logger; readonly turnMs: number }) {
    this.#turns = turns;
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#run(), this.#parts.turnMs).unref();
    this.#run();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined;
    });
  }

  async #once(): Promise<void> {
    for (const turn of this.#turns) {
      try {
        await turn(this.#ending.signal);
        this.#failing.delete(turn);
      } catch (err) {
        if (!this.#failing.has(turn)) this.#parts.log.error({ err }, 'work on the audit failed; it is tried again');
        this.#failing.add(turn);
      }
    }
  }
}

/** The key that heads are signed with, if there is one. */
export function configuredSigner({ audit }: Pick<Configuration, 'audit'>): HeadSigner | undefined {
  const file = audit['signing-key-file'];
  return file === undefined ? undefined : fromFile('audit.signing-key-file', file, headSigner);
}

/** Every public key that a head may have been signed with. */
export function configuredHeadKeys(configuration: Pick<Configuration, 'audit'>) {
  const signer = configuredSigner(configuration);
  const former = configuration.audit['former-public-key-files'].map((file, index) =>
    fromFile(`audit.former-public-key-files.${index}`, file, headKey),
  );
  return signer === undefined ? former : [signer.publicKey, ...former];
}

/**
 * Reads what a setting, or an option, names.
 * @throws Misconfigured with the setting's path
 */
export function fromFile<Read>(setting: string, file: string, read: (text: string) => Read): Read {
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (fault) {
    throw new Misconfigured(`${setting}: ${file}: ${fault instanceof Error ? fault.message : 'cannot be read'}`, fault);
  }
}

/** The alarm is raised before as many rows wait as the operator allows: at 80 % of them. */
export function alarmOf(syslog: SyslogSettings): { readonly rows: number; readonly ms: number } {
  return { rows: syslog['backlog-alarm'] * 0.8, ms: syslog['backlog-alarm-minutes'] * 60_000 };
}

/** Throws Misconfigured when a file that the settings name cannot be read. */
export function createSyslogSender(syslog: SyslogSettings): SyslogSender {
  const read = (name: 'ca-file' | 'certificate-file' | 'key-file'): string | undefined =>
    syslog[name] === undefined ? undefined : fromFile(`audit.syslog.${name}`, syslog[name], (text) => text);
  const [ca, certificate, key] = [read('ca-file'), read('certificate-file'), read('key-file')];
  return new SyslogSender({
    host: syslog.host,
    port: syslog.port,
    patienceMs,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined || key === undefined ? {} : { identity: { certificate, key } }),
  });
}

function syslogSink(syslog: SyslogSettings, sender: SyslogSender): AuditSink {
  const lineOf = auditLineWriter(syslog.format, version);
  const from = { facility: syslog.facility, host: hostname(), process: String(process.pid) };
  return {
    deliver: (rows) =>
      sender.deliver(
        rows.map((row) => {
          const severity = isWarning(row.event) ? 4 : 6;
          return syslogFrame({ ...from, severity, at: row.at, id: row.event, text: lineOf(row) });
        }),
      ),
  };
}

function reportShipping(report: ShippingReport, log: Logger): void {
  switch (report.kind) {
    case 'lost':
      log.error(
        { alarm: 'audit-sink', err: report.fault },
        'the audit cannot be shipped; its rows wait in the store, and it is tried again',
      );
      return;
    case 'back':
      log.info('the audit is shipped again');
      return;
    case 'backlog':
      log.error({ alarm: 'audit-backlog', ...report.backlog }, 'too much of the audit waits to be shipped');
      return;
    case 'caught-up':
      log.info('the audit has caught up');
  }
}

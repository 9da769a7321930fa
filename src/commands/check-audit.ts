import { alarmOf, configuredHeadKeys, configuredSigner, createSyslogSender } from '../compose/audit.ts';
import { openConfiguredStores } from '../compose/stores.ts';
import type { Configuration } from '../config.ts';
import { type AuditBacklog, auditBacklog } from '../core/audit/audit-shipper.ts';
import { keyIdOf } from '../core/audit/audit-signing.ts';
import type { Finding } from '../core/directory.ts';
import type { SyslogSettings } from '../settings/audit-settings.ts';
import { isNew } from './check-store.ts';

const subject = 'audit';

/** Whether the audit is signed, and whether it reaches its syslog server. Sends no row. */
export async function checkAudit(configuration: Configuration): Promise<readonly Finding[]> {
  const { syslog } = configuration.audit;
  const signing = signingFinding(configuration);
  if (syslog === undefined) return [signing, { level: 'ok', subject, detail: 'is sent to no other machine' }];
  return [signing, await serverFinding(syslog), ...(await backlogFindings(configuration, syslog))];
}

function signingFinding(configuration: Configuration): Finding {
  const signer = configuredSigner(configuration);
  // Read for what is wrong with it.
  configuredHeadKeys(configuration);
  if (signer !== undefined) {
    return { level: 'ok', subject, detail: `its head is signed with the key ${keyIdOf(signer.publicKey)}` };
  }
  const detail = 'no head is signed: whoever has the database and its keys could write it anew';
  return { level: 'warning', subject, detail, remedy: 'Name an Ed25519 key in audit.signing-key-file.' };
}

async function serverFinding(syslog: SyslogSettings): Promise<Finding> {
  const where = { subject: 'audit.syslog' } as const;
  const sender = createSyslogSender(syslog);
  try {
    await sender.probe();
    return { ...where, level: 'ok', detail: `${syslog.host}:${syslog.port} takes connections over TLS` };
  } catch (fault) {
    const remedy = 'Rows wait in the store until it can be reached, by the name in its certificate, over TLS.';
    return { ...where, level: 'problem', detail: fault instanceof Error ? fault.message : String(fault), remedy };
  }
}

async function backlogFindings(configuration: Configuration, syslog: SyslogSettings): Promise<readonly Finding[]> {
  const { store } = configuration;
  if (isNew(configuration) || (store.kind === 'sqlite' && store.file === ':memory:')) return [];
  const stores = await openConfiguredStores(configuration);
  try {
    return [backlogFinding(await auditBacklog(stores), syslog)];
  } finally {
    await stores.close();
  }
}

function backlogFinding({ rows, since }: AuditBacklog, syslog: SyslogSettings): Finding {
  const alarm = alarmOf(syslog);
  const minutes = since === undefined ? 0 : Math.max(0, Math.floor((Date.now() - since.getTime()) / 60_000));
  const detail =
    rows === 0
      ? 'everything has been shipped'
      : `${rows} ${rows === 1 ? 'row waits' : 'rows wait'} to be shipped, the first for ${minutes} minutes`;
  const late = rows >= alarm.rows || minutes * 60_000 >= alarm.ms;
  if (!late) return { level: 'ok', subject: 'audit.syslog', detail };
  const remedy = 'See to it that the server is reached; the rows are kept until then.';
  return { level: 'warning', subject: 'audit.syslog', detail, remedy };
}

import type { Message } from '../message.ts';
import type { AuditRow } from './audit.ts';

/** One row of the audit about a person, as a sentence that anybody understands. */
export interface HistoryLine {
  readonly at: Date;
  readonly sequence: number;
  readonly message: Message;
  /** Why it came so, where the row says it. */
  readonly why?: Message;
  /** Id of the gate, which the sentence calls `gate`. */
  readonly gate?: string;
  /** The member of staff who did it, by name, and the reason that they gave. */
  readonly by?: string;
  readonly reason?: string;
  /** Where it came from, if that was a browser. */
  readonly address?: string;
}

/** Reasons in audit rows that people are told; what a provider or a machine says is not among them. */
export const toldReasons = [
  'unknown',
  'not-a-person',
  'disabled',
  'account-expired',
  'smartcard-required',
  'privileged',
  'no-policy',
  'barred',
  'unregistered',
  'not-you',
  'not-eligible',
  'helpdesk',
  'passwords',
  'policy',
  'stale',
  'wrong',
  'withheld',
  'locked',
  'must-change',
  'password-expired',
  'outside-hours',
  'wrong-workstation',
  'out-of-reach',
  'yourself',
  'yours',
  'too-many',
  'limit',
] as const;

/** The sentence of a row. Every event has one, `console.history.<event>`; some say more where the row does. */
export function historyLine(row: AuditRow): HistoryLine {
  const { detail = {}, gate, address, at, sequence } = row;
  const why = toldReasons.find((reason) => reason === detail.why || reason === detail.decoy);
  return {
    at,
    sequence,
    message: { key: `console.history.${sentenceOf(row)}`, values: valuesOf(row) },
    ...(why === undefined ? {} : { why: { key: `console.why.${why}` } }),
    ...(gate === undefined ? {} : { gate }),
    ...(typeof detail.byName === 'string' ? { by: detail.byName } : {}),
    ...(typeof detail.reason === 'string' ? { reason: detail.reason } : {}),
    ...(address === undefined ? {} : { address }),
  };
}

/** Names the sentence: the event, and what tells its kinds apart. */
function sentenceOf({ event, portal, detail = {} }: AuditRow): string {
  const name = event.replaceAll('.', '-');
  if (event === 'flow.started') return portal === undefined ? name : `${name}-${portal}`;
  if (event === 'gate.passed') return detail.step === 'enrol' ? `${name}-enrol` : name;
  if (event === 'account.barred' && detail.from === 'sign-in') return `${name}-sign-in`;
  if (event === 'account.barred' && portal === 'caller') return `${name}-caller`;
  if (event === 'account.barred' && detail.by === 'notice') return `${name}-not-me`;
  if (event === 'enrolment.removing' && detail.by === 'notice') return `${name}-not-me`;
  if (event === 'console.session-ending' && detail.which === 'all') return `${name}-all`;
  if (event.startsWith('write.') && typeof detail.action === 'string') return `${name}-${detail.action}`;
  return name;
}

/** Numbers alone: a text of a row may be anything, and stands apart where it is told. */
function valuesOf({ detail = {} }: AuditRow): { readonly [name: string]: number } {
  return {
    count: typeof detail.tries === 'number' ? detail.tries : typeof detail.failed === 'number' ? detail.failed : 0,
  };
}

import type { Account } from '../account.ts';
import { identityOf } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Directory } from '../directory.ts';
import { numberIn } from '../gates/enrolled-number.ts';
import { issuedCode } from '../gates/issued-code.ts';
import { inLanguage, type LocalisedText } from '../localised-text.ts';
import type { Notices } from '../notices/notices.ts';
import { plainName } from '../notices/plain-name.ts';
import type { Challenges } from '../sending/challenges.ts';
import type { Act, ActGuard, AdmittedAct } from '../staff/act-guard.ts';
import type { ActPace } from '../staff/act-pace.ts';
import type { Enrolment, EnrolmentStore } from '../stores.ts';
import type { Acted } from './helpdesk-desk.ts';

/** Where a code goes: to the number that the person registered for a gate, or to their manager's mailbox. */
export type CodeTarget = { readonly kind: 'number'; readonly gate: string } | { readonly kind: 'manager' };

export interface CodeDeskNeeds {
  readonly guard: ActGuard;
  readonly pace: ActPace;
  readonly directory: Pick<Directory, 'manager' | 'read'>;
  readonly enrolments: EnrolmentStore;
  readonly challenges: Pick<Challenges, 'begin' | 'cancel'>;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly rules: CodeRules;
}

/** How codes are made, and what goes with them. */
export interface CodeRules {
  /** Id of the gate that takes them. */
  readonly gate: string;
  readonly codeLength: number;
  readonly lifetimeSeconds: number;
  readonly text: LocalisedText;
  /** With {name} and {account}. */
  readonly managerText: LocalisedText;
  readonly managerSubject: LocalisedText;
  /** Host name of the listener where the account may enter one; undefined where no policy of theirs asks for one. */
  readonly hostFor: (account: Account) => Promise<string | undefined>;
}

/**
 * Gives out codes. Latchkey makes them and sends them where nobody of the staff has a hand in: what an agent does here
 * they cannot use themselves, so none goes to their own telephone or mailbox. Only whoever reads the person's texts, or their manager's mail, ever sees one.
 */
export class CodeDesk {
  readonly #needs: CodeDeskNeeds;

  constructor(needs: CodeDeskNeeds) {
    this.#needs = needs;
  }

  /** Whether a policy of the account asks for a code: elsewhere one would be of no use. */
  async isAskedOf(account: Account): Promise<boolean> {
    return (await this.#needs.rules.hostFor(account)) !== undefined;
  }

  /**
   * Sends a new code; the one before it is worth nothing from then on. A new code forgives no wrong answer.
   * @throws Unavailable when no provider of the channel is in service; no code has been given out then
   */
  async issue(wanted: Act, to: CodeTarget): Promise<Acted> {
    const { guard, enrolments, pace, rules } = this.#needs;
    const act = await guard.admit(wanted, 'code.issuing');
    if (act.kind === 'refused') return act;
    const { account } = act;
    const host = await rules.hostFor(account);
    if (host === undefined) return guard.refuse(act, 'code.issuing', { why: 'out-of-reach', account });
    const registered = await enrolments.registered(account.id);
    const destination = await this.#destination(account, registered, to);
    if (destination === undefined) return { kind: 'refused', why: 'no-destination' };
    if (await this.#isOwn(act, destination)) return guard.refuse(act, 'code.issuing', { why: 'yours', account });
    const before = registered.find(({ gate }) => gate === rules.gate);
    const soon = await pace.refusal(act, 'code');
    if (soon === 'too-many') return guard.refuse(act, 'code.issuing', { why: soon, account });
    if (soon !== undefined) return { kind: 'refused', why: soon };
    await guard.write('code.issuing', act, {
      gate: rules.gate,
      detail: { to: to.kind === 'manager' ? to.kind : to.gate },
    });
    if (before !== undefined) await this.#withdraw(before);
    await this.#send(act, to, host);
    this.#needs.notices.wake();
    return { kind: 'done' };
  }

  /** Where it would go now; whoever sends looks it up again. */
  async #destination(account: Account, registered: readonly Enrolment[], to: CodeTarget): Promise<string | undefined> {
    if (to.kind === 'manager') return managerAddress(this.#needs.directory, account);
    const own = registered.find(({ gate, until }) => gate === to.gate && until === undefined);
    return own && numberIn(own.data);
  }

  /** Whether whoever asks reads there: the manager themselves, somebody of the same mailbox or of the same telephone. */
  async #isOwn({ staff }: AdmittedAct, destination: string): Promise<boolean> {
    const { directory, enrolments } = this.#needs;
    const [agent, registered] = await Promise.all([directory.read(staff), enrolments.registered(staff)]);
    const own = [agent?.mail, ...registered.map(({ data }) => numberIn(data))];
    return own.some((one) => one?.toLowerCase() === destination.toLowerCase());
  }

  async #withdraw({ data }: Enrolment): Promise<void> {
    const { challenge, reference } = issuedCode(data);
    await this.#needs.challenges.cancel(challenge, { flowReference: reference, gate: this.#needs.rules.gate });
  }

  async #send({ account, reference }: AdmittedAct, to: CodeTarget, host: string): Promise<void> {
    const { challenges, enrolments, notices, clock, rules } = this.#needs;
    const { gate, codeLength, lifetimeSeconds } = rules;
    const isText = to.kind === 'number';
    const channel = isText ? 'sms' : 'email';
    const language = account.language ?? 'en';
    const challenge = await challenges.begin({
      channel,
      target: isText
        ? { kind: 'enrolled-at', accountId: account.id, gate: to.gate }
        : { kind: 'manager', accountId: account.id },
      gate,
      flowReference: reference,
      attempt: 'issued',
      language,
      codeLength,
      lifetimeSeconds,
      ...(isText ? {} : { subject: inLanguage(rules.managerSubject, language) }),
      host: isText ? host : undefined,
      text: isText ? inLanguage(rules.text, language) : told(inLanguage(rules.managerText, language), account),
    });
    const now = clock.now();
    const subject = { kind: 'account', account: identityOf(account) } as const;
    const event = { kind: 'code-issued', to: to.kind } as const;
    // A manager can be fooled as an agent can: the person hears of it on their own telephones then.
    const tell = await notices.rows({ subject, event, reference, used: isText ? [to.gate] : [] });
    const data = { challenge, reference, channel } as const;
    const until = new Date(now.getTime() + lifetimeSeconds * 1000);
    await enrolments.keep({ accountId: account.id, gate, data, provedAt: now, until }, { tell });
  }
}

/**
 * For whom a code is, in a manager's mail, which they trust. Braces of a name are no places for anything, and what people
 * are called may be what they wrote themselves: it is no address and no paragraph.
 */
function told(text: string, { displayName, name }: Account): string {
  const plain = (value: string): string => value.replaceAll(/[{}]/g, '');
  return text.replaceAll('{name}', () => plainName(plain(displayName))).replaceAll('{account}', () => plain(name));
}

/** The same, for whoever sends: read at the moment of sending. */
export function managerAddresses(
  directory: Pick<Directory, 'read' | 'manager'>,
): (accountId: string) => Promise<string | undefined> {
  return async (accountId) => {
    const account = await directory.read(accountId);
    return account && managerAddress(directory, account);
  };
}

/**
 * Where a person's manager reads mail, as the directory says now; undefined when it names none, or one who could not
 * help: the person themselves, or somebody whose account is not in use.
 */
export async function managerAddress(
  directory: Pick<Directory, 'manager'>,
  account: Account,
): Promise<string | undefined> {
  const manager = await directory.manager(account);
  if (manager === undefined || manager.id === account.id) return undefined;
  const { person, disabled, expired } = manager.state;
  return person && !disabled && !expired ? manager.mail : undefined;
}

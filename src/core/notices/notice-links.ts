import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Json } from '../json.ts';
import type { RequestContext } from '../request-context.ts';
import type { Stores } from '../stores.ts';
import type { Addressee, Letter } from './notices.ts';
import type { OutboxRow } from './outbox.ts';

/** What a link of a notice is for. Sealed in the store, under the hash of its token. */
export interface NoticeLink {
  /** The notice: every copy of it has a link of its own, and the first that is used uses them all. */
  readonly notice: string;
  readonly person: Addressee;
  readonly reference: string;
  /** What the notice told of. */
  readonly of: string;
  /** The enrolment that it told of, when that was held. */
  readonly held?: { readonly gate: string; readonly id: string };
  readonly expiresAt: Date;
}

/** What the person answers: take the held enrolment back, or bar the account until the helpdesk clears it as well. */
export type LinkAnswer = 'bar' | 'take-back';

/** What follows from using a link. */
export interface LinkEffect {
  /** The account to bar until the helpdesk clears it. */
  readonly barred?: string;
  /** The held enrolment to take back. When nobody is barred, it must still be held. */
  readonly takenBack?: { readonly accountId: string; readonly gate: string; readonly id: string };
  readonly tell: readonly OutboxRow[];
}

export interface LinkStore {
  create(token: string, link: NoticeLink): Promise<void>;
  /** Undefined alike for one that never was, was used, or is past its time. */
  read(token: string, now: Date): Promise<NoticeLink | undefined>;
  /**
   * Uses the link, and every other of its notice, together with what follows from it, in one transaction.
   * @returns false when it could not be used any more; then nothing was changed
   */
  use(token: string, now: Date, effect: LinkEffect): Promise<boolean>;
}

export interface NoticeLinksNeeds {
  readonly stores: Pick<Stores, 'links' | 'audit' | 'flows' | 'enrolments'>;
  readonly clock: Clock;
  readonly linkDays: number;
  /** Where the helpdesk reads mail; nobody is told there when left out. */
  readonly helpdeskMail?: string;
  /** Told that rows were written. */
  readonly wake: () => void;
}

const dayMs = 24 * 60 * 60_000;
const tokenPattern = /^[0-9A-Za-z_-]{43}$/;

/**
 * The way out for whoever is told of something that they did not do: a link that works once, without a sign-in. It only
 * ever takes something away, so whoever steals it gains nothing. The token is 256 random bits and only its hash is kept
 * (ASVS 6.5.2, 7.2.3); opening the link changes nothing, for mail scanners open them all.
 */
export class NoticeLinks {
  readonly #needs: NoticeLinksNeeds;

  constructor(needs: NoticeLinksNeeds) {
    this.#needs = needs;
  }

  /** Makes a link for one copy of a notice. Returns its token, which nobody else will ever know. */
  async issue(
    letter: Letter & { readonly person: Addressee },
    row: Pick<OutboxRow, 'id' | 'reference'>,
  ): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const { stores, clock, linkDays } = this.#needs;
    await stores.links.create(token, {
      notice: row.id,
      person: letter.person,
      reference: row.reference,
      of: letter.event.kind,
      ...(letter.event.kind === 'enrolment-held' ? { held: { gate: letter.event.gate, id: letter.event.held } } : {}),
      expiresAt: new Date(clock.now().getTime() + linkDays * dayMs),
    });
    return token;
  }

  /** The answers that the link would take now; none for every link that does not work, whyever. Has no effect. */
  async answers(token: string): Promise<readonly LinkAnswer[]> {
    const link = await this.#read(token);
    if (link === undefined) return [];
    const held = await this.#needs.stores.enrolments.held(link.person.id);
    return held.some(({ id }) => id === link.held?.id) ? ['take-back', 'bar'] : ['bar'];
  }

  /**
   * Does what the person answered, and tells the helpdesk. Whoever bars takes a held enrolment back as well.
   * @returns false for every link that does not work, whyever
   */
  async confirm(token: string, answer: LinkAnswer, request: RequestContext): Promise<boolean> {
    const { stores, clock } = this.#needs;
    if (!(await this.answers(token)).includes(answer)) return false;
    const link = await this.#read(token);
    if (link === undefined) return false;
    const now = clock.now();
    const { id } = link.person;
    await stores.audit.append({
      at: now,
      event: answer === 'bar' ? 'account.barred' : 'enrolment.removing',
      subject: id,
      ...(link.held === undefined ? {} : { gate: link.held.gate }),
      flow: link.reference,
      address: request.address,
      correlation: request.correlation,
      detail: { by: 'notice', of: link.of },
    });
    const used = await stores.links.use(token, now, {
      ...(answer === 'bar' ? { barred: id } : {}),
      ...(link.held === undefined ? {} : { takenBack: { accountId: id, ...link.held } }),
      tell: this.#told(link, answer, now),
    });
    if (!used) return false;
    await stores.flows.endOthers(id, '', now);
    this.#needs.wake();
    return true;
  }

  async #read(token: string): Promise<NoticeLink | undefined> {
    return tokenPattern.test(token) ? this.#needs.stores.links.read(token, this.#needs.clock.now()) : undefined;
  }

  #told({ person, reference, of }: NoticeLink, answer: LinkAnswer, now: Date): readonly OutboxRow[] {
    const kind = answer === 'bar' ? 'not-me' : 'taken-back';
    const letter: Letter = {
      to: this.#needs.helpdeskMail ?? null,
      event: { kind, of },
      person,
      at: now.getTime(),
    };
    const expiresAt = new Date(now.getTime() + this.#needs.linkDays * dayMs);
    const row = { id: randomUUID(), event: kind, reference, channel: 'email', createdAt: now, expiresAt } as const;
    return [{ ...row, body: letter as unknown as Json }];
  }
}

import { randomUUID } from 'node:crypto';
import type { Account } from '../account.ts';
import { Rounds } from '../background/rounds.ts';
import { Misconfigured } from '../errors.ts';
import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { Json } from '../json.ts';
import type { Message } from '../message.ts';
import type { Letter } from '../notices/notices.ts';
import type { OutboxRow } from '../notices/outbox.ts';
import { difference } from './policy-difference.ts';
import type { ListedPolicy } from './policy-field-changes.ts';
import type { PolicyStore, PolicyVersionHead } from './policy-store.ts';
import type { ReadPolicies } from './stored-policies.ts';

export interface PolicyAnnouncerNeeds extends HeldDutyNeeds {
  readonly store: Pick<PolicyStore, 'newest' | 'list' | 'read'>;
  readonly read: ReadPolicies;
  /** Everybody who is to hear of it, as the directory says now. */
  readonly administrators: (signal: AbortSignal) => AsyncIterable<Account>;
  /** Told once of each version and how many hear of it by mail. Must not throw. */
  readonly announced: (about: Announced) => void;
  /** Told that letters lie in the outbox. */
  readonly wake: () => void;
  /** Told of a turn that failed; the next one tries again. Must not throw. */
  readonly report: (fault: unknown) => void;
}

export interface Announced extends Pick<PolicyVersionHead, 'version' | 'by'> {
  readonly changes: number;
  readonly letters: number;
}

/** Milliseconds that a node has the duty without a sign of life: longer than a walk over everybody may take. */
const holdMs = 10 * 60_000;
/** Milliseconds after a failure in which nothing is tried: the directory has other things to do. */
const restMs = 60_000;
/** Days after which a letter helps nobody any more. */
const letterDays = 7;
/** Versions in one turn, the newest ones: nobody reads more of them by mail. */
const mostVersions = 50;
/** Sentences in one letter; the console shows all of them. */
const mostChanges = 40;

/**
 * Tells administrators by mail of each new version of the policies, so that one of them alone changes nothing unseen. It
 * goes by the versions in the store and not by whoever saves: so a save never waits for the directory, a crash forgets
 * none, and what a command saves is told as well.
 */
export class PolicyAnnouncer {
  readonly #needs: PolicyAnnouncerNeeds;
  readonly #duty: HeldDuty;
  readonly #rounds: Rounds;

  constructor(needs: PolicyAnnouncerNeeds) {
    const { clock, report } = needs;
    this.#needs = needs;
    this.#duty = new HeldDuty('policies', needs, holdMs);
    this.#rounds = new Rounds({ clock, report, restMs }, () => this.#announce());
  }

  /** Tells of what nobody was told of yet, beside whatever else happens. Never throws. */
  wake(): void {
    this.#rounds.wake();
  }

  idle(): Promise<void> {
    return this.#rounds.idle();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #announce(): Promise<void> {
    const { store } = this.#needs;
    // A look costs no write: mostly there is nothing to tell.
    if ((await store.newest()) <= (await this.#duty.read()).position) return;
    const duty = await this.#duty.take();
    if (duty === undefined) return;
    try {
      await this.#announceAfter(duty.position);
    } finally {
      await this.#duty.giveBack();
    }
  }

  async #announceAfter(position: number): Promise<void> {
    const { administrators, announced, wake } = this.#needs;
    const heads = await this.#headsAfter(position);
    const people = await Array.fromAsync(administrators(this.#rounds.ending));
    for (const head of heads) {
      const changes = await this.#changes(head);
      // The first list is what the service began with: nobody changed anything.
      const told = head.version === 1 ? [] : people.filter(({ id }) => id !== head.by);
      const tell = told.flatMap(({ mail, ...person }) =>
        mail === undefined ? [] : [this.#row(head, changes, { ...person, mail })],
      );
      // With the letters in one transaction, so that each goes once whoever dies.
      if (!(await this.#duty.move(head.version, tell))) return;
      if (head.version > 1) {
        announced({ version: head.version, by: head.by, changes: changes?.length ?? 0, letters: tell.length });
      }
      wake();
    }
  }

  /**
   * Without those that were lost, and those that are damaged and not the newest: whoever saved upon one has settled that,
   * and theirs is told.
   */
  async #headsAfter(position: number): Promise<readonly PolicyVersionHead[]> {
    const { store } = this.#needs;
    const newest = await store.newest();
    const heads: PolicyVersionHead[] = [];
    for (let version = Math.max(position, newest - mostVersions) + 1; version <= newest; version += 1) {
      try {
        heads.push(...(await store.list(1, version + 1)).filter((head) => head.version === version));
      } catch (fault) {
        if (version === newest || !(fault instanceof Misconfigured)) throw fault;
      }
    }
    return heads;
  }

  /** What the version changed; undefined when it, or the one before it, cannot be read any more. */
  async #changes({ version }: PolicyVersionHead): Promise<readonly Message[] | undefined> {
    try {
      const [before] = await this.#needs.store.list(1, version);
      const [old, own] = [before && (await this.#listOf(before.version)), await this.#listOf(version)];
      if (own === undefined || (before !== undefined && old === undefined)) return undefined;
      // Numbers are left out only where versions were lost.
      const settled = (before?.version ?? 0) === version - 1 ? [] : [{ key: 'policy-change.settled' }];
      return [...settled, ...difference(old ?? [], own)];
    } catch (fault) {
      if (!(fault instanceof Misconfigured)) throw fault;
      return undefined;
    }
  }

  async #listOf(version: number): Promise<readonly ListedPolicy[] | undefined> {
    const stored = await this.#needs.store.read(version);
    const read = stored && this.#needs.read(stored.policies);
    return read !== undefined && 'policies' in read ? read.policies : undefined;
  }

  #row(
    head: PolicyVersionHead,
    changes: readonly Message[] | undefined,
    to: Omit<Account, 'mail'> & { readonly mail: string },
  ): OutboxRow {
    const { version, by, byName } = head;
    const now = this.#needs.clock.now();
    const { id, name, displayName, language } = to;
    const letter: Letter = {
      to: to.mail,
      event: {
        kind: 'policies-changed',
        version,
        by: by === 'operator' ? 'operator' : 'administrator',
        byName,
        ...(changes === undefined
          ? {}
          : { changes: changes.slice(0, mostChanges), more: Math.max(0, changes.length - mostChanges) }),
      },
      person: { id, name, displayName, ...(language === undefined ? {} : { language }) },
      at: head.at.getTime(),
    };
    return {
      id: randomUUID(),
      event: letter.event.kind,
      reference: `policies-${version}`,
      channel: 'email',
      createdAt: now,
      expiresAt: new Date(now.getTime() + letterDays * 24 * 60 * 60_000),
      body: letter as unknown as Json,
    };
  }
}

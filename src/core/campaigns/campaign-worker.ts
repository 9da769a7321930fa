import { randomUUID } from 'node:crypto';
import type { Account } from '../account.ts';
import { Rounds } from '../background/rounds.ts';
import type { Directory } from '../directory.ts';
import { HeldDuty, type HeldDutyNeeds } from '../held-duty.ts';
import type { Json } from '../json.ts';
import type { Letter } from '../notices/notices.ts';
import type { OutboxRow, OutboxStore } from '../notices/outbox.ts';
import type { Policy } from '../policies/policy.ts';
import type { PolicyMatcher } from '../policies/policy-matcher.ts';
import { groupsNamed, groupsOf, policiesIn, type SurveyNeeds, survey } from '../survey/survey.ts';
import { type CampaignCase, type CampaignPerson, campaignCase, lastBefore, localTime } from './campaign.ts';
import type { Campaign, CampaignStanding, CampaignStore } from './campaign-store.ts';

export interface CampaignWorkerNeeds extends SurveyNeeds, HeldDutyNeeds {
  readonly directory: SurveyNeeds['directory'] & Pick<Directory, 'read'>;
  readonly store: CampaignStore;
  readonly outbox: Pick<OutboxStore, 'standing'>;
  /** The policies in force. */
  readonly policies: () => Promise<readonly Policy[]>;
  /** Gates that the helpdesk gives something out for: nobody is asked to register them. */
  readonly issued: readonly string[];
  /** Decides by these policies. */
  readonly matcher: (policies: readonly Policy[]) => PolicyMatcher;
  /** Whose hours count; the machine's own when left out. */
  readonly timeZone?: string;
  /** Told that letters lie in the outbox. */
  readonly wake: () => void;
  /** Told of a turn that failed. Must not throw. */
  readonly report: (fault: unknown) => void;
  /** Waits, or ends early with the signal. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Longer than a page of the directory takes. */
const holdMs = 300_000;
/** What is told of somebody's own account goes first: no more letters of a campaign than this ever wait before it. */
const mostWaiting = 25;
const waitMs = 1_000;
/** Milliseconds after a turn that failed. */
const restMs = 600_000;
const letterMs = 24 * 60 * 60_000;

/** Another node has the duty by now: it goes on from what stands in the store. */
class LostDuty extends Error {}

/** Those to be written to in one wave: never more than it has room for. */
interface Wave {
  readonly first: Account[];
  readonly reminders: Account[];
  /** Whether the walk found more than there was room for. */
  more: boolean;
}

/**
 * Writes the letters of campaigns: one node at a time, in its hours, one wave a day. Who gets one is decided anew from
 * the directory and the store each day; what was written stands in the store, so that a crash loses and repeats nothing.
 */
export class CampaignWorker {
  readonly #needs: CampaignWorkerNeeds;
  readonly #duty: HeldDuty;
  readonly #rounds: Rounds;

  constructor(needs: CampaignWorkerNeeds) {
    const { clock, report } = needs;
    this.#needs = needs;
    this.#duty = new HeldDuty('campaign', needs, holdMs);
    this.#rounds = new Rounds({ clock, report, restMs }, () => this.#work());
  }

  /** Does what is due, beside whatever else happens. Never throws. */
  wake(): void {
    this.#rounds.wake();
  }

  idle(): Promise<void> {
    return this.#rounds.idle();
  }

  /** Finishes the letter in hand and begins nothing more. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Whether a letter that waits in the outbox should still go: nobody is asked for what they did meanwhile. */
  async isWanted(campaignId: string, accountId: string): Promise<boolean> {
    const { store, directory, stores, clock, zones, issued } = this.#needs;
    const campaign = await store.read(campaignId);
    if (campaign === undefined || !(await store.wants(campaignId, accountId))) return false;
    const account = await directory.read(accountId);
    if (account === undefined) return false;
    const gates = (await stores.enrolments.proved([accountId])).get(accountId) ?? [];
    const groups = [...(await groupsNamed(directory, campaign.rules.groups)).values()];
    const matcher = this.#needs.matcher(await this.#needs.policies());
    // As if it had never been written to: whether it has something to do is all that is asked.
    const fresh = { barred: false, optedOut: false, letters: [], writtenElsewhere: false };
    const person = { account, gates, policies: await policiesIn(zones, matcher, account), issued, ...fresh };
    return campaignCase(person, campaign.rules, { groups, now: clock.now() }) === 'first';
  }

  async #work(): Promise<void> {
    const { store } = this.#needs;
    try {
      for (const campaign of await store.running()) {
        if (this.#rounds.ending.aborted) return;
        if (!this.#isDue(campaign) || (await this.#duty.take()) === undefined) continue;
        await this.#writeWave(campaign);
      }
    } catch (fault) {
      if (!(fault instanceof LostDuty)) throw fault;
    } finally {
      await this.#duty.giveBack();
    }
  }

  #isDue({ rules, wave }: Campaign): boolean {
    const { day, hour } = localTime(this.#needs.clock.now(), this.#needs.timeZone);
    if (!isWithinHours(hour, { rules })) return false;
    return wave?.day !== day || (!wave.over && wave.letters < rules.size);
  }

  async #writeWave(campaign: Campaign): Promise<void> {
    const { store, clock, timeZone } = this.#needs;
    const { day } = localTime(clock.now(), timeZone);
    const { wave, standing } = await this.#walk(campaign, day);
    await store.note(campaign.id, standing);
    for (const account of [...wave.first, ...wave.reminders]) {
      if (!(await this.#hasRoom(campaign, day))) return;
      const written = await this.#write(campaign, account, day);
      if (written === 'ended' || written === 'full') return;
    }
    if (wave.more) return;
    await store.note(campaign.id, standing, { wave: day });
    // A confirmation never ends by itself: in a year, everybody is asked again.
    if (campaign.rules.kind === 'invite' && standing.open === 0) await store.end(campaign.id, 'done', clock.now());
  }

  /** Looks at everybody, and keeps those who get a letter today: first letters before reminders. */
  async #walk(campaign: Campaign, day: string): Promise<{ readonly wave: Wave; readonly standing: CampaignStanding }> {
    const { store, directory, clock, zones, issued } = this.#needs;
    const { rules } = campaign;
    const room = rules.size - (campaign.wave?.day === day ? campaign.wave.letters : 0);
    const groups = [...(await groupsNamed(directory, rules.groups)).values()];
    const policies = await this.#needs.policies();
    const matcher = this.#needs.matcher(policies);
    const names = new Set([...groupsOf(policies), ...rules.groups]);
    const wave: Wave = { first: [], reminders: [], more: false };
    const counts = new Map<CampaignCase, number>();
    for await (const page of survey(this.#needs, names, this.#rounds.ending)) {
      if ((await this.#duty.take()) === undefined) throw new LostDuty();
      const ids = page.map(({ account }) => account.id);
      const [letters, optedOut] = [await store.letters(campaign.id, ids), await store.optedOut(ids)];
      const elsewhere = await store.writtenByOthers(campaign.id, ids, lastBefore(rules, clock.now()));
      for (const { account, gates, barred } of page) {
        const person: CampaignPerson = {
          account,
          gates,
          barred,
          policies: await policiesIn(zones, matcher, account),
          issued,
          optedOut: optedOut.has(account.id),
          letters: letters.get(account.id) ?? [],
          writtenElsewhere: elsewhere.has(account.id),
        };
        const found = campaignCase(person, rules, { groups, now: clock.now() });
        counts.set(found, (counts.get(found) ?? 0) + 1);
        const isTaken =
          (found !== 'first' || take(wave.first, account, room)) &&
          (found !== 'reminder' || take(wave.reminders, account, room));
        wave.more ||= !isTaken;
      }
    }
    wave.more ||= wave.first.length + wave.reminders.length > room;
    wave.reminders.splice(Math.max(0, room - wave.first.length));
    return { wave, standing: standingOf(counts, clock.now()) };
  }

  async #write(campaign: Campaign, account: Account, wave: string): ReturnType<CampaignStore['write']> {
    const { store, clock, wake } = this.#needs;
    const at = clock.now();
    const row = letterRow(campaign, account, at);
    const { size } = campaign.rules;
    const written = await store.write({ campaign: campaign.id, account: account.id, wave, size, at, row });
    if (written === 'written') wake();
    return written;
  }

  /** Waits while letters wait already, and keeps the duty meanwhile. False when the hours of the wave are over. */
  async #hasRoom(campaign: Campaign, wave: string): Promise<boolean> {
    const { outbox, pause, clock, timeZone } = this.#needs;
    const signal = this.#rounds.ending;
    for (;;) {
      signal.throwIfAborted();
      const { day, hour } = localTime(clock.now(), timeZone);
      if (day !== wave || !isWithinHours(hour, campaign)) return false;
      if ((await this.#duty.take()) === undefined) throw new LostDuty();
      if ((await outbox.standing()).waiting < mostWaiting) return true;
      await pause(waitMs, signal);
    }
  }
}

function isWithinHours(hour: number, { rules }: Pick<Campaign, 'rules'>): boolean {
  return hour >= rules.fromHour && hour < rules.toHour;
}

/** Whether there was room. */
function take(list: Account[], account: Account, room: number): boolean {
  if (list.length >= room) return false;
  list.push(account);
  return true;
}

function standingOf(counts: ReadonlyMap<CampaignCase, number>, at: Date): CampaignStanding {
  const of = (...cases: readonly CampaignCase[]): number => cases.reduce((sum, one) => sum + (counts.get(one) ?? 0), 0);
  const [settled, exhausted, withoutMail, optedOut] = [
    of('settled'),
    of('exhausted'),
    of('without-mail'),
    of('opted-out'),
  ];
  const open = of('first', 'reminder', 'later');
  const people = settled + exhausted + withoutMail + optedOut + open;
  return { at: at.getTime(), people, settled, open, exhausted, withoutMail, optedOut };
}

function letterRow({ id, rules }: Campaign, account: Account, at: Date): OutboxRow {
  const { name, displayName, language } = account;
  const event = { kind: rules.kind === 'invite' ? 'register-wanted' : 'confirm-wanted', campaign: id } as const;
  const person = { id: account.id, name, displayName, ...(language === undefined ? {} : { language }) };
  const letter: Letter = { to: account.mail ?? null, event, person, at: at.getTime() };
  return {
    id: randomUUID(),
    event: event.kind,
    reference: id,
    channel: 'email',
    createdAt: at,
    expiresAt: new Date(at.getTime() + letterMs),
    body: letter as unknown as Json,
  };
}

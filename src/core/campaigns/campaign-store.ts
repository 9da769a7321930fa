import type { OutboxRow } from '../notices/outbox.ts';

/** Whom a campaign writes to, how many a day, when and how often. */
export interface CampaignRules {
  /** `invite` those who have not registered what their policy needs; `confirm` those who did so too long ago. */
  readonly kind: 'invite' | 'confirm';
  /** Letters in a wave; a wave is one day's letters. */
  readonly size: number;
  /** Hours of the day between which letters are written: from one, up to but without the other. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Days between two letters to one person. */
  readonly remindDays: number;
  /** Letters after the first. */
  readonly reminders: number;
  /** Days after which what somebody registered is to be confirmed; only of `confirm`. */
  readonly confirmDays?: number;
  /** Only people in one of these groups or units; everybody when both are empty. Names and paths as the directory has them. */
  readonly groups: readonly string[];
  readonly units: readonly string[];
}

/** What the last walk over everybody found; numbers only. */
export interface CampaignStanding {
  readonly at: number;
  /** Those whom the campaign is for: under a policy, able to register, and in its groups and units. */
  readonly people: number;
  /** Those of them to whom it has nothing to say (any more). */
  readonly settled: number;
  /** Those who are to be written to, now or later. */
  readonly open: number;
  /** Those who had every letter and did nothing. */
  readonly exhausted: number;
  readonly withoutMail: number;
  readonly optedOut: number;
}

export interface Campaign {
  readonly id: string;
  readonly rules: CampaignRules;
  readonly by: string;
  readonly byName: string;
  readonly startedAt: Date;
  /** `done`: nobody is left to write to. */
  readonly state: 'running' | 'stopped' | 'done';
  readonly endedAt?: Date;
  /** Letters so far, and those of the last wave. */
  readonly letters: number;
  readonly wave?: { readonly day: string; readonly letters: number; readonly over: boolean };
  readonly standing?: CampaignStanding;
}

/** One letter about to be written. */
export interface CampaignLetter {
  readonly campaign: string;
  readonly account: string;
  /** Which wave: the day, such as `2026-03-29`. */
  readonly wave: string;
  /** Letters of a wave. */
  readonly size: number;
  readonly at: Date;
  readonly row: OutboxRow;
}

/** An account that no campaign writes to. */
export interface OptOut {
  readonly account: string;
  /** Of the account, as it was then. */
  readonly name: string;
  readonly by: string;
  readonly at: Date;
}

/** Campaigns and every letter that they wrote, so that no crash and no second node writes one twice. */
export interface CampaignStore {
  /** False when one of the same kind runs already: two would write to the same people. */
  create(campaign: Pick<Campaign, 'id' | 'rules' | 'by' | 'byName' | 'startedAt'>): Promise<boolean>;
  read(id: string): Promise<Campaign | undefined>;
  /** Newest first. */
  recent(limit: number): Promise<readonly Campaign[]>;
  running(): Promise<readonly Campaign[]>;
  /** False when it did not run any more. */
  end(id: string, state: 'stopped' | 'done', now: Date): Promise<boolean>;
  /** When each of a page of accounts was written to, newest first. Those who were not are not in the map. */
  letters(id: string, accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly Date[]>>;
  /** Those of a page of accounts to whom any other campaign has written since then, whether it runs or not. */
  writtenByOthers(id: string, accountIds: readonly string[], since: Date): Promise<ReadonlySet<string>>;
  /**
   * Puts the letter into the outbox and notes it, in one transaction. Nothing is written when the campaign does not run
   * any more (`ended`), its wave is full or over (`full`), or the account has its letter of this wave or wants none
   * (`not-wanted`).
   */
  write(letter: CampaignLetter): Promise<'written' | 'ended' | 'full' | 'not-wanted'>;
  /** Notes what a walk found, and whether its wave is over: nobody is left for that day. */
  note(id: string, standing: CampaignStanding, over?: { readonly wave: string }): Promise<void>;
  /** Whether a letter is still to go: the campaign runs and the account wants letters. */
  wants(id: string, accountId: string): Promise<boolean>;
  optOut(optOut: OptOut): Promise<void>;
  /** Whether it had opted out. */
  optIn(accountId: string): Promise<boolean>;
  /** Those of a page of accounts. */
  optedOut(accountIds: readonly string[]): Promise<ReadonlySet<string>>;
  optOuts(limit: number): Promise<readonly OptOut[]>;
}

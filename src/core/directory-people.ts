import type { Account } from './account.ts';

/** A security group, such as a policy may name. */
export interface DirectoryGroup {
  /** The same word as in `AccountState.groups`. */
  readonly id: string;
  /** As the directory spells it. */
  readonly name: string;
  /** It is, over whatever way, a member of itself. */
  readonly cyclic: boolean;
}

export interface DirectoryUnit {
  /** As the directory spells it. */
  readonly path: string;
}

export interface PeopleSearch {
  /** Every character stands for itself. */
  readonly text: string;
  /** What the text is: all of a name, or the beginning of one. */
  readonly as: 'whole' | 'beginning';
  /** Only people in one of these units, or below; nobody when there is none in the list. */
  readonly within?: readonly string[];
  /** How many at most: 1 to 1000. */
  readonly limit: number;
}

export interface PeopleFound {
  readonly people: readonly Account[];
  /** The directory looked through everybody. False when it would have taken it too long: there may be others. */
  readonly complete: boolean;
}

export interface PeopleWalk {
  readonly groups: readonly DirectoryGroup[];
  readonly signal: AbortSignal;
}

/**
 * What the console and the policies ask of the directory: groups, units, and many people at a time. A list is for looking
 * at and for counting: who acts on a person reads the account first. Throws as `Directory` does.
 */
export interface DirectoryPeople {
  /**
   * The one security group with this sAMAccountName, also as `DOMAIN\name`. A distribution list is none: it is in nobody's
   * `groups`.
   */
  findGroup(name: string): Promise<DirectoryGroup | undefined>;

  /** The unit at this path, in whatever case it is written. */
  findUnit(path: string): Promise<DirectoryUnit | undefined>;

  /** Paths of the unit that all people are in, and of those below it, sorted. */
  units(): Promise<readonly string[]>;

  /**
   * People whose user name, principal name, mail address, display name, surname or given name is the text, for which every
   * directory has an index, or begins with it, for which not every one has; sorted by display name. Their `groups` are
   * empty, `privileged` says no more than the entry itself does, and `badPasswordCount` may count what the directory has
   * forgotten: `read` tells.
   */
  searchPeople(search: PeopleSearch): Promise<PeopleFound>;

  /**
   * Everybody, in pages of at most 500, each person once. `groups` holds those of the wanted groups that they are in,
   * nested and primary ones too; `badPasswordCount` is as in a search. Each page may take the configured time-out.
   * @throws the signal's reason when it is aborted; Misconfigured when a wanted group is gone
   */
  walkPeople(walk: PeopleWalk): AsyncIterable<readonly Account[]>;

  /** The person whom the directory names as this one's manager; undefined when there is none below the people base. */
  manager(account: Account): Promise<Account | undefined>;
}

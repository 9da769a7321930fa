import type { Entry } from './entry.ts';
import type { EntryTree } from './entry-tree.ts';
import { forever } from './file-time.ts';

/** The rules that hold for one account. Lengths of time in FILETIME ticks; undefined for without end. */
export interface DirectoryPolicy {
  readonly minLength: bigint;
  readonly complexity: boolean;
  readonly historyLength: bigint;
  readonly minAge: bigint;
  readonly maxAge: bigint | undefined;
  /** 0 when nothing locks. */
  readonly lockoutThreshold: bigint;
  readonly lockoutDuration: bigint | undefined;
  readonly lockoutWindow: bigint;
}

/** The fine-grained settings if some apply, else what the head of the domain says. */
export function effectivePolicy(tree: EntryTree, head: Entry, account: Entry): DirectoryPolicy {
  const settings = resultantSettings(tree, account);
  return settings === undefined ? domainPolicy(head) : settingsPolicy(settings);
}

/**
 * msDS-ResultantPSO (MS-ADTS 3.1.1.4.5.36): the settings named for the account itself, else those of its groups; the
 * lowest precedence wins, then the smallest GUID.
 */
export function resultantSettings(tree: EntryTree, account: Entry): Entry | undefined {
  if (!account.isUser) return undefined;
  return winner(tree, [account]) ?? winner(tree, [...allGroups(tree, account)]);
}

/**
 * Every group that counts for an account: nested ones, and the primary group with those around it. A distribution list is
 * none, nor does it pass anything on.
 */
export function allGroups(tree: EntryTree, account: Entry): ReadonlySet<Entry> {
  const primaryId = account.integer('primaryGroupID');
  const primary = [...tree.groups].find((group) => relativeId(group) === primaryId);
  const around = tree.groupsAround(account, isSecurityGroup);
  return primary === undefined ? around : new Set([...around, primary, ...tree.groupsAround(primary, isSecurityGroup)]);
}

/** GROUP_TYPE_SECURITY_ENABLED (MS-ADTS 2.2.12), the sign of a number of 32 bits. */
function isSecurityGroup(group: Entry): boolean {
  return group.integer('groupType') < 0n;
}

function relativeId(entry: Entry): bigint {
  const [sid] = entry.values('objectSid');
  return Buffer.isBuffer(sid) ? BigInt(sid.readUInt32LE(sid.length - 4)) : 0n;
}

function winner(tree: EntryTree, targets: readonly Entry[]): Entry | undefined {
  const applying = [...new Set(targets.flatMap((target) => tree.settingsOf(target)))];
  return applying.sort((a, b) => precedence(a) - precedence(b) || a.guid.compare(b.guid))[0];
}

function precedence(settings: Entry): number {
  return Number(settings.integer('msDS-PasswordSettingsPrecedence'));
}

function domainPolicy(head: Entry): DirectoryPolicy {
  return {
    minLength: head.integer('minPwdLength'),
    complexity: (head.integer('pwdProperties') & 1n) === 1n,
    historyLength: head.integer('pwdHistoryLength'),
    minAge: ticks(head.integer('minPwdAge')) ?? 0n,
    maxAge: ageLimit(head.integer('maxPwdAge')),
    lockoutThreshold: head.integer('lockoutThreshold'),
    lockoutDuration: ticks(head.integer('lockoutDuration')),
    lockoutWindow: ticks(head.integer('lockOutObservationWindow')) ?? 0n,
  };
}

function settingsPolicy(settings: Entry): DirectoryPolicy {
  return {
    minLength: settings.integer('msDS-MinimumPasswordLength'),
    complexity: settings.text('msDS-PasswordComplexityEnabled') === 'TRUE',
    historyLength: settings.integer('msDS-PasswordHistoryLength'),
    minAge: ticks(settings.integer('msDS-MinimumPasswordAge')) ?? 0n,
    maxAge: ageLimit(settings.integer('msDS-MaximumPasswordAge')),
    lockoutThreshold: settings.integer('msDS-LockoutThreshold'),
    lockoutDuration: ticks(settings.integer('msDS-LockoutDuration')),
    lockoutWindow: ticks(settings.integer('msDS-LockoutObservationWindow')) ?? 0n,
  };
}

function ticks(stored: bigint): bigint | undefined {
  return stored === forever ? undefined : -stored;
}

/** A maximum age of 0 means that passwords do not expire, as `forever` does. */
function ageLimit(stored: bigint): bigint | undefined {
  return stored === 0n ? undefined : ticks(stored);
}

/**
 * Groups whose members AdminSDHolder protects (MS-ADTS 3.1.1.6.1.1): in any domain Domain Admins, Domain Controllers,
 * Schema Admins, Enterprise Admins, read-only Domain Controllers, Key Admins and Enterprise Key Admins.
 */
const domainGroups = new Set(['512', '516', '518', '519', '521', '526', '527']);

/** Administrators, Account, Server, Print and Backup Operators, Replicator. */
const builtinGroups = new Set(['544', '548', '549', '550', '551', '552']);

/** Administrator and krbtgt. */
const protectedAccounts = new Set(['500', '502']);

/** SIDs of the protected groups of one domain. @param domainSid SID of the domain itself */
export function protectedGroups(domainSid: string): readonly string[] {
  return [...[...domainGroups].map((id) => `${domainSid}-${id}`), ...[...builtinGroups].map((id) => `S-1-5-32-${id}`)];
}

/** @param sid of a group, as text */
export function isProtectedGroup(sid: string): boolean {
  const domain = /^S-1-5-21-\d+-\d+-\d+-(\d+)$/.exec(sid)?.[1];
  const builtin = /^S-1-5-32-(\d+)$/.exec(sid)?.[1];
  return domainGroups.has(domain ?? '') || builtinGroups.has(builtin ?? '');
}

/** @param sid of an account, as text */
export function isProtectedAccount(sid: string): boolean {
  return protectedAccounts.has(sid.slice(sid.lastIndexOf('-') + 1));
}

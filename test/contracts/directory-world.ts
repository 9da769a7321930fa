import type { Directory } from '../../src/core/directory.ts';

/**
 * What the directory contract suite needs of a directory server beside the Directory under test: an administrator who
 * makes people and changes them behind Latchkey's back, and who looks at the result from outside.
 * Every person has names of its own, so that suites may share one server.
 */
export interface DirectoryWorld {
  /** The implementation under test, connected to this server with the least-privilege service account. */
  readonly directory: Directory;
  /** Where the server answers LDAPS; the suite puts a proxy in front of it that can hang or lose answers. */
  readonly address: { readonly host: string; readonly port: number };
  /** DNS name of the domain: the suffix of implicit principal names. */
  readonly dnsDomain: string;
  /** Wrong passwords that lock an account here, by the domain's policy; not 0. */
  readonly lockoutThreshold: number;
  /** The domain's own policy, as the world made it. */
  readonly domainPolicy: WorldPolicy;

  /** Another Directory on these URLs, same service account and trust. The test closes it. */
  openDirectory(wish: DirectoryWish): Directory;

  addPerson(wish?: PersonWish): Promise<WorldPerson>;
  /** Many accounts that nobody can use, so that there are many. */
  addCrowd(count: number, unit: WorldUnit): Promise<void>;
  /** A computer account, in the same tree as people. */
  addComputer(): Promise<WorldPerson>;

  /** Locks by wrong passwords, as an attacker would. */
  lock(person: WorldPerson): Promise<void>;
  disable(person: WorldPerson): Promise<void>;
  /** accountExpires in the past. */
  expireAccount(person: WorldPerson): Promise<void>;
  /** Makes the password older than the policy in force allows. */
  expirePassword(person: WorldPerson): Promise<void>;
  /** pwdLastSet = 0. */
  requireChange(person: WorldPerson): Promise<void>;
  requireSmartcard(person: WorldPerson): Promise<void>;
  neverExpire(person: WorldPerson): Promise<void>;
  /** No hour of the week is permitted. */
  denyAllHours(person: WorldPerson): Promise<void>;
  /** May sign in at one workstation only, which is none that a portal runs on. */
  restrictWorkstations(person: WorldPerson): Promise<void>;
  /** Member of a group that is a member of Domain Admins. */
  addToProtectedGroup(person: WorldPerson): Promise<void>;
  setAdminCount(person: WorldPerson): Promise<void>;
  /** Path of the unit that all people are in. */
  readonly peopleUnit: string;
  /** An organisational unit of exactly this name. @param parent the people's own unit when not told */
  addUnit(name: string, parent?: WorldUnit): Promise<WorldUnit>;
  addGroup(wish?: GroupWish): Promise<WorldGroup>;
  addMember(group: WorldGroup, member: WorldPerson | WorldGroup): Promise<void>;
  /** `group` holds the person by primaryGroupID alone, not by its list of members. */
  setPrimaryGroup(person: WorldPerson, group: WorldGroup): Promise<void>;
  setManager(person: WorldPerson, manager: WorldPerson): Promise<void>;
  moveTo(what: WorldPerson | WorldGroup, unit: WorldUnit): Promise<void>;
  /** Into another organisational unit below the people's, whose name needs escaping. */
  move(person: WorldPerson): Promise<void>;
  remove(what: WorldPerson | WorldGroup): Promise<void>;
  applyFineGrainedPolicy(person: WorldPerson, policy: WorldPolicy): Promise<void>;

  /** As an administrator sees it. */
  look(person: WorldPerson): Promise<WorldView>;
  /** A bind with exactly this password, past Latchkey: `bound`, or the sub-code such as `52e` or `775`. */
  bind(person: WorldPerson, password: string): Promise<string>;

  /** Ends what this world opened; not a server that others share. */
  close(): Promise<void>;
}

export interface DirectoryWish {
  readonly urls: readonly string[];
  readonly operationTimeoutMs: number;
  /** For a page of a walk; as the product has it when not told. */
  readonly walkTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly poolSize?: number;
  /** Names of groups whose members are privileged. */
  readonly privilegedGroups?: readonly string[];
}

export interface WorldUnit {
  /** objectGUID as lower-case UUID text. */
  readonly id: string;
  readonly name: string;
  /** As Latchkey should call it. */
  readonly path: string;
}

/** All is optional: what is not named is made up, unique. */
export interface GroupWish {
  readonly samName?: string;
  readonly commonName?: string;
  /** A group for mail only, which gives access to nothing. */
  readonly distribution?: boolean;
}

export interface WorldGroup {
  readonly id: string;
  readonly samName: string;
}

/** All is optional: what is not named is made up, unique. */
export interface PersonWish {
  /** The people's own unit when not told. */
  readonly unit?: WorldUnit;
  readonly commonName?: string;
  readonly samName?: string;
  /** userPrincipalName; null for none. */
  readonly principalName?: string | null;
  readonly password?: string;
  readonly displayName?: string;
  readonly givenName?: string;
  readonly surname?: string;
  readonly mail?: string;
  readonly mobile?: string;
  readonly telephone?: string;
  readonly language?: string;
}

export interface WorldPerson {
  /** objectGUID as lower-case UUID text. */
  readonly id: string;
  readonly samName: string;
  readonly principalName?: string;
  readonly password: string;
}

export interface WorldPolicy {
  readonly minLength: number;
  readonly complexity: boolean;
  readonly historyLength: number;
  readonly minAgeSeconds: number;
  /** Undefined: passwords never expire. */
  readonly maxAgeSeconds?: number;
  readonly lockoutThreshold: number;
  /** Undefined: until an administrator unlocks. */
  readonly lockoutSeconds?: number;
  readonly lockoutWindowSeconds: number;
}

export interface WorldView {
  /** Decimal FILETIME; `0` when not set. */
  readonly lockoutTime: string;
  readonly passwordLastSet: string;
  readonly badPasswordCount: number;
  /** LOCKOUT of msDS-User-Account-Control-Computed. */
  readonly locked: boolean;
}

/** Path of what has this name in a unit, with a backslash before slashes and backslashes within the name. */
export function pathBelow(unit: string, name: string): string {
  return `${unit}/${name.replaceAll('\\', '\\\\').replaceAll('/', '\\/')}`;
}

/** How the values of an attribute are compared and written. */
export type Syntax = 'text' | 'dn' | 'integer' | 'boolean' | 'time' | 'octets' | 'guid' | 'sid';

export interface AttributeSchema {
  /** As Active Directory spells it. */
  readonly name: string;
  readonly syntax: Syntax;
  readonly multiple: boolean;
  /** Computed when asked for by name; never part of `*` and not usable in filters (MS-ADTS 3.1.1.4.5). */
  readonly constructed: boolean;
  /** An administrator may write it. */
  readonly writable: boolean;
}

/** Names by syntax. `*` marks several values, `=` a constructed attribute, `!` one that can be written. */
const attributes: Readonly<Record<Syntax, string>> = {
  text: `cn name ou dc description! displayName! givenName! sn! initials! title! department! company! mail! mobile!
    telephoneNumber! homePhone! ipPhone! otherMobile*! otherTelephone*! proxyAddresses*! preferredLanguage! employeeID!
    sAMAccountName userPrincipalName! objectClass* nETBIOSName dnsRoot dNSHostName userWorkstations!
    msDS-PrincipalName= canonicalName= allowedAttributesEffective*=`,
  dn: `distinguishedName objectCategory member* memberOf* manager! nCName msDS-PSOAppliesTo* msDS-PSOApplied*
    msDS-ResultantPSO=`,
  integer: `userAccountControl! primaryGroupID adminCount! groupType sAMAccountType pwdLastSet! lockoutTime!
    accountExpires! badPwdCount badPasswordTime lastLogon lastLogonTimestamp logonCount uSNChanged uSNCreated
    minPwdLength! pwdHistoryLength! pwdProperties! minPwdAge! maxPwdAge! lockoutThreshold! lockoutDuration!
    lockOutObservationWindow! msDS-PasswordSettingsPrecedence! msDS-MinimumPasswordLength! msDS-PasswordHistoryLength!
    msDS-MinimumPasswordAge! msDS-MaximumPasswordAge! msDS-LockoutThreshold! msDS-LockoutDuration!
    msDS-LockoutObservationWindow! msDS-Behavior-Version systemFlags instanceType
    msDS-User-Account-Control-Computed= msDS-UserPasswordExpiryTimeComputed= sDRightsEffective=`,
  boolean: `isCriticalSystemObject showInAdvancedViewOnly msDS-isRODC= msDS-PasswordComplexityEnabled! msDS-PasswordReversibleEncryptionEnabled!`,
  time: 'whenCreated whenChanged',
  octets: 'unicodePwd! logonHours! nTSecurityDescriptor=',
  guid: 'objectGUID',
  sid: 'objectSid tokenGroups*=',
};

const byName = new Map(
  Object.entries(attributes).flatMap(([syntax, names]) =>
    names.split(/\s+/).map((entry): [string, AttributeSchema] => {
      const name = entry.replace(/[*=!]+$/, '');
      const schema = {
        name,
        syntax: syntax as Syntax,
        multiple: entry.includes('*'),
        constructed: entry.includes('='),
        writable: entry.includes('!'),
      };
      return [name.toLowerCase(), schema];
    }),
  ),
);

/** What is known of an attribute, whatever the case of its name; undefined when there is none. */
export function attributeSchema(name: string): AttributeSchema | undefined {
  return byName.get(name.toLowerCase());
}

/** Every attribute that an administrator may write; unicodePwd is a right of its own. */
export const writableAttributeNames: readonly string[] = [...byName.values()]
  .filter(({ name, writable }) => writable && name !== 'unicodePwd')
  .map(({ name }) => name);

/** What a person of the demo is there to show; also the key of the sentence below `demo.people.` in the catalogue. */
export type DemoSituation =
  | 'registered'
  | 'not-registered'
  | 'locked'
  | 'must-change'
  | 'disabled'
  | 'right-to-left'
  | 'privileged'
  | 'strange-name';

/** What a member of staff may do in the console. */
export type DemoRole = 'administrator' | 'helpdesk' | 'auditor';

/** Somebody of the demo. Numbers are from ranges that no real telephone has (Ofcom and NANPA keep them for fiction). */
export interface DemoAccount {
  readonly samName: string;
  readonly commonName: string;
  readonly displayName: string;
  readonly givenName: string;
  readonly surname: string;
  readonly mail: string;
  readonly mobile: string;
  readonly telephone: string;
  /** BCP 47 tag. */
  readonly language?: string;
  /** Names of units from OU=People down; OU=People itself when there is none. */
  readonly units: readonly string[];
}

/** Somebody to try. */
export interface DemoPerson extends DemoAccount {
  readonly situation: DemoSituation;
}

/** Somebody to try the console as. */
export interface DemoStaff extends DemoAccount {
  readonly role: DemoRole;
}

/** NetBIOS name of the demo's domain, as people write it before the backslash. */
export const demoDomain = 'CONTOSO';

/** DNS name of the demo's domain. */
export const demoDnsDomain = 'contoso.example';

/** What everybody in the demo starts with. No secret: the demo does not start in production. */
export const demoPassword = 'Blue-Harbour-42';

/** Whom to try, in the order in which the start page shows them. */
export const demoPeople: readonly DemoPerson[] = [
  plain('registered', 'Anna', 'Berg', 0),
  plain('not-registered', 'Ben', 'Okafor', 1),
  plain('locked', 'Carla', 'Diaz', 2),
  plain('must-change', 'Dai', 'Nakamura', 3),
  plain('disabled', 'Erik', 'Holm', 4),
  { ...plain('right-to-left', 'Fatima', 'Alsaid', 5), language: 'ar' },
  { ...plain('privileged', 'Grace', 'Admin', 6), displayName: 'Grace (Administrator)' },
  {
    ...plain('strange-name', 'Jürgen', "O'Neill", 7),
    commonName: 'O\'Neill, Jr. + "Sons" Jürgen 🦊',
    displayName: 'O\'Neill, Jr. + "Sons" Jürgen 🦊',
    mail: 'juergen.oneill@contoso.example',
    units: ['Sales, EMEA + APAC'],
  },
];

/** Who works with the console; their groups are `demoStaffGroups`. */
export const demoStaff: readonly DemoStaff[] = [
  { role: 'administrator', ...account('Ivan', 'Keller', 8, ['IT']) },
  { role: 'helpdesk', ...account('Hana', 'Novak', 9, ['IT', 'Helpdesk']) },
  { role: 'auditor', ...account('Lena', 'Fischer', 10, ['Audit']) },
];

/** The group that gives each role, by its sAMAccountName. */
export const demoStaffGroups: Readonly<Record<DemoRole, string>> = {
  administrator: 'Latchkey administrators',
  helpdesk: 'Helpdesk staff',
  auditor: 'Latchkey auditors',
};

/** People who are there so that units and groups hold somebody. */
export const demoColleagues: readonly DemoAccount[] = [
  account('Nadia', 'Haddad', 11, ['Sales']),
  account('Sam', 'Rivera', 12, ['Sales', 'Field']),
  account('Priya', 'Raman', 13, ['Finance']),
  account('Tom', 'Whitaker', 14, ['Finance']),
];

function plain(situation: DemoSituation, givenName: string, surname: string, number: number): DemoPerson {
  return { situation, ...account(givenName, surname, number) };
}

function account(givenName: string, surname: string, number: number, units: readonly string[] = []): DemoAccount {
  const samName = `${givenName}.${surname}`.toLowerCase();
  const name = `${givenName} ${surname}`;
  const last = String(number).padStart(2, '0');
  return {
    samName,
    commonName: name,
    displayName: name,
    givenName,
    surname,
    mail: `${samName}@${demoDnsDomain}`,
    mobile: `+1 202 555 01${last}`,
    telephone: `+44 20 7946 01${last}`,
    units,
  };
}

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

/** Somebody to try. Numbers are from ranges that no real telephone has (Ofcom and NANPA keep them for fiction). */
export interface DemoPerson {
  readonly situation: DemoSituation;
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
  /** The unit below OU=People, where it is not that itself. */
  readonly unit?: string;
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
    unit: 'Sales, EMEA + APAC',
  },
];

function plain(situation: DemoSituation, givenName: string, surname: string, number: number): DemoPerson {
  const samName = `${givenName}.${surname}`.toLowerCase();
  const name = `${givenName} ${surname}`;
  return {
    situation,
    samName,
    commonName: name,
    displayName: name,
    givenName,
    surname,
    mail: `${samName}@${demoDnsDomain}`,
    mobile: `+1 202 555 010${number}`,
    telephone: `+44 20 7946 010${number}`,
  };
}

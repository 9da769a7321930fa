import type { Administration, PolicySettings } from './administration.ts';
import type { Domain } from './domain.ts';
import { demoPolicy } from './domain-seed.ts';
import type { Entry } from './entry.ts';
import { interval } from './file-time.ts';
import {
  type DemoAccount,
  type DemoSituation,
  demoColleagues,
  demoPassword,
  demoPeople,
  demoStaff,
  demoStaffGroups,
} from './people.ts';

/** Ticks of FILETIME since everybody chose a password. */
const passwordAge = interval(30 * 86_400);

/** For those who handle money: longer passwords, fewer tries. */
const financePolicy: PolicySettings = { ...demoPolicy, minLength: 14, historyLength: 24, lockoutThreshold: 3 };

type Add = (account: DemoAccount) => Entry;

/** Adds the people to try, each in the state that the list of people promises, and those who are there beside them. */
export function seedPeople(domain: Domain, administration: Administration): void {
  const units = new Map<string, string>();
  const add: Add = (account) => addPerson({ domain, administration, units }, account);
  const people = new Map(demoPeople.map((person) => [person.situation, add(person)]));
  const inSituation = (situation: DemoSituation): Entry => {
    const entry = people.get(situation);
    if (entry === undefined) throw new Error(`nobody is ${situation}`);
    return entry;
  };
  const locked = {
    lockoutTime: domain.now,
    badPasswordTime: domain.now,
    badPwdCount: String(demoPolicy.lockoutThreshold),
  };
  administration.set(inSituation('locked'), locked);
  administration.set(inSituation('must-change'), { pwdLastSet: '0' });
  administration.set(inSituation('disabled'), { userAccountControl: '514' });
  administration.set(inSituation('privileged'), { adminCount: '1' });
  const colleagues = demoColleagues.map(add);
  seedPeopleGroups({ domain, administration, inSituation, colleagues });
  seedStaff({ domain, administration, inSituation, add });
}

interface Seeding {
  readonly domain: Domain;
  readonly administration: Administration;
  readonly inSituation: (situation: DemoSituation) => Entry;
}

/** An administrator through another group, a group with a policy of its own, and groups in groups. */
function seedPeopleGroups({
  domain: { baseDn },
  administration,
  inSituation,
  colleagues,
}: Seeding & { readonly colleagues: readonly Entry[] }): void {
  const group = (name: string, members: readonly Entry[]): Entry => {
    const added = administration.addGroup(`CN=Users,${baseDn}`, name);
    for (const member of members) added.members.add(member);
    return added;
  };
  const leads = group('Helpdesk Leads', [inSituation('privileged')]);
  administration.at(`CN=Domain Admins,CN=Users,${baseDn}`).members.add(leads);
  const finance = group('Finance', [inSituation('right-to-left'), ...below(colleagues, 'Finance')]);
  administration.addPasswordSettings('Finance', 10, financePolicy).appliesTo.add(finance);
  const field = group('Sales, field', [inSituation('strange-name')]);
  const sales = group('Sales', [inSituation('registered'), ...below(colleagues, 'Sales'), field]);
  group('Everybody with a till', [sales, finance]);
}

function below(entries: readonly Entry[], unit: string): readonly Entry[] {
  return entries.filter(({ dn }) => dn.includes(`OU=${unit},`));
}

/** Who works with the console, each in the group of their role; the administrator is the manager of the others. */
function seedStaff({ domain, administration, inSituation, add }: Seeding & { readonly add: Add }): void {
  const entries = demoStaff.map((person) => {
    const group = administration.addGroup(`CN=Users,${domain.baseDn}`, demoStaffGroups[person.role]);
    const entry = add(person);
    group.members.add(entry);
    return entry;
  });
  const [manager, ...others] = entries;
  if (manager === undefined) throw new Error('the demo has no staff');
  const managed = [...others, inSituation('registered'), inSituation('locked')];
  for (const entry of managed) administration.set(entry, { manager: manager.dn });
}

interface Place {
  readonly domain: Domain;
  readonly administration: Administration;
  /** DNs of the units that were added, by their names from OU=People down. */
  readonly units: Map<string, string>;
}

function addPerson({ domain, administration, units }: Place, person: DemoAccount): Entry {
  let unit = `OU=People,${domain.baseDn}`;
  let path = '';
  for (const name of person.units) {
    path = `${path}/${name}`;
    unit = units.get(path) ?? administration.addUnitIn(unit, name).dn;
    units.set(path, unit);
  }
  const principalName = `${person.samName}@${domain.dnsName}`;
  const entry = administration.addPerson({ ...person, unit, principalName, password: demoPassword });
  administration.set(entry, { pwdLastSet: domain.now + passwordAge });
  return entry;
}

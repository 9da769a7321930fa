import type { Administration, PolicySettings } from './administration.ts';
import { formatDn } from './distinguished-name.ts';
import type { Domain } from './domain.ts';
import { demoPolicy } from './domain-seed.ts';
import type { Entry } from './entry.ts';
import { interval } from './file-time.ts';
import { type DemoPerson, type DemoSituation, demoPassword, demoPeople } from './people.ts';

/** Ticks of FILETIME since everybody chose a password. */
const passwordAge = interval(30 * 86_400);

/** For those who handle money: longer passwords, fewer tries. */
const financePolicy: PolicySettings = { ...demoPolicy, minLength: 14, historyLength: 24, lockoutThreshold: 3 };

/** Adds the people to try, each in the state that the list of people promises. */
export function seedPeople(domain: Domain, administration: Administration): void {
  const people = new Map(demoPeople.map((person) => [person.situation, addPerson(domain, administration, person)]));
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
  seedPeopleGroups(domain, administration, inSituation);
}

/** An administrator through another group, and a group with a policy of its own. */
function seedPeopleGroups(
  { baseDn }: Domain,
  administration: Administration,
  inSituation: (situation: DemoSituation) => Entry,
): void {
  const leads = administration.addGroup(`CN=Users,${baseDn}`, 'Helpdesk Leads');
  leads.members.add(inSituation('privileged'));
  administration.at(`CN=Domain Admins,CN=Users,${baseDn}`).members.add(leads);
  const finance = administration.addGroup(`CN=Users,${baseDn}`, 'Finance');
  finance.members.add(inSituation('right-to-left'));
  administration.addPasswordSettings('Finance', 10, financePolicy).appliesTo.add(finance);
}

function addPerson(domain: Domain, administration: Administration, person: DemoPerson): Entry {
  const people = `OU=People,${domain.baseDn}`;
  const unit =
    person.unit === undefined
      ? people
      : administration.addUnit(`${formatDn([{ type: 'OU', value: person.unit }])},${people}`).dn;
  const principalName = `${person.samName}@${domain.dnsName}`;
  const entry = administration.addPerson({ ...person, unit, principalName, password: demoPassword });
  administration.set(entry, { pwdLastSet: domain.now + passwordAge });
  return entry;
}

import type { Administration, PolicySettings } from './administration.ts';
import type { Domain } from './domain.ts';
import type { Entry } from './entry.ts';
import { sidFromText } from './identifier.ts';

const day = 86_400;

/**
 * The domain's policy. A lock stays until somebody ends it, so that there is something to unlock whenever the demo is
 * tried; and there is no minimum age, so that a password can be reset twice in one demo.
 */
export const demoPolicy: PolicySettings = {
  minLength: 10,
  complexity: true,
  historyLength: 5,
  minAgeSeconds: 0,
  maxAgeSeconds: 180 * day,
  lockoutThreshold: 5,
  lockoutWindowSeconds: 1800,
};

/** What the service account may do to people who are no administrators: the least that Latchkey needs. */
const delegatedAttributes = ['lockoutTime', 'pwdLastSet'];

/** What every domain has: its head, the containers, the groups that administer it, and the partition's entry. */
export function seedDomain(domain: Domain, administration: Administration): void {
  const { baseDn, configurationDn, tree } = domain;
  const [name = ''] = domain.dnsName.split('.');
  tree.addContext(
    domain.create(baseDn, { objectClass: ['top', 'domain', 'domainDNS'], dc: name, objectSid: domainSid(domain) }),
  );
  tree.addContext(domain.create(configurationDn, { objectClass: ['top', 'configuration'] }));
  administration.addContainer(`CN=Users,${baseDn}`);
  administration.addContainer(`CN=Builtin,${baseDn}`, 'builtinDomain');
  administration.set(administration.addContainer(`CN=System,${baseDn}`), { showInAdvancedViewOnly: 'TRUE' });
  const settings = `CN=Password Settings Container,CN=System,${baseDn}`;
  administration.addContainer(settings, 'msDS-PasswordSettingsContainer');
  administration.addUnit(`OU=Domain Controllers,${baseDn}`);
  administration.addUnit(`OU=Service Accounts,${baseDn}`);
  administration.addUnit(`OU=People,${baseDn}`);
  seedConfiguration(domain, administration);
  seedGroups(domain, administration);
  administration.setDomainPolicy(demoPolicy);
}

/** The SID of the domain itself is that of its accounts without the last step. */
function domainSid(domain: Domain): Buffer {
  const sid = Buffer.from(domain.sid(0).subarray(0, -4));
  sid[1] = (sid[1] ?? 1) - 1;
  return sid;
}

/** The partition's entry, which knows the NetBIOS name, and the controller's own place among sites and servers. */
function seedConfiguration(domain: Domain, administration: Administration): void {
  const { baseDn, configurationDn, dnsName, name, serverDn } = domain;
  administration.addContainer(`CN=Partitions,${configurationDn}`, 'crossRefContainer');
  const reference = administration.addContainer(`CN=${name},CN=Partitions,${configurationDn}`, 'crossRef');
  administration.set(reference, { nCName: baseDn, dnsRoot: dnsName, nETBIOSName: name, systemFlags: '3' });
  const steps = serverDn
    .slice(0, -configurationDn.length - 1)
    .split(',')
    .reverse();
  let place = configurationDn;
  for (const step of steps) {
    place = `${step},${place}`;
    administration.addContainer(place);
  }
  administration.set(domain.tree.at(serverDn), { dNSHostName: domain.hostName });
  administration.addContainer(`CN=NTDS Settings,${serverDn}`, 'nTDSDSA');
  const computer = administration.addComputer(`OU=Domain Controllers,${baseDn}`, 'DC1');
  administration.set(computer, { dNSHostName: domain.hostName, userAccountControl: '532480', primaryGroupID: '516' });
}

/** Groups by their well-known relative ids (MS-DTYP 2.4.2.4). The protected ones carry adminCount. */
function seedGroups(domain: Domain, administration: Administration): void {
  const users = `CN=Users,${domain.baseDn}`;
  const plain = { 'Domain Users': 513, 'Domain Computers': 515, 'Domain Controllers': 516, 'Protected Users': 525 };
  const guarded = { 'Domain Admins': 512, 'Schema Admins': 518, 'Enterprise Admins': 519 };
  for (const [name, id] of Object.entries(plain)) administration.addGroup(users, name, domain.sid(id));
  const administrators = administration.addGroup(
    `CN=Builtin,${domain.baseDn}`,
    'Administrators',
    builtinAdministrators,
  );
  const groups = Object.entries(guarded).map(([name, id]) => administration.addGroup(users, name, domain.sid(id)));
  for (const group of groups) administrators.members.add(group);
  for (const group of [administrators, ...groups]) administration.set(group, { adminCount: '1' });
}

const builtinAdministrators = sidFromText('S-1-5-32-544');

/**
 * The account that Latchkey binds with: it may reset and unlock people below OU=People, and reads everything.
 * @param password random, new at each start
 */
export function seedServiceAccount(domain: Domain, administration: Administration, password: string): Entry {
  const trustee = administration.addPerson({
    unit: `OU=Service Accounts,${domain.baseDn}`,
    commonName: 'Latchkey',
    samName: 'svc-latchkey',
    principalName: `svc-latchkey@${domain.dnsName}`,
    password,
  });
  administration.set(trustee, { userAccountControl: '66048' });
  const below = domain.tree.at(`OU=People,${domain.baseDn}`);
  domain.delegations.push({ trustee, below, attributes: delegatedAttributes, resetPassword: true });
  return trustee;
}

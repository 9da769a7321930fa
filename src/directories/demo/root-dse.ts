import type { Domain } from './domain.ts';
import { generalizedTime } from './file-time.ts';
import { matchingRule } from './filter-matching.ts';
import type { FoundAttribute } from './search.ts';

/** What the server says of itself, to anybody (MS-ADTS 3.1.1.3.2). */
export function rootDse(domain: Domain, supportedControls: readonly string[]): readonly FoundAttribute[] {
  const { baseDn, configurationDn, serverDn } = domain;
  const schemaDn = `CN=Schema,${configurationDn}`;
  const attributes: Readonly<Record<string, readonly string[]>> = {
    currentTime: [generalizedTime(domain.date)],
    subschemaSubentry: [`CN=Aggregate,${schemaDn}`],
    dsServiceName: [`CN=NTDS Settings,${serverDn}`],
    serverName: [serverDn],
    namingContexts: [baseDn, configurationDn],
    defaultNamingContext: [baseDn],
    rootDomainNamingContext: [baseDn],
    configurationNamingContext: [configurationDn],
    schemaNamingContext: [schemaDn],
    supportedControl: supportedControls,
    supportedExtension: ['1.3.6.1.4.1.4203.1.11.3'],
    supportedLDAPVersion: ['3'],
    supportedLDAPPolicies: ['MaxPageSize'],
    supportedCapabilities: capabilities,
    supportedMatchingRules: Object.values(matchingRule),
    highestCommittedUSN: [String(domain.highestUsn)],
    dnsHostName: [domain.hostName],
    ldapServiceName: [`${domain.dnsName}:dc1$@${domain.dnsName.toUpperCase()}`],
    isSynchronized: ['TRUE'],
    isGlobalCatalogReady: ['TRUE'],
    domainFunctionality: ['7'],
    forestFunctionality: ['7'],
    domainControllerFunctionality: ['7'],
  };
  return Object.entries(attributes).map(([name, values]) => ({ name, values }));
}

/** ACTIVE_DIRECTORY, V51, LDAP_INTEG, V60, V61_R2, W8 (MS-ADTS 3.1.1.3.4.3). */
const capabilities = ['800', '1670', '1791', '1935', '2080', '2237'].map((id) => `1.2.840.113556.1.4.${id}`);

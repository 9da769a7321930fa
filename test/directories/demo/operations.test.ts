import fc from 'fast-check';
import { BindRequest, CompareRequest, ExtensibleFilter, ModifyRequest, SearchRequest, SubstringFilter } from 'ldapts';
import { beforeEach, expect, test } from 'vitest';
import { Administration } from '../../../src/directories/demo/administration.ts';
import { MalformedMessage } from '../../../src/directories/demo/ber-elements.ts';
import { Domain } from '../../../src/directories/demo/domain.ts';
import { seedDomain, seedServiceAccount } from '../../../src/directories/demo/domain-seed.ts';
import { decodeRequest } from '../../../src/directories/demo/message-decoding.ts';
import { Operations } from '../../../src/directories/demo/operations.ts';
import { seedPeople } from '../../../src/directories/demo/people-seed.ts';
import { quoted, replace, SettableClock } from './demo-client.ts';

const password = 'Service-Tree-42';
const anna = 'CN=Anna Berg,OU=People,DC=contoso,DC=example';
const chain = {
  matchType: 'memberOf',
  rule: '1.2.840.113556.1.4.1941',
  value: 'CN=Finance,CN=Users,DC=contoso,DC=example',
};
const changes = [replace('unicodePwd', quoted('Another-Tree-42')), replace('lockoutTime', '0')];
const requests = [
  new SearchRequest({
    messageId: 1,
    baseDN: anna,
    filter: new SubstringFilter({ attribute: 'cn', initial: 'A', any: ['n'] }),
  }),
  new SearchRequest({
    messageId: 2,
    baseDN: '',
    scope: 'base',
    filter: new ExtensibleFilter(chain),
    attributes: ['*'],
  }),
  new SearchRequest({ messageId: 3, baseDN: 'OU=People,DC=contoso,DC=example', filter: new ExtensibleFilter(chain) }),
  new ModifyRequest({ messageId: 4, dn: anna, changes }),
  new ModifyRequest({ messageId: 5, dn: anna, changes: [replace('pwdLastSet', '-1')] }),
  new CompareRequest({ messageId: 6, dn: anna, attribute: 'objectSid', value: 'S-1-5-21-1-2-3-4' }),
  new BindRequest({ messageId: 7, dn: 'CONTOSO\\anna.berg', password: 'Blue-Harbour-42' }),
].map((request) => request.write());

let operations: Operations;

beforeEach(() => {
  const domain = new Domain({ clock: new SettableClock(), dnsName: 'contoso.example', name: 'CONTOSO' });
  const administration = new Administration(domain);
  seedDomain(domain, administration);
  seedServiceAccount(domain, administration, password);
  seedPeople(domain, administration);
  operations = new Operations({ domain, policyHints: true });
});

/** Answers, or finds the message malformed. Any other exception fails the test. */
function answer(message: Buffer): readonly Buffer[] | 'close' | 'malformed' {
  try {
    return operations.answer(decodeRequest(message));
  } catch (fault) {
    if (fault instanceof MalformedMessage) return 'malformed';
    throw fault;
  }
}

test('spoilt requests of a bound client are answered or malformed, and nothing else', () => {
  const spoilt = fc.tuple(fc.constantFrom(...requests), fc.array(fc.tuple(fc.nat(260), fc.nat(255)), { maxLength: 4 }));
  const outcomes = { answered: 0, malformed: 0 };
  fc.assert(
    fc.property(spoilt, ([message, spoils]) => {
      answer(new BindRequest({ messageId: 9, dn: 'svc-latchkey@contoso.example', password }).write());
      const bytes = Buffer.from(message);
      for (const [at, value] of spoils) if (at < bytes.length) bytes[at] = value;
      outcomes[answer(bytes) === 'malformed' ? 'malformed' : 'answered'] += 1;
    }),
    { numRuns: 1500 },
  );
  expect(outcomes.answered).toBeGreaterThan(100);
  expect(outcomes.malformed).toBeGreaterThan(100);
});

test('a modify of a group, of the domain and of nothing is refused', () => {
  answer(new BindRequest({ messageId: 9, dn: 'svc-latchkey@contoso.example', password }).write());
  for (const dn of [
    'DC=contoso,DC=example',
    'CN=Finance,CN=Users,DC=contoso,DC=example',
    'CN=Nobody,DC=contoso,DC=example',
  ]) {
    const [bytes] = answer(new ModifyRequest({ messageId: 4, dn, changes }).write()) as readonly Buffer[];
    expect(bytes?.includes(dn.startsWith('CN=Nobody') ? '00002030' : '00002098')).toBe(true);
  }
});

import { describe, expect, test } from 'vitest';
import { activeDirectorySettings } from '../../../src/directories/active-directory/settings.ts';

const least = {
  urls: ['ldaps://dc1.corp.example.test'],
  'base-dn': 'DC=corp,DC=example,DC=test',
  domain: 'CORP',
  'bind-account': 'svc-latchkey@corp.example.test',
  'bind-password': 'x',
};

/** The messages, each behind the path of its setting. */
function problems(more: Record<string, unknown>): readonly string[] {
  const result = activeDirectorySettings.safeParse({ ...least, ...more });
  return result.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? [];
}

describe('the settings of an Active Directory', () => {
  test('have defaults for all that need not be said', () => {
    expect(activeDirectorySettings.parse(least)).toEqual({
      ...least,
      starttls: false,
      'operation-timeout-ms': 8000,
      'walk-timeout-ms': 120_000,
      'connect-timeout-ms': 3000,
      'pool-size': 4,
      'privileged-groups': [],
    });
  });

  test('take several servers, ports and IPv6 addresses', () => {
    expect(problems({ urls: ['ldaps://dc1.corp.example.test:6360', 'ldaps://[::1]:636', 'LDAPS://10.0.0.1'] })).toEqual(
      [],
    );
  });

  test('5.31: refuse a connection in the clear, and take it with StartTLS', () => {
    const urls = ['ldap://dc1.corp.example.test'];
    expect(problems({ urls })).toEqual([expect.stringContaining('urls.0 is not encrypted')]);
    expect(problems({ urls, starttls: true })).toEqual([]);
    expect(problems({ starttls: true })).toEqual(['urls.0 starttls needs ldap://']);
  });

  test('F7: refuse the ports of the global catalogue, which takes no writes', () => {
    for (const url of ['ldaps://dc1:3269', 'ldap://dc1:3268']) {
      const starttls = url.startsWith('ldap:');
      expect(problems({ urls: [url], starttls })).toEqual([expect.stringContaining('global catalogue')]);
    }
  });

  test('refuse what is no address of a server', () => {
    const urls = [
      'https://dc1',
      'dc1',
      '',
      'ldaps://',
      'ldaps://dc1/DC=corp',
      'ldaps://user:word@dc1',
      'ldaps://dc1?x',
    ];
    for (const url of urls) expect(problems({ urls: [url] }), url).not.toEqual([]);
    expect(problems({ urls: [] })).not.toEqual([]);
  });

  test('5.31: have no switch that turns the verification of certificates off', () => {
    const names = Object.keys(activeDirectorySettings.shape);
    expect(names.filter((name) => /verif|reject|insecure|unauthor|trust/i.test(name))).toEqual([]);
    expect(problems({ 'reject-unauthorized': false })).not.toEqual([]);
  });

  test('refuse an empty password of the service account', () => {
    expect(problems({ 'bind-password': '' })).not.toEqual([]);
  });

  test('need a server, or a domain to find them in', () => {
    const domain = 'corp.example.test';
    expect(problems({ urls: [] })).toEqual([expect.stringContaining('must name a server, unless discovery')]);
    expect(problems({ urls: undefined, discovery: { domain } })).toEqual([]);
  });

  test('take the password, or its file, and not both', () => {
    const file = '/run/secrets/directory';
    expect(problems({ 'bind-password': undefined })).toEqual([expect.stringContaining('is missing')]);
    expect(problems({ 'bind-password': undefined, 'bind-password-file': file })).toEqual([]);
    expect(problems({ 'bind-password-file': file })).toEqual([expect.stringContaining('leave one out')]);
  });

  test.each([
    [{ domain: 'corp' }],
    [{ domain: '*.corp.example.test' }],
    [{ suffixes: [''] }],
    [{ suffixes: ['test'] }],
    [{ suffixes: ['.example.test'] }],
    [{ site: 'Dublin.evil' }],
    [{ 'ldaps-port': 3269 }],
    [{ 'ldaps-port': 0 }],
    [{ nameservers: ['ns1.example.test'] }],
    [{ nameservers: ['10.0.0.53:'] }],
  ])('refuse a discovery with %j', (more) => {
    expect(problems({ discovery: { domain: 'corp.example.test', ...more } })).toHaveLength(1);
  });

  test('take name servers with and without a port', () => {
    const nameservers = ['10.0.0.53', '10.0.0.53:5353', '::1', '[::1]:5353'];
    expect(problems({ discovery: { domain: 'corp.example.test', nameservers } })).toEqual([]);
  });
});

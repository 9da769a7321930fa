import { type LdapAuthServer, Strategy } from 'passport-ldapauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoDirectory, startDemoDirectory } from '../../../src/directories/demo/demo-directory.ts';

let demo: DemoDirectory;
beforeAll(async () => {
  demo = await startDemoDirectory({ production: false });
});
afterAll(() => demo.close());

type Outcome = { readonly kind: 'success' | 'fail' | 'error'; readonly info: unknown };

/** Signs in through the strategy as express would drive it. */
function signIn(username: string, password: string): Promise<Outcome> {
  const server: LdapAuthServer = {
    url: demo.url,
    tlsOptions: { ca: [demo.ca] },
    bindDN: demo.serviceAccount.principal,
    bindCredentials: demo.serviceAccount.password,
    searchBase: demo.baseDn,
    searchScope: 'sub',
    searchFilter: '(sAMAccountName={{username}})',
    searchAttributes: ['sAMAccountName', 'cn'],
    bindProperty: 'dn',
    strictDN: false,
    timeout: 10_000,
    connectTimeout: 10_000,
  };
  const strategy = new Strategy((_, done) =>
    done(undefined, { server, usernameField: 'username', passwordField: 'password' }),
  );
  return new Promise((resolve) => {
    const outcome = (kind: Outcome['kind']) => (info: unknown) => resolve({ kind, info });
    Object.assign(strategy, { success: outcome('success'), fail: outcome('fail'), error: outcome('error') });
    strategy.authenticate({ body: { username, password }, query: {} } as never);
  });
}

test.each(['anna.berg', "jürgen.o'neill"])('%s signs in', async (samName) => {
  const outcome = await signIn(samName, 'Blue-Harbour-42');
  expect(outcome).toMatchObject({ kind: 'success', info: { sAMAccountName: samName } });
});

test.each([
  ['anna.berg', 'wrong', 'Invalid username/password'],
  ['nobody', 'Blue-Harbour-42', 'Invalid username/password'],
  ['carla.diaz', 'Blue-Harbour-42', 'User account locked'],
  ['dai.nakamura', 'Blue-Harbour-42', 'User must reset password'],
  ['erik.holm', 'Blue-Harbour-42', 'Account disabled'],
])('%s with %j is told %j', async (samName, password, message) => {
  expect(await signIn(samName, password)).toMatchObject({ kind: 'fail', info: { message } });
});

import { describe, expect, test } from 'vitest';
import { env, load, problemsOf } from './sample-configuration.ts';

describe('a secret is in no message', () => {
  const canary = 'c4n4ry-5ecret';

  test.each<[string, Record<string, unknown>]>([
    ['in a reference of a wrong kind', { 'listen.port': env('CANARY') }],
    ['in a reference where a name is expected', { 'directory.domain': `${env('CANARY')}.x` }],
    ['as a key that is too short', { keys: [{ id: 'a', secret: canary }] }],
    ['as a key where a list belongs', { keys: canary }],
    ['as a password that is a list', { 'directory.bind-password': [canary] }],
    ['as a password that is a group', { 'directory.bind-password': { [canary]: canary } }],
    ['as the password of a database without a name', { store: { kind: 'postgresql', host: 'db', password: canary } }],
  ])('%s', (_what, changes) => {
    const problems = problemsOf(() => load(changes, { CANARY: canary }));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(canary);
  });

  test('as a number that should be a text', () => {
    const problems = problemsOf(() => load({ 'directory.bind-password': 8_675_309 }));
    expect(problems).toEqual(['directory.bind-password: found a secret; must be a text']);
  });
});

describe('debugging that would log secrets', () => {
  const passwords = 'NODE_DEBUG: would write passwords to the log; leave ldapts out of it';
  const numbers = 'NODE_DEBUG: would write telephone numbers to the log; leave undici and fetch out of it';

  test.each([
    ['ldapts', [passwords]],
    ['http,ldapts', [passwords]],
    ['LDAPTS', [passwords]],
    ['ldap*', [passwords]],
    ['undici', [numbers]],
    ['tls, Fetch', [numbers]],
    ['*', [passwords, numbers]],
  ])('is refused as %s', (sections, problems) => {
    expect(problemsOf(() => load({}, { NODE_DEBUG: sections }))).toEqual(problems);
  });

  test('is not mistaken for that of another part', () => {
    expect(problemsOf(() => load({}, { NODE_DEBUG: 'http,tls' }))).toEqual([]);
  });
});

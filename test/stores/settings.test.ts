import { expect, test } from 'vitest';
import { storeSettings } from '../../src/stores/settings.ts';

const postgresql = { kind: 'postgresql', host: 'db.example.test', database: 'latchkey', user: 'latchkey' };

test('defaults are filled in', () => {
  expect(storeSettings.parse({ kind: 'sqlite', file: 'data/latchkey.db' })).toEqual({
    kind: 'sqlite',
    file: 'data/latchkey.db',
    'busy-timeout-ms': 5_000,
  });
  expect(storeSettings.parse(postgresql)).toEqual({ ...postgresql, port: 5_432, 'pool-size': 10 });
});

test.each([
  ['no kind', { file: 'x' }],
  ['another kind', { kind: 'mysql', file: 'x' }],
  ['no file', { kind: 'sqlite' }],
  ['an empty file', { kind: 'sqlite', file: '' }],
  ['a setting of the other kind', { kind: 'sqlite', file: 'x', host: 'db' }],
  ['an unknown setting', { ...postgresql, ssl: false }],
  ['no host', { ...postgresql, host: undefined }],
  ['a port out of range', { ...postgresql, port: 70_000 }],
  ['a pool of none', { ...postgresql, 'pool-size': 0 }],
  ['an empty password', { ...postgresql, password: '' }],
])('%s is refused', (_name, settings) => {
  expect(storeSettings.safeParse(settings).success).toBe(false);
});

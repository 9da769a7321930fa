import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadDefinitions } from '../../src/definitions.ts';
import { consoleProblems } from '../../src/settings/console-checks.ts';
import { consoleSettings } from '../../src/settings/console-settings.ts';

const definitions = await loadDefinitions([]);
const schema = consoleSettings({
  publicUrl: z.url().transform((text) => new URL(text)),
  tls: z.string().optional(),
  gates: definitions.gates.map(({ id }) => id),
});

const good = {
  'public-url': 'https://console.example.com',
  port: 3443,
  roles: { administrators: ['Latchkey Administrators'] },
  'second-factor': ['otp-sms'],
};

const told = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
  (schema.safeParse({ ...good, ...changes }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('the settings of the console', () => {
  it('have an end for every session, unless told otherwise', () => {
    expect(schema.parse(good)).toMatchObject({
      host: '127.0.0.1',
      'idle-minutes': 15,
      hours: 8,
      'fresh-minutes': 5,
      roles: { auditors: [], helpdesk: [] },
    });
  });

  it.each([
    ['no group at all', { roles: {} }, /^roles: must name at least one group/],
    ['a group without a name', { roles: { administrators: [' '] } }, /^roles.administrators.0: /],
    ['a helpdesk without units', { roles: { helpdesk: [{ group: 'Desk' }] } }, /^roles.helpdesk.0.units: /],
    ['a helpdesk of no unit', { roles: { helpdesk: [{ group: 'Desk', units: [] }] } }, /^roles.helpdesk.0.units: /],
    ['no second factor', { 'second-factor': [] }, /^second-factor: /],
    ['a gate that nobody knows', { 'second-factor': ['smoke'] }, /^second-factor.0: must be one of /],
    ['a gate twice', { 'second-factor': ['phone', 'phone'] }, /^second-factor: names a gate twice/],
    ['a session without end', { hours: 25 }, /^hours: /],
    ['a session that idles for hours', { 'idle-minutes': 61 }, /^idle-minutes: /],
  ])('refuse %s', (_what, changes, problem) => {
    expect(told(changes)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('what the console demands of the rest', () => {
  const world = (changes: Readonly<Record<string, unknown>>, rest: object = {}) => {
    const sections = {
      console: schema.parse({ ...good, ...changes }),
      'public-url': new URL('https://password.example.com'),
      listen: { host: '127.0.0.1', port: 3000, zone: 'extranet' },
      'more-listeners': [
        { 'public-url': new URL('https://inside.example.com'), host: '::1', port: 3002, zone: 'intranet' },
      ],
      channels: { sms: ['texts'], voice: [], email: [] },
      gates: {},
      ...rest,
    };
    return consoleProblems(sections as never, definitions).map(({ setting, problem }) => `${setting}: ${problem}`);
  };

  it('is met by a name of its own and something that people have', () => {
    expect(world({})).toEqual([]);
    expect(consoleProblems({}, definitions)).toEqual([]);
  });

  it('is a host name of its own: another port does not keep cookies apart', () => {
    expect(world({ 'public-url': 'https://PASSWORD.example.com:8443' })).toEqual([
      expect.stringMatching(/^console.public-url: has the host name of the portals, password.example.com/),
    ]);
  });

  it('is another one than that of any further listener too', () => {
    expect(world({ 'public-url': 'https://inside.example.com:444' })).toEqual([
      expect.stringMatching(/^console.public-url: has the host name of the portals, inside.example.com/),
    ]);
  });

  it('is a second factor that is another one than the password', () => {
    expect(world({ 'second-factor': ['questions', 'otp-sms'] })).toEqual([
      expect.stringMatching(/^console.second-factor.0: questions proves what somebody knows/),
    ]);
  });

  it('is none that staff hand out themselves', () => {
    expect(world({ 'second-factor': ['helpdesk-code'] })).toEqual([
      expect.stringMatching(/^console.second-factor.0: helpdesk-code is handed out by the console's own users/),
    ]);
  });

  it('is a provider for that', () => {
    expect(world({ 'second-factor': ['phone'] })).toEqual([
      'channels.voice: names no provider, and the gate phone of console.second-factor needs one',
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { beginDry, beginLive, openDriveWorld, testAccount } from './drive-world.ts';
import type { ConsoleWorld } from './world.ts';

const inside = 'latchkey.corp.contoso.example';
/** The console is at localhost, the main listener at 127.0.0.1. */
const console = 'localhost';

let world: ConsoleWorld;

const policy = (name: string, zone: string, chain: readonly string[], members: unknown) => ({
  name,
  members,
  zone,
  chain,
});

beforeAll(async () => {
  world = await openDriveWorld({
    chain: ['otp-sms'],
    policies: [
      policy('harbour', 'intranet', ['otp-sms', 'helpdesk-code'], { units: ['People/North/Harbour'] }),
      policy('south', 'any', ['otp-sms', 'helpdesk-code'], { units: ['People/South'] }),
      policy('everyone', 'any', ['otp-sms'], 'everyone'),
    ],
    settings: {
      'more-listeners': [{ 'public-url': `https://${inside}`, port: 0, zone: 'intranet' }],
      'trusted-proxies': ['loopback'],
    },
  });
});
afterAll(() => world.close());

async function lastText(person: Person): Promise<string> {
  await world.latchkey.challenges.idle();
  return world.portals.phones.phone(person.mobile).texts.at(-1)?.text ?? '';
}

/** The host that a text binds its code to; none when its last line does not. */
function hostIn(text: string): string | undefined {
  const [code = '-'] = /\b\d{6,8}\b/.exec(text.replace(/^\w+ \w+ \d\d/, '')) ?? [];
  const [, host, bound] = /^@(\S+) #(\d+)$/.exec(text.split('\n').at(-1) ?? '') ?? [];
  return bound === code ? host : undefined;
}

describe('a sign-in to the console', () => {
  test('says what its code is for, and binds it to the console', async () => {
    const person = await world.staff('administrator');
    await world.password(person);
    const text = await lastText(person);
    expect(text).toMatch(/^\d{6} is your code for the console\./);
    expect(text).not.toMatch(/get back|register/);
    expect(hostIn(text)).toBe(console);
  });

  test('calls with the same words', async () => {
    const person = world.portals.person();
    await world.portals.register(person, ['phone']);
    world.join(person, 'Console Administrators');
    await world.password(person);
    await world.latchkey.challenges.idle();
    const { spoken } = world.portals.phones.phone(person.phone).calls.at(-1) ?? {};
    expect(spoken).toMatch(/^Somebody asks to use the console with your account\. .*key in the number/);
  });

  test('asks again for what matters in the same words', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    world.clock.pass(6 * 60);
    await visitor.open('/confirm');
    await visitor.submit();
    expect(visitor.path).toBe('/console/otp-sms');
    const text = await lastText(person);
    expect(text).toContain('your code for the console');
    expect(hostIn(text)).toBe(console);
  });

  test.each(['X-Forwarded-Host', 'X-Original-Host', 'Forwarded'])(
    'attack: %s binds its code to nothing else',
    async (name) => {
      for (const host of ['evil.example', '127.0.0.1', inside]) {
        const person = await world.staff('administrator');
        const value = name === 'Forwarded' ? `for=10.0.0.1;host=${host}` : host;
        const visitor = await world.password(person, world.visitor({ [name]: value }));
        expect(visitor.path).toBe('/console/otp-sms');
        expect(hostIn(await lastText(person))).toBe(console);
      }
    },
  );
});

describe('a caller', () => {
  test('reads that the helpdesk asks, by which words, and whom to tell; no page but the agent’s is offered the code', async () => {
    const { visitor } = await world.signedIn('helpdesk');
    const person = world.personIn('north');
    await world.portals.register(person, ['otp-sms']);
    const page = await visitor.open(`/people/${person.id}/caller`);
    await page.submit({ gate: 'otp-sms', reason: 'They called' }, 'act=start');
    const text = await lastText(person);
    const phrase = page.page('.phrase').text().trim();
    expect(phrase).not.toBe('');
    expect(text.startsWith(`${phrase} – your helpdesk says these words`)).toBe(true);
    expect(text).toContain('If nobody speaks with you, tell the code to nobody.');
    expect(text).not.toMatch(/get back|register|console\./);
    expect(hostIn(text)).toBe(console);
  });
});

describe('a code of the helpdesk', () => {
  async function issued(person: Person): Promise<string> {
    await world.portals.register(person, ['otp-sms']);
    const { visitor } = await world.signedIn('administrator');
    await visitor.open(`/people/${person.id}/code`);
    await visitor.submit({ to: 'otp-sms', reason: 'They called' });
    expect(visitor.text).toContain('A code is on its way');
    return lastText(person);
  }

  test('is bound to the listener where the person may enter it', async () => {
    expect(hostIn(await issued(world.personIn('inNorth')))).toBe(inside);
  });

  test('is bound to the main listener where they may enter it at several', async () => {
    expect(hostIn(await issued(world.personIn('south')))).toBe('127.0.0.1');
  });
});

describe('what is tried from the console', () => {
  test('by one provider is bound to the console, and says that it opens nothing', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=sms');
    const text = await lastText(person);
    expect(text).toContain('is a test. It opens nothing.');
    expect(hostIn(text)).toBe(console);
  });

  test('by a call asks for the digits on the page where it takes them', async () => {
    const { person, visitor } = await world.signedIn('administrator');
    await world.portals.register(person, ['phone']);
    await visitor.open('/drive/providers');
    await visitor.submit({}, 'channel=voice');
    await world.latchkey.challenges.idle();
    const { spoken } = world.portals.phones.phone(person.phone).calls.at(-1) ?? {};
    expect(visitor.text).toContain('Key this in at the phone, then press #:');
    expect(spoken).toBe(
      'This is a test call that you asked for. Key in the number on your screen, then press the hash key.',
    );
  });

  test('by a test drive says what the drive is of, and is bound to the console where it is walked', async () => {
    const driven = await testAccount(world, 'North');
    const { visitor } = await world.signedIn('administrator');
    await beginDry(visitor, driven.id);
    const dry = phoneOf(visitor);
    expect(dry).toContain('is your code to get back into your account');
    expect(dry).toContain(`@${console} #`);
    await beginLive(visitor, driven.id);
    const live = await lastText(driven);
    expect(live).toContain('is your code to get back into your account');
    expect(hostIn(live)).toBe(console);
  });
});

/** What the made-up phone beside the page shows. */
function phoneOf(visitor: Visitor): string {
  return visitor.page('.drive .phone.text').first().text();
}

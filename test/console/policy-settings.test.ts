import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/json.ts';
import { plain, type Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { ConsoleWorld, consoleSettings } from './world.ts';

const timeout = 60_000;
const text = { en: 'At the docks: {code}' };
const docks = {
  name: 'docks',
  members: { groups: ['Helpdesk North'] },
  chain: ['otp-sms', 'questions'],
  gates: { 'otp-sms': { lifetime: 120, text }, questions: { 'allow-duplicate-answers': true, 'reset-asks': 3 } },
};
const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms'] };

let world: ConsoleWorld;
let person: Person;
let admin: Visitor;

beforeEach(async () => {
  world = await ConsoleWorld.open({ settings: { 'policies-in': 'store' } });
  ({ person, visitor: admin } = await world.signedIn('administrator'));
  const who = { by: 'account-2', byName: 'Ben', note: 'docks', at: world.clock.now() };
  await policies().save({ basedOn: 1, ...who, policies: [docks, everyone] });
  await admin.open('/policies');
  await admin.submit();
});
afterEach(() => world.close());

const policies = () => world.latchkey.stores.policies;

/** What the draft says of the gates of a policy. */
async function draftOf(name: string): Promise<Json | undefined> {
  const list = (await policies().draft(person.id))?.policies as readonly {
    readonly name: string;
    readonly gates?: Json;
  }[];
  return list.find((one) => one.name === name)?.gates;
}

const own = (setting: string): string => `own.otp-sms.${setting}`;
const field = (name: string) => admin.page(`[name="${name}"]`);
const wrong = (): readonly (string | undefined)[] =>
  admin
    .page('.problem a')
    .toArray()
    .map((one) => admin.page(one).attr('href'));

describe('the settings of gates in the form of a policy', () => {
  test('stand there with what is configured, and the ones of the policy over them', { timeout }, async () => {
    await admin.open('/policies/draft/policy/0');
    expect(field(own('lifetime')).val()).toBe('120');
    expect(field(own('lifetime')).attr('placeholder')).toBe('300');
    expect(field(own('code-length')).val()).toBe('');
    expect(plain(admin.page(`[id="${own('code-length')}-hint"]`).text())).toBe(
      '6 to 10. Empty: as configured, which is 6 now.',
    );
    const choices = (name: string) =>
      field(name)
        .find('option')
        .toArray()
        .map((one) => [admin.page(one).attr('value'), plain(admin.page(one).text()), admin.page(one).attr('selected')]);
    expect(choices('own.questions.allow-duplicate-answers')).toEqual([
      ['', 'As configured (now: no)', undefined],
      ['true', 'yes', 'selected'],
      ['false', 'no', undefined],
    ]);
    expect(choices('own.phone.number-matching').map(([value]) => value)).toEqual([
      '',
      'where-possible',
      'required',
      'off',
    ]);
    expect(admin.text).toContain('kept as it is: What is said or written{"en":"At the docks: {code}"}');
    expect(admin.text).toContain('As configured: The questions, Pattern of an answer');
    expect(admin.page('[name^="own.helpdesk-code"]').length).toBe(0);
    // The sign-in to the console comes under no policy.
    expect(admin.text).not.toContain('at the console');
    const open = admin
      .page('details[open] fieldset')
      .toArray()
      .map((one) => admin.page(one).attr('id'));
    expect(open).toEqual(['own.otp-sms', 'own.questions']);
  });

  test('are changed one by one, told in sentences, saved, used and taken back with one press', {
    timeout,
  }, async () => {
    await admin.open('/policies/draft/policy/0');
    await admin.submit({
      [own('code-length')]: '8',
      [own('lifetime')]: '',
      'own.questions.allow-duplicate-answers': 'false',
    });
    expect(admin.path).toBe('/policies/draft');
    expect(await draftOf('docks')).toEqual({
      'otp-sms': { 'code-length': 8, text },
      questions: { 'allow-duplicate-answers': false, 'reset-asks': 3 },
    });
    expect(admin.text).toContain('Code by text message, by this policy: Digits of a code: 8, What is said or written');
    await admin.open('/policies/draft/review');
    for (const said of [
      'In “docks”, “Digits of a code” of “Code by text message” is 8, whatever is configured.',
      'In “docks”, “Seconds that it is good for” of “Code by text message” is as configured, and 120 before.',
      'In “docks”, “The same answer more than once” of “Questions and answers” is no, and yes before.',
    ]) {
      expect(admin.text).toContain(said);
    }
    await admin.submit({ note: 'longer codes' });
    expect(plain(admin.page('.notice[role="status"]').text())).toBe('Version 3 is in force.');
    expect(admin.text).toContain('Digits of a code: 8');
    await admin.open('/policies/versions/2');
    expect(admin.text).toContain('“Digits of a code” of “Code by text message” is as configured, and 8 before.');
    await admin.submit();
    expect(plain(admin.page('.notice[role="status"]').text())).toBe('Version 4 is in force.');
    expect((await policies().latest())?.policies).toMatchObject([{ gates: docks.gates }, {}]);
  });

  test('that do not fit are said at their fields, and nothing typed is lost', { timeout }, async () => {
    await admin.open('/policies/draft/policy/0');
    const typed = { [own('code-length')]: '11', [own('lifetime')]: 'long', 'own.questions.reset-requires': '4' };
    await admin.submit(typed);
    expect(admin.status).toBe(422);
    expect(wrong()).toEqual(['#own.otp-sms.code-length', '#own.otp-sms.lifetime', '#own.questions.reset-requires']);
    expect(admin.problems).toContain(
      '“Digits of a code” of “Code by text message”: enter a whole number from 6 to 10, or nothing',
    );
    expect(admin.problems).toContain(
      '“Right answers needed at a reset” of “Questions and answers” does not fit: found 4; is 4 and must not be more than reset-asks, which is 3',
    );
    for (const [name, value] of Object.entries(typed)) expect(field(name).val(), name).toBe(value);
    for (const href of wrong()) expect(admin.page(`[id="${href?.slice(1)}"]`).length).toBe(1);
    expect(await draftOf('docks')).toEqual(docks.gates);
  });

  test('go with a gate that leaves the chain, and what no form holds stays while it is there', {
    timeout,
  }, async () => {
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ 'place-questions': '', [own('lifetime')]: '90' });
    expect(await draftOf('docks')).toEqual({ 'otp-sms': { lifetime: 90, text } });
    expect(admin.text).toContain('“docks” loses the gate “Questions and answers”.');
    await admin.open('/policies/draft/policy/new');
    await admin.submit({
      name: 'new',
      who: 'everyone',
      'place-phone': '1',
      'own.phone.lifetime': '90',
      [own('lifetime')]: '90',
    });
    expect(await draftOf('new')).toEqual({ phone: { lifetime: 90 } });
  });

  test('that its providers cannot do are said of the gate', { timeout }, async () => {
    const plainCalls = {
      kind: 'custom-http',
      url: 'https://calls.example',
      secret: '5e'.repeat(32),
      countries: ['GB'],
    };
    const mail = { kind: 'virtual-email' };
    const providers = { texts: { kind: 'virtual-sms' }, plain: plainCalls, mail };
    const channels = { sms: ['texts'], voice: ['plain'], email: ['mail'] };
    await world.portals.restart({
      settings: { 'policies-in': 'store', console: consoleSettings(world.origin), providers, channels },
    });
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ 'place-phone': '3', 'own.phone.number-matching': 'required' });
    expect([admin.status, ...wrong()]).toEqual([422, '#own.phone']);
    expect(admin.problems).toContain('number-matching cannot be required: the provider cannot ask for digits (plain)');
    expect(field('own.phone.number-matching').find('[selected]').val()).toBe('required');
  });

  test('of two who save at once are put upon one another policy by policy', { timeout }, async () => {
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ [own('code-length')]: '8' });
    await admin.open('/policies/draft/review');
    await admin.submit({ note: 'longer codes' });
    await admin.submit();
    await admin.open('/policies/draft/policy/0');
    await admin.submit({ [own('lifetime')]: '90' });
    const saved = (await policies().latest())?.policies ?? [];
    const [first, last] = saved as readonly { readonly [name: string]: Json }[];
    const theirs = [first, { ...last, gates: { 'otp-sms': { lifetime: 60 } } }] as Json;
    const who = { by: 'account-2', byName: 'Ben', note: 'shorter', at: world.clock.now() };
    await policies().save({ basedOn: 3, ...who, policies: theirs });
    await admin.open('/policies/draft/review');
    expect(admin.text).toContain('In “everyone”, “Seconds that it is good for” of “Code by text message” is 60');
    await admin.submit({ note: 'shorter codes' });
    await admin.submit({ note: 'shorter codes' });
    expect((await policies().latest())?.policies).toMatchObject([
      { gates: { 'otp-sms': { 'code-length': 8, lifetime: 90, text } } },
      { gates: { 'otp-sms': { lifetime: 60 } } },
    ]);
  });

  test('attack: no other setting is taken, nor a value that is no choice, nor fields without end', {
    timeout,
  }, async () => {
    const path = '/policies/draft/policy/0';
    await admin.open(path);
    const { body } = admin.form();
    const ask = async (extra: string) => (await admin.ask({ method: 'post', path, body: `${body}&${extra}` })).status;
    for (const extra of [
      'own.otp-sms.text=x',
      'own.badge.colour=red',
      'own.helpdesk-code.lifetime=60',
      'own.__proto__.x=1',
    ]) {
      expect(await ask(extra), extra).toBe(400);
    }
    expect(await ask(`${own('lifetime')}=60`)).toBe(400);
    // As many as usual and one for each setting: a form with the gates of packages has more than others.
    const most = 64 + admin.page('[name^="own."]').length;
    const more = (count: number) => Array.from({ length: count }, (_, at) => `x${at}=1`).join('&');
    const posted = new URLSearchParams(body).size;
    expect(await ask(more(most - posted))).toBe(400);
    expect(await ask(more(most - posted + 1))).toBe(413);
    expect(await ask(`x=${'a'.repeat(530_000)}`)).toBe(413);
    const wild = new URLSearchParams(body);
    wild.set('own.phone.number-matching', 'sometimes');
    wild.set('place-phone', '3');
    const answer = await admin.ask({ method: 'post', path, body: wild.toString() });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('#own.phone.number-matching');
    expect(await draftOf('docks')).toEqual(docks.gates);
  });
});

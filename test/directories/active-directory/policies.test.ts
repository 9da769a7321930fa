import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkMembers } from '../../../src/commands/check-policies.ts';
import type { Json } from '../../../src/core/json.ts';
import type { WorldPerson } from '../../contracts/directory-world.ts';
import { answers, PortalWorld } from '../../e2e/world.ts';
import { plain, Visitor } from '../../portals/visitor.ts';
import { SambaAdministrator, unique } from '../../services/samba-administrator.ts';
import { sharedSamba } from '../../services/shared-samba.ts';

const samba = await sharedSamba();
const newPassword = 'A-quite-new-Passphrase-9';
let numbers = 0;

type Someone = WorldPerson & { readonly telephone: string; readonly mobile: string };

/** Policies over groups in groups and units in units of a real Active Directory, through the portals. */
describe.skipIf(samba === undefined)('policies on Samba AD', () => {
  if (samba === undefined) return void test('needs Samba AD', () => {});
  const branch = unique('Branch ');
  const labs = unique('R/D, "x" ');
  const [outer, excepted] = [unique('outer '), unique('excepted ')];
  const people = 'People';
  const branchPath = `${people}/${branch}`;
  const labsPath = `${people}/${labs.replace('/', '\\/')}`;
  const policies: readonly Json[] = [
    { name: 'watched', members: { groups: [outer] }, chain: ['otp-sms', 'questions'] },
    { name: 'branch', members: { units: [branchPath], except: { groups: [excepted] } }, chain: ['questions'] },
    { name: 'labs', members: { units: [labsPath] }, chain: ['phone'], actions: ['unlock'] },
    { name: 'rest', members: 'everyone', chain: ['otp-sms'] },
  ] as unknown as readonly Json[];
  const units = { branch: '', desk: '', corner: '', labs: '' };
  const groups = { outer: '', middle: '', inner: '', excepted: '' };
  let administrator: SambaAdministrator;
  let world: PortalWorld;

  beforeAll(async () => {
    administrator = await SambaAdministrator.connect(samba);
    units.branch = await administrator.addUnit(branch);
    units.desk = await administrator.addUnit('Desk, first floor', units.branch);
    units.corner = await administrator.addUnit('Corner + window', units.desk);
    units.labs = await administrator.addUnit(labs);
    for (const [name, samName] of [
      ['outer', outer],
      ['middle', unique('middle ')],
      ['inner', unique('inner ')],
      ['excepted', excepted],
    ] as const) {
      groups[name] = (await administrator.addGroup({ samName })).id;
    }
    await administrator.addMember(`<GUID=${groups.outer}>`, groups.middle);
    await administrator.addMember(`<GUID=${groups.middle}>`, groups.inner);
    world = await PortalWorld.open({ directory: samba, settings: { policies } });
  });
  afterAll(async () => {
    await world?.close();
    await administrator?.close();
  });

  async function someone(unit?: string): Promise<Someone> {
    numbers += 1;
    const number = String(numbers).padStart(4, '0');
    const contacts = { telephone: `+44207947${number}`, mobile: `+44770091${number}` };
    const person = { ...(await administrator.addPerson(contacts, unit)), ...contacts };
    await world.register(person.samName, contacts);
    return person;
  }

  const join = (group: keyof typeof groups, { id }: WorldPerson) =>
    administrator.addMember(`<GUID=${groups[group]}>`, id);

  async function start({ samName }: WorldPerson): Promise<Visitor> {
    const visitor = await new Visitor(world.url).open('/reset');
    return visitor.submit({ login: samName });
  }

  async function policyOf(person: WorldPerson): Promise<unknown> {
    await start(person);
    const rows = await world.latchkey.stores.audit.about(person.id, 10);
    return rows.find(({ event }) => event === 'flow.started')?.detail?.policy;
  }

  async function answerQuestions(visitor: Visitor): Promise<Visitor> {
    const $ = visitor.page;
    const fields = $('main label[for^="q"]')
      .toArray()
      .map((label) => {
        const asked = plain($(label).text());
        const known = [...answers].find(([question]) => asked.includes(question));
        return [$(label).attr('for') ?? '', known?.[1] ?? ''] as const;
      });
    return visitor.submit(Object.fromEntries(fields));
  }

  test('a member of a group in a group in a group comes under the policy of the outermost', async () => {
    const person = await someone(units.corner);
    expect(await policyOf(person)).toBe('branch');
    await join('inner', person);
    expect(await policyOf(person)).toBe('watched');
    expect((await start(person)).path).toBe('/reset/otp-sms');
  });

  test('so does whoever has a group in it as primary group', async () => {
    const person = await someone();
    await administrator.setPrimaryGroup(person, { id: groups.middle, samName: '' });
    expect(await policyOf(person)).toBe('watched');
  });

  test('units count at any depth, whatever their names are', async () => {
    expect(await policyOf(await someone(units.branch))).toBe('branch');
    expect(await policyOf(await someone(units.corner))).toBe('branch');
    expect(await policyOf(await someone(units.labs))).toBe('labs');
    expect(await policyOf(await someone())).toBe('rest');
  });

  test('an exception wins over the unit', async () => {
    const person = await someone(units.desk);
    await administrator.addMember(`<GUID=${groups.excepted}>`, person.id);
    expect(await policyOf(person)).toBe('rest');
  });

  test('5.32: a nested administrator is not eligible in any of them, and shows the chain of the unit', async () => {
    const person = await someone(units.desk);
    await administrator.addToProtectedGroup(person);
    const sent = world.sent;
    const visitor = await start(person);
    expect(visitor.path).toBe('/reset/questions');
    await answerQuestions(visitor);
    expect(visitor.path).toBe('/reset/questions');
    expect(world.sent).toBe(sent);
    const rows = await world.latchkey.stores.audit.about(person.id, 10);
    expect(rows.find(({ event }) => event === 'flow.started')?.detail).toMatchObject({ decoy: 'privileged' });
  });

  test('5.35: who is moved to another unit in the middle is held to the policy of that one', async () => {
    const person = await someone(units.corner);
    await administrator.lock(person, 5);
    const visitor = await start(person);
    await answerQuestions(visitor);
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/password');
    await administrator.move(person, units.labs);
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/expired');
    expect(await administrator.look(person)).toMatchObject({ locked: true });
    expect(await administrator.bind(person, newPassword)).not.toBe('bound');
    expect((await start(person)).path).toBe('/reset/phone');
  });

  test('5.35: and who joins a watched group in the middle to that of the group', async () => {
    const person = await someone(units.desk);
    const visitor = await start(person);
    await answerQuestions(visitor);
    await join('inner', person);
    await visitor.submit({ action: 'unlock' });
    expect(visitor.path).toBe('/reset/expired');
    expect((await start(person)).path).toBe('/reset/otp-sms');
  });

  test('who is moved within the branch goes on to a new password', async () => {
    const person = await someone(units.corner);
    const visitor = await start(person);
    await answerQuestions(visitor);
    await visitor.submit({ action: 'reset' });
    await administrator.move(person, units.branch);
    await visitor.submit({ password: newPassword, repeat: newPassword });
    expect(visitor.path).toBe('/reset/done');
    expect(await administrator.bind(person, newPassword)).toBe('bound');
  });

  test('latchkey check says that all is there, or what is not, and which group is in itself', async () => {
    const { loaded } = world;
    const said = async (list: readonly unknown[]): Promise<readonly string[]> => {
      const found = await checkMembers({
        ...loaded,
        configuration: { ...loaded.configuration, policies: list as never },
      });
      return found.map(({ level, subject, detail }) => `${level} ${subject}: ${detail}`);
    };
    expect(await said(loaded.configuration.policies)).toEqual([
      'ok policy watched: all groups and units that it names are there (1)',
      'ok policy branch: all groups and units that it names are there (2)',
      'ok policy labs: all groups and units that it names are there (1)',
    ]);
    const [first] = loaded.configuration.policies;
    const gone = {
      everyone: false,
      groups: ['No Such Group'],
      units: [],
      except: { groups: [], units: [`${people}/Gone`] },
    };
    expect(await said([{ ...first, members: gone }])).toEqual([
      'problem policy watched: the group No Such Group is not in the directory: nobody can be served until it is',
      'problem policy watched: the unit People/Gone is not in the directory: nobody can be served until it is',
    ]);
    const [one, two] = [await administrator.addGroup(), await administrator.addGroup()];
    await administrator.addMember(`<GUID=${one.id}>`, two.id);
    await administrator.addMember(`<GUID=${two.id}>`, one.id);
    const cyclic = { ...gone, groups: [one.samName], except: { groups: [], units: [] } };
    expect(await said([{ ...first, members: cyclic }])).toEqual([
      `warning policy watched: the group ${one.samName} is, by way of others, a member of itself: its members are not what they look like`,
    ]);
  });
});

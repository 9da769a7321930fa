import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { openConfiguredStores } from '../../src/compose/stores.ts';
import { load } from '../../src/load.ts';
import { ConfigurationFolder, LatchkeyProcess } from '../latchkey-process.ts';
import { lastingDemo } from '../smallest-demo.ts';

const timeout = 90_000;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms', 'questions'] };

/** A demo whose store lasts. */
async function world(where: 'file' | 'store' = 'store') {
  const folder = new ConfigurationFolder('');
  closing.push(() => folder.remove());
  folder.write({
    ...lastingDemo(folder.path('latchkey.db')),
    gates: {
      questions: {
        questions: ['one', 'two', 'three', 'four', 'five'].map((id) => ({ id, text: { en: `What is ${id}?` } })),
      },
    },
    'policies-in': where,
    policies: [everyone],
  });
  const loaded = await load({ LATCHKEY_CONFIG: folder.file });
  const stores = await openConfiguredStores(loaded.configuration);
  closing.push(() => stores.close());
  await stores.migrate();
  const run = (...args: string[]) => LatchkeyProcess.command(['policy', ...args], { configuration: folder.file }).ended;
  const file = folder.path('policies.yaml');
  const write = (document: unknown): string => {
    writeFileSync(file, typeof document === 'string' ? document : stringify(document));
    return file;
  };
  return { folder, stores, run, file, write };
}

describe('latchkey policy', () => {
  test('takes a list in, and hands the same list out again, with who saved it when and why', { timeout }, async () => {
    const { stores, run, write, folder } = await world();
    const imported = await run('import', write({ policies: [everyone] }), '--note', 'the first\u001b[2J');
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain('“everyone” is new, in place 1.');
    expect(imported.stdout).toContain('Version 1 is in force, on every node at once.');
    const stored = await stores.policies.latest();
    expect(stored).toMatchObject({ version: 1, by: 'operator', note: 'the first\u001b[2J' });
    const exported = await run('export');
    expect(exported.stderr).toBe('');
    expect(exported.stdout).toMatch(/^# Version 1, saved 20\S+Z by ".+": "the first\\u001b\[2J"\n/);
    expect(parse(exported.stdout)).toEqual({ version: 1, policies: stored?.policies });
    const out = folder.path('out.yaml');
    expect(await run('export', out)).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(out, 'utf8')).toBe(exported.stdout);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect((await run('export', out)).stderr).toContain('cannot be written (EEXIST)');
    expect(await run('import', out)).toMatchObject({ code: 0, stdout: expect.stringContaining('same as version 1') });
    expect(await stores.policies.newest()).toBe(1);
    const audited = await stores.audit.page({ after: 0, limit: 9 });
    expect(audited.map(({ event }) => event)).toEqual(['policies.saving', 'policies.saved']);
    expect(audited[1]?.detail).toMatchObject({ by: 'operator', version: 1, hash: stored?.hash });
  });

  test('takes in and hands out the providers of a policy, and refuses those that are not there', {
    timeout,
  }, async () => {
    const { run, write } = await world();
    const unknown = await run('import', write({ policies: [{ ...everyone, channels: { sms: ['texts', 'nobody'] } }] }));
    expect(unknown.code).toBe(1);
    expect(unknown.stdout).toContain('policies.0.channels.sms.1: there is no provider called "nobody"');
    const imported = await run('import', write({ policies: [{ ...everyone, channels: { sms: ['texts'] } }] }));
    expect(imported.stdout).toContain('Texts of “everyone” go by texts, in this order, and by no other.');
    const { policies } = parse((await run('export')).stdout) as { policies: unknown };
    expect(policies).toMatchObject([{ name: 'everyone', channels: { sms: ['texts'] } }]);
  });

  test('takes in and hands out settings of gates, refuses those that a gate does not take, and warns of what asks more', {
    timeout,
  }, async () => {
    const { run, write } = await world();
    const policy = (gates: unknown) => write({ policies: [{ ...everyone, chain: ['questions'], gates }] });
    const unfit = await run('import', policy({ questions: { 'reset-asks': 21 }, 'otp-sms': { lifetime: 60 } }));
    expect(unfit.code).toBe(1);
    expect(unfit.stdout).toContain('policies.0.gates.otp-sms: found a group of settings; is of no use');
    const both = await run('check', policy({ questions: { 'reset-asks': 21, 'min-answer-length': 'x' } }));
    expect(both.code).toBe(1);
    expect(both.stdout).toContain('policies.0.gates.questions.reset-asks: found 21; must be at most 20');
    expect(both.stdout).toContain('policies.0.gates.questions.min-answer-length: found "x"; must be a number');
    const gates = { questions: { 'registration-requires': 4, 'reset-asks': 4, 'reset-requires': 4 } };
    const imported = await run('import', policy(gates));
    expect(imported.code).toBe(0);
    expect(imported.stdout).toContain(
      'In “everyone”, “Right answers needed at a reset” of “Questions and answers” is 4, whatever is configured.',
    );
    expect(imported.stdout).toContain('“everyone” asks more of “Questions and answers” than people need to register');
    const { policies } = parse((await run('export')).stdout) as { policies: unknown };
    expect(policies).toMatchObject([{ name: 'everyone', gates }]);
    const fewer = { questions: { 'registration-requires': 2, 'reset-asks': 2, 'reset-requires': 2 } };
    expect((await run('import', policy(fewer))).stdout).not.toContain('asks more');
    expect((await run('import', policy({}))).stdout).toContain('“everyone” asks more of “Questions and answers”');
  });

  test('an export that somebody changed after another save is refused, with what that save changed', {
    timeout,
  }, async () => {
    const { stores, run, write } = await world();
    await run('import', write({ policies: [everyone] }));
    const file = write({ version: 1, policies: [{ ...everyone, share: 7 }] });
    const who = { by: 'account-1', byName: 'Ben', note: '', at: new Date() };
    await stores.policies.save({ basedOn: 1, ...who, policies: [{ ...everyone, zone: 'extranet' }] });
    const refused = await run('import', file);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('Ben saved version 2');
    expect(refused.stdout).toContain('“everyone” counts from the extranet only.');
    expect(refused.stdout).toContain('Nothing was changed');
    expect(await stores.policies.newest()).toBe(2);
    expect(await run('import', file, '--based-on', '1')).toMatchObject({ code: 1 });
    expect(await run('import', file, '--based-on', '2')).toMatchObject({ code: 0 });
    expect((await run('export', '--version', '2')).stdout).toContain('zone: extranet');
    expect((await run('export', '--version', '9')).code).toBe(1);
  });

  test('a list is refused with all that speaks against it at once, and the old one stays', { timeout }, async () => {
    const { stores, run, write } = await world();
    await run('import', write({ policies: [everyone] }));
    const shape = [
      { ...everyone, chain: ['pone'], lockout: { threshold: 0 }, 'flow-minutes': 600 },
      { ...everyone, needed: 3 },
      { ...everyone, name: 'Everyone', members: {} },
    ];
    const file = write({ policies: shape });
    for (const command of ['check', 'import']) {
      const refused = await run(command, file);
      expect(refused.code, command).toBe(1);
      const places = [
        '0.chain.0',
        '0.lockout.threshold',
        '0.flow-minutes',
        '1.name',
        '1.needed',
        '2.name',
        '2.members',
      ];
      for (const place of places)
        expect(refused.stdout, command).toMatch(new RegExp(`^problem {2}policies\\.${place}: `, 'm'));
    }
    const meaning = [
      { ...everyone, chain: ['phone'], members: { groups: ['No Such Group'], units: ['No/Such'] }, zone: 'intranet' },
    ];
    const other = write({ policies: meaning });
    for (const command of ['check', 'import']) {
      const { code, stdout } = await run(command, other);
      expect(code, command).toBe(1);
      expect(stdout).toContain('the group No Such Group, which the directory does not have');
      expect(stdout).toContain('the unit No/Such, which the directory does not have');
      expect(stdout).toContain('channels.voice: names no provider, and the gate phone needs one');
      expect(stdout).toContain('No policy is for the extranet, and Latchkey listens there');
    }
    expect(await stores.policies.newest()).toBe(1);
  });

  test('check says what a list would change and what to think of it, and changes nothing', { timeout }, async () => {
    const { stores, run, write } = await world();
    await run('import', write({ policies: [everyone] }));
    const list = [everyone, { ...everyone, name: 'never' }];
    const checked = await run('check', write({ policies: list }));
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toContain('“never” is new, in place 2.');
    expect(checked.stdout).toContain('warning  policies: “never” can never count');
    expect(await stores.policies.newest()).toBe(1);
  });

  test.each([
    ['nothing that can be read', '/nowhere/policies.yaml', 'cannot be read (ENOENT)'],
    ['no YAML', 'policies: [', 'is not valid YAML'],
    ['a key twice', 'policies: []\npolicies: []', 'is not valid YAML'],
    ['no list', 'policy: []', 'must hold a list called policies'],
    ['something beside it', 'policies: []\nkeys: ephemeral', 'must hold a list called policies'],
    ['aliases without end', `a: &a [x, x]\nb: &b [*a, *a]\npolicies: [${'*b, '.repeat(200)}*b]`, 'policies'],
    ['a tag', 'policies: [!!js/function "x"]', 'is not valid YAML'],
    ['very much', `policies: [${'x, '.repeat(2_000_000)}x]`, 'is larger than any list'],
    [
      '10,000 policies',
      stringify({ policies: Array.from({ length: 10_000 }, (_, at) => ({ ...everyone, name: `P${at}` })) }),
      'policies',
    ],
  ])('a file with %s is refused', { timeout }, async (_what, content, why) => {
    const { stores, run, write } = await world();
    const file = content.startsWith('/') ? content : write(content);
    const { code, stdout, stderr } = await run('import', file);
    expect(stdout + stderr).toContain(why);
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    expect(await stores.policies.newest()).toBe(0);
  });

  test('a reference in a list is a text like any other: no file and no variable is read', { timeout }, async () => {
    const { stores, run, write } = await world();
    const list = [{ ...everyone, name: `\${file:/etc/passwd}` }];
    expect((await run('import', write({ policies: list }))).stdout).toContain(`“\${file:/etc/passwd}” is new`);
    expect((await stores.policies.latest())?.policies).toMatchObject([{ name: `\${file:/etc/passwd}` }]);
  });

  test('a name cannot move the cursor of a terminal', { timeout }, async () => {
    const { run, write } = await world();
    const list = [{ ...everyone, members: { groups: ['\u009b2J\u202eevil'] } }];
    const { stdout } = await run('check', write({ policies: list }));
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('policies that are pinned in the file are exported and checked, and not replaced', { timeout }, async () => {
    const { stores, run, write } = await world('file');
    const exported = parse((await run('export')).stdout);
    expect(exported.policies).toMatchObject([everyone]);
    const checked = await run('check', write({ policies: [{ ...everyone, share: 9 }] }));
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('shown “everyone”: 9, and 1 before') });
    const refused = await run('import', write(exported));
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('pinned in the configuration file') });
    expect(await stores.policies.newest()).toBe(0);
  });

  test('latchkey check looks at the list in force, wherever it is kept', { timeout }, async () => {
    const { run, write, folder } = await world();
    await run('import', write({ policies: [{ ...everyone, name: 'kept', chain: ['questions'] }] }));
    const { stdout } = await LatchkeyProcess.command(['check'], { configuration: folder.file }).ended;
    expect(stdout).toContain('ok       policies: are kept in the store: version 1 is in force');
    expect(stdout).toContain('problem  policy kept: can be passed without proving');
    expect(stdout).not.toContain('policy everyone');
    const map = await LatchkeyProcess.command(['map'], { configuration: folder.file }).ended;
    expect(map.stdout).toContain('Policy kept');
    expect(map.stdout).not.toContain('Policy everyone');
  });
});

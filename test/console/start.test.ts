import { afterEach, describe, expect, test } from 'vitest';
import { Misconfigured } from '../../src/core/errors.ts';
import type { DemoDirectory } from '../../src/directories/demo/demo-directory.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from '../latchkey-process.ts';
import { Visitor } from '../portals/visitor.ts';
import { PortalWorld } from '../portals/world.ts';
import { lastingDemo } from '../smallest-demo.ts';
import { ConsoleWorld, consoleSettings, staffGroups } from './world.ts';

const toEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

async function opened(wish: Parameters<typeof ConsoleWorld.open>[0]): Promise<ConsoleWorld> {
  const world = await ConsoleWorld.open(wish);
  toEnd.push(() => world.close());
  return world;
}

const roles = { administrators: [staffGroups.administrator] };
const asItIs = (): void => undefined;
const groupIn = ({ administration, baseDn }: DemoDirectory, name: string) =>
  administration.at(`CN=${name},CN=Users,${baseDn}`);

describe('the console', () => {
  test('is not there without its settings', async () => {
    const world = await PortalWorld.open({ chain: ['otp-sms'] });
    toEnd.push(() => world.close());
    expect(world.latchkey.console).toBeUndefined();
  });

  test.each<readonly [string, object, RegExp, (demo: DemoDirectory) => void]>([
    [
      'a group that is not there',
      { administrators: ['Nobody here'] },
      /^console\.roles names the group "Nobody here", /,
      asItIs,
    ],
    ['one such group among others', { ...roles, auditors: ['Nobody here'] }, /"Nobody here"/, asItIs],
    ['the group of a helpdesk', { helpdesk: [{ group: 'Nobody here', units: 'all' }] }, /"Nobody here"/, asItIs],
    [
      'a unit that is not there',
      { helpdesk: [{ group: staffGroups.helpdesk, units: ['People/North', 'People/West'] }] },
      /^console\.roles names the unit "People\/West", which the directory does not have$/,
      asItIs,
    ],
    [
      'a group that is a member of itself by way of another',
      roles,
      /^console\.roles names the group "Console Administrators", which is a member of itself /,
      (demo) => {
        const [outer, inner] = [groupIn(demo, staffGroups.administrator), groupIn(demo, staffGroups.auditor)];
        outer.members.add(inner);
        inner.members.add(outer);
      },
    ],
  ])('stops the start for %s, in a plain sentence', async (_what, wrong, sentence, prepare) => {
    const fault = await ConsoleWorld.open({ console: { roles: wrong }, prepare }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Misconfigured);
    expect((fault as Error).message).toMatch(sentence);
  });

  test('serves nobody once a group that it names is gone, and everybody else as before', async () => {
    const world = await opened({});
    const { visitor } = await world.signedIn('administrator');
    const { demo } = world.portals;
    demo.administration.remove(groupIn(demo, staffGroups.helpdesk));
    world.clock.pass(301);
    expect((await visitor.open('/')).status).toBe(500);
    expect((await world.portals.visitor().open('/reset')).status).toBe(200);
  });

  test('lets those in who can mend a list of policies that is wrong', async () => {
    const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms'] };
    const some = { ...everyone, name: 'some', members: { groups: ['Short-lived'] } };
    const world = await opened({
      policies: [some, everyone],
      prepare: ({ administration, baseDn }) => void administration.addGroup(`CN=Users,${baseDn}`, 'Short-lived'),
    });
    const person = await world.staff('administrator');
    const { demo } = world.portals;
    demo.administration.remove(groupIn(demo, 'Short-lived'));
    world.clock.pass(120);
    expect((await world.portals.visitor().open('/registration')).status).toBe(503);
    expect((await world.signIn(person)).path).toBe('/');
  });

  test('lets a privileged account in only where a policy names it', async () => {
    const everyone = { name: 'everyone', members: 'everyone', chain: ['otp-sms'] };
    const named = {
      ...everyone,
      name: 'console',
      members: { groups: [staffGroups.auditor] },
      'include-privileged': true,
    };
    const world = await opened({ policies: [named, everyone] });
    const privileged = await world.staff('administrator');
    const allowed = await world.staff('administrator', 'auditor');
    for (const { entry } of [privileged, allowed]) world.portals.demo.administration.set(entry, { adminCount: '1' });
    expect((await world.password(privileged)).path).toBe('/console');
    expect(await world.portals.reached(privileged)).toBe(0);
    expect((await world.signIn(allowed)).path).toBe('/');
  });
});

describe('a process', { timeout: 90_000 }, () => {
  async function settings(console: object) {
    const [port, staffPort] = [await freePort(), await freePort()];
    const url = `http://localhost:${staffPort}`;
    const file = {
      ...lastingDemo(':memory:'),
      'public-url': `http://127.0.0.1:${port}`,
      listen: { port },
      console: { ...consoleSettings(url), 'second-factor': ['otp-sms'], port: staffPort, ...console },
    };
    const folder = new ConfigurationFolder(file);
    toEnd.push(() => folder.remove());
    return { configuration: folder.file, url, portals: file['public-url'] };
  }

  test('listens for staff at an address of its own, and ends both in good order', async () => {
    const { configuration, url, portals } = await settings({ roles: { administrators: ['Latchkey administrators'] } });
    const server = await LatchkeyProcess.server({ configuration });
    toEnd.push(() => server.end());
    await server.until(/Its console is at/);
    expect(server.output).toContain(`Its console is at ${url}, listening on port ${new URL(url).port}\n`);
    const staff = await new Visitor(url.replace('localhost', '127.0.0.1'), { Host: new URL(url).host }).open(
      '/console',
    );
    expect(staff.heading).toBe('Sign in to the console');
    expect((await fetch(`${portals}/console`)).status).toBe(404);
    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
  });

  test('that may not start says why in one line, and listens nowhere', async () => {
    const { configuration, portals } = await settings({ roles: { administrators: ['Nobody here'] } });
    const started = await LatchkeyProcess.server({ configuration }).catch((fault: Error) => fault.message);
    expect(started).toContain('Latchkey cannot start: console.roles names the group "Nobody here"');
    await expect(fetch(portals)).rejects.toThrow();
  });
});

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../src/core/clock.ts';
import { startDemoServer } from '../src/demo-world.ts';
import { createActiveDirectory } from '../src/directories/active-directory/active-directory.ts';
import { demoPassword } from '../src/directories/demo/people.ts';
import { ConfigurationFolder, freePort, LatchkeyProcess } from './latchkey-process.ts';
import { answerAll, oneQuestion } from './one-question.ts';
import { Visitor } from './portals/visitor.ts';

const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

/** A file system of a few megabytes; undefined where none can be mounted. */
function smallDisk(): SmallDisk | undefined {
  const folder = new ConfigurationFolder('');
  toEnd.push(() => folder.remove());
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'latchkey-test', folder.folder], {
      stdio: 'pipe',
    });
  } catch {
    return undefined;
  }
  toEnd.push(() => execFileSync('umount', [folder.folder]));
  return new SmallDisk(folder);
}

class SmallDisk {
  readonly folder: ConfigurationFolder;

  constructor(folder: ConfigurationFolder) {
    this.folder = folder;
  }

  /** Leaves not one byte. */
  fill(): void {
    const file = openSync(this.folder.path('ballast'), 'a');
    try {
      for (const size of [65_536, 4_096, 1]) {
        for (const octets = Buffer.alloc(size); writeSync(file, octets) === size; );
      }
    } catch (fault) {
      if (!String(fault).includes('ENOSPC')) throw fault;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.folder.path('ballast'));
  }
}

const disk = smallDisk();
if (disk === undefined) {
  const notice = 'NOT TESTED on a full disk: a file system cannot be mounted here (root is needed)';
  process.stderr.write(
    `\n${'='.repeat(78)}\n${notice}\nThis test did not run: test/operation-disk.test.ts\n${'='.repeat(78)}\n`,
  );
}

it.skipIf(disk === undefined)(
  'F16: on a full disk nothing is written to the directory, it lives and is not ready, and recovers by itself',
  async () => {
    if (disk === undefined) return;
    const server = await startDemoServer({ production: false, clock: systemClock });
    toEnd.push(() => server.close());
    const directory = createActiveDirectory({ settings: server.settings, clock: systemClock });
    toEnd.push(() => directory.close());
    const account = await directory.find({ kind: 'bare', name: 'ben.okafor' });
    if (account === undefined) throw new Error('the demo has no such person');

    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    disk.folder.write({
      'public-url': origin,
      listen: { port },
      organisation: { name: 'Contoso' },
      keys: [{ id: 'test', secret: randomBytes(32).toString('hex') }],
      store: { kind: 'sqlite', file: disk.folder.path('latchkey.db') },
      directory: { kind: 'active-directory', ...server.settings },
      ...oneQuestion,
    });
    const latchkey = await LatchkeyProcess.server({ configuration: disk.folder.file });
    toEnd.push(() => latchkey.end());
    const statusOf = async (path: string): Promise<number> => (await fetch(`${origin}${path}`)).status;
    const untilReady = async (status: number): Promise<void> => {
      while ((await statusOf('/health/ready')) !== status) await pause(100);
    };

    const visitor = await new Visitor(origin).open('/registration');
    await visitor.submit({ login: 'ben.okafor', password: demoPassword });
    await answerAll(visitor, 'Hillside');
    expect(visitor.heading).toBe("You're registered");
    await visitor.open('/reset');
    await visitor.submit({ login: 'ben.okafor' });
    await answerAll(visitor, 'Hillside');
    await visitor.submit({ action: 'reset' });
    expect(visitor.path).toBe('/reset/password');

    disk.fill();
    const password = `Changed-${randomBytes(6).toString('hex')}`;
    const tab = visitor.tab();
    await tab.submit({ password, repeat: password });
    expect(tab.status).toBe(503);
    expect((await directory.authenticate(account, demoPassword)).kind).toBe('signed-in');
    await untilReady(503);
    expect(await statusOf('/health/live')).toBe(200);
    expect(
      latchkey.log.some(({ level, err }) => Number(level) >= 50 && JSON.stringify(err).includes('SQLITE_FULL')),
    ).toBe(true);

    disk.free();
    await untilReady(200);
    await visitor.submit({ password, repeat: password });
    expect(visitor.heading).toBe('Your password has been changed');
    expect((await directory.authenticate(account, password)).kind).toBe('signed-in');
    const verified = await LatchkeyProcess.command(['audit', 'verify'], { configuration: disk.folder.file }).ended;
    expect(verified.stdout).toContain('The audit chain is whole.');
  },
  90_000,
);

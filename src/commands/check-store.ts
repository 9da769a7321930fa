import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { openConfiguredStores } from '../compose/stores.ts';
import type { Configuration } from '../config.ts';
import type { Finding } from '../core/directory.ts';

const subject = 'store';

/** Whether the store can be used. Makes no database: one that is not there yet is no problem. */
export async function checkStore(configuration: Configuration): Promise<readonly Finding[]> {
  const { store, keys } = configuration;
  if (store.kind === 'sqlite' && store.file === ':memory:') {
    const remedy = 'Name a file in store.file for anything but a demo.';
    return [{ level: 'warning', subject, detail: 'is in memory: all is forgotten when Latchkey ends', remedy }];
  }
  const health = isNew(configuration)
    ? newFinding(path.resolve(store.kind === 'sqlite' ? store.file : '.'))
    : await healthFinding(configuration);
  const notices = health.level === 'ok' && !isNew(configuration) ? await noticeFindings(configuration) : [];
  return [health, ...(keys === 'ephemeral' ? [keysFinding()] : []), ...notices];
}

/** Whether the configuration names a SQLite file that nobody has made yet. */
export function isNew({ store }: Configuration): boolean {
  return store.kind === 'sqlite' && !existsSync(store.file);
}

function newFinding(file: string): Finding {
  const folder = path.dirname(file);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    const remedy = `Make the folder, owned by the user that Latchkey runs as: install -d -m 0700 ${folder}`;
    return { level: 'problem', subject, detail: `the folder ${folder} is missing or cannot be written to`, remedy };
  }
  return { level: 'ok', subject, detail: 'there is no database yet; the first start makes it' };
}

function keysFinding(): Finding {
  return {
    level: 'problem',
    subject: 'keys',
    detail: 'ephemeral keys are forgotten when Latchkey ends, and the store can be read with no others',
    remedy: 'Give keys a list, as latchkey.example.yaml shows.',
  };
}

/** Notices that were given up, or wait for long: people were not told. */
async function noticeFindings(configuration: Configuration): Promise<readonly Finding[]> {
  const stores = await openConfiguredStores(configuration);
  try {
    const { waiting, setAside, oldest } = await stores.outbox.standing();
    if (setAside === 0 && waiting === 0) return [];
    const detail = `${waiting} wait${oldest === undefined ? '' : `, the oldest since ${oldest.toISOString()}`}; ${setAside} were given up`;
    if (setAside === 0) return [{ level: 'ok', subject: 'notices', detail }];
    const remedy = 'Look for "a notice was given up" in the log, and tell these people in another way.';
    return [{ level: 'warning', subject: 'notices', detail, remedy }];
  } finally {
    await stores.close();
  }
}

async function healthFinding(configuration: Configuration): Promise<Finding> {
  const stores = await openConfiguredStores(configuration);
  try {
    const { ok, detail } = await stores.health();
    if (ok) return { level: 'ok', subject, detail };
    const remedy = 'Check the settings below store and the database itself; latchkey migrate updates its schema.';
    return { level: 'problem', subject, detail, remedy };
  } finally {
    await stores.close();
  }
}

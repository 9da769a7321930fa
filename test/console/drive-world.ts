import BetterSqlite from 'better-sqlite3';
import type { Visitor } from '../portals/visitor.ts';
import type { Person } from '../portals/world.ts';
import { type ConsoleWish, ConsoleWorld } from './world.ts';

/** Logins of the accounts that may be driven here: one in each unit, and two that may not whatever is configured. */
export const testLogins = {
  north: 'test.north',
  south: 'test.south',
  chief: 'test.chief',
  staff: 'test.staff',
} as const;

/** The console with test accounts, of a chain of every built-in gate. */
export function openDriveWorld(wish: ConsoleWish = {}): Promise<ConsoleWorld> {
  const console = { 'test-accounts': [...Object.values(testLogins), 'test.nobody'], ...wish.console };
  return ConsoleWorld.open({ chain: ['phone', 'otp-sms', 'questions'], ...wish, console });
}

/** A test account that has registered. */
export async function testAccount(world: ConsoleWorld, unit: 'North' | 'South'): Promise<Person> {
  const samName = unit === 'North' ? testLogins.north : testLogins.south;
  return world.portals.registered({ samName, unit: `OU=${unit},${world.portals.people}` });
}

/** Begins a dry run by the form of the start page. */
export async function beginDry(visitor: Visitor, who: string, wish: Readonly<Record<string, string>> = {}) {
  await visitor.open('/drive');
  return visitor.submit({ who, zone: 'extranet', policy: '', registered: 'really', ...wish });
}

/** Begins a live drive by the page that says what will happen. */
export async function beginLive(visitor: Visitor, who: string, wish: Readonly<Record<string, string>> = {}) {
  await visitor.open(`/drive/live/${who}`);
  return visitor.submit({ zone: 'extranet', reason: 'Trying the new chain', confirmed: 'yes', ...wish });
}

/** Passes the gate of a dry run that is open, by what stands beside it. */
export async function passDry(visitor: Visitor): Promise<Visitor> {
  const at = visitor.path.split('/').at(-1);
  if (at === 'phone') {
    await visitor.submit({}, 'end=confirm');
    return visitor.submit({}, 'act=next');
  }
  if (at === 'otp-sms') return visitor.submit({ code: dryCode(visitor) }, 'act=next');
  const $ = visitor.page;
  const known = new Map(
    $('.drive ul.list li')
      .toArray()
      .map((one) => [$(one).find('span').text(), $(one).find('code').text()] as const),
  );
  const answers = $('main label[for^="q"]')
    .toArray()
    .map((label) => [$(label).attr('for') ?? '', known.get($(label).text()) ?? ''] as const);
  return visitor.submit(Object.fromEntries(answers));
}

/** The code that the made-up phone shows. */
export function dryCode(visitor: Visitor): string {
  return /\b\d{6,10}\b/.exec(visitor.page('.drive .phone.text').first().text())?.[0] ?? '';
}

export interface WholeDatabase {
  readonly [table: string]: readonly unknown[];
}

/**
 * Everything that lies in the database, table by table, but for the audit, which looking at a page adds to, the sessions
 * of the browsers, and that a form was sent and where it led.
 */
export function wholeDatabase(world: ConsoleWorld): WholeDatabase {
  const database = new BetterSqlite(world.portals.databaseFile, { readonly: true });
  try {
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all() as { name: string }[];
    const kept = tables.map(({ name }) => name).filter((name) => !/^(?:audit|sessions|presses)/.test(name));
    return Object.fromEntries(kept.map((name) => [name, database.prepare(`select * from "${name}"`).all()]));
  } finally {
    database.close();
  }
}

import { openConfiguredStores } from '../compose/stores.ts';
import type { Configuration } from '../config.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { Stores } from '../core/stores.ts';
import { isNew } from './check-store.ts';

/** What a command has to say, and whether all is well. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly ok: boolean;
}

/** Brings the schema up to date and says what it applied. */
export function migrate(configuration: Configuration): Promise<Outcome> {
  return withStores(configuration, async (stores) => {
    const applied = await stores.migrate();
    return {
      ok: true,
      lines: applied.length === 0 ? ['The schema is current.'] : applied.map((name) => `Applied ${name}.`),
    };
  });
}

/** What must be done once a backup was restored: nothing that was open in it may be gone on with. */
export function afterRestore(configuration: Configuration): Promise<Outcome> {
  return withStoredState(configuration, async (stores) => {
    const ended = await stores.endOpen();
    await stores.audit.append({ at: new Date(), event: 'store.restored', detail: { ended } });
    return { ok: true, lines: [`Ended all that was open (${ended} rows). Bars and failures are those of the backup.`] };
  });
}

/** Opens a store that is there already, and hands it on; says so where there is none. */
export async function withStoredState(
  configuration: Configuration,
  run: (stores: Stores) => Promise<Outcome>,
): Promise<Outcome> {
  if (isNew(configuration)) return { ok: false, lines: ['There is no database yet.'] };
  return withStores(configuration, run);
}

/** Opens a store that holds an audit, and hands it on; says so where there is none. */
export async function withAudit(
  configuration: Configuration,
  run: (stores: Stores) => Promise<Outcome>,
): Promise<Outcome> {
  const { store } = configuration;
  if (store.kind === 'sqlite' && store.file === ':memory:') {
    return { ok: false, lines: ['The store is in memory: there is no audit that outlives the server.'] };
  }
  // Opening it would make it, and an empty chain would look sound.
  if (isNew(configuration)) return { ok: false, lines: ['There is no database yet, so there is no audit.'] };
  return withStores(configuration, run);
}

async function withStores(configuration: Configuration, run: (stores: Stores) => Promise<Outcome>): Promise<Outcome> {
  let stores: Stores | undefined;
  return withFaultsSaid(async () => {
    stores = await openConfiguredStores(configuration);
    return run(stores);
  }).finally(() => stores?.close());
}

/** What an operator can mend is said in a line instead of a stack. */
export async function withFaultsSaid(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (fault) {
    if (!(fault instanceof LatchkeyError)) throw fault;
    return { ok: false, lines: [`${fault.message}. Run latchkey check to see more.`] };
  }
}

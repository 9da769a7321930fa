import { randomBytes } from 'node:crypto';
import { openConfiguredDirectory } from '../compose/directory.ts';
import { systemClock } from '../core/clock.ts';
import { parseLogin } from '../core/login.ts';
import { NoticeDesk } from '../core/notices/notice-desk.ts';
import { barsOf, endBars } from '../core/people/bars.ts';
import type { Loaded } from '../load.ts';
import { operator } from './operator.ts';
import { type Outcome, withStoredState } from './store-commands.ts';

/**
 * Ends what bars an account from Latchkey, as the helpdesk does once it has spoken with the person. The audit has it
 * first, and the person is told by mail, which a running server sends. The directory's own lock stays as it is.
 * @param typed the login, in any of its three shapes
 */
export function unbar(loaded: Loaded, typed: string): Promise<Outcome> {
  return withStoredState(loaded.configuration, async (stores) => {
    const login = parseLogin(typed);
    const account = login && (await withDirectory(loaded, (directory) => directory.find(login)));
    if (account === undefined)
      return { ok: false, lines: ['The directory has nobody of this name, or more than one.'] };
    const bars = await barsOf(stores.failures, account, systemClock.now());
    if (bars.length === 0) return { ok: true, lines: [`Nothing bars ${account.name} from Latchkey.`] };
    const reference = `unbar-${randomBytes(9).toString('base64url')}`;
    await stores.audit.append({
      at: systemClock.now(),
      event: 'account.unbarred',
      subject: account.id,
      flow: reference,
      detail: { by: operator(), bars: bars.length },
    });
    const { enrolments, failures } = stores;
    const mailOnly = { canText: false, byText: false, wake: () => undefined };
    const notices = new NoticeDesk({ clock: systemClock, enrolments, ...mailOnly });
    await endBars({ failures, notices }, account, reference);
    return { ok: true, lines: [`Nothing bars ${account.name} from Latchkey any more. A mail tells the person.`] };
  });
}

async function withDirectory<Found>(
  loaded: Loaded,
  run: (directory: Awaited<ReturnType<typeof openConfiguredDirectory>>['directory']) => Promise<Found>,
): Promise<Found> {
  const opened = await openConfiguredDirectory(loaded);
  return run(opened.directory).finally(() => opened.close());
}

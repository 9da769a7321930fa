import type { Answer, Visitor } from '../portals/visitor.ts';
import type { ConsoleWorld } from './world.ts';

export const many = 50;

/** One form that is posted so many times at once, and what must be so afterwards. */
export interface Storm {
  readonly visitor: Visitor;
  readonly form: { readonly path: string; readonly body: string };
  /** Where the form is posted, when it is another world than the usual one. */
  readonly at?: ConsoleWorld;
  so(answers: readonly Answer[]): Promise<void>;
}

/** What `Visitor.post` would send: these fields with the token of the page. */
export function posted(visitor: Visitor, path: string, fields: Readonly<Record<string, string>> = {}) {
  return { path, body: new URLSearchParams({ _csrf: visitor.token, ...fields }).toString() };
}

/**
 * Posts it, all with the same cookies. None goes on before every one of them has its session, so that nothing which the
 * first of them does is known to the last; and what the store holds of flows and drafts comes a little later to one than
 * to another, so that they do not keep step.
 */
export async function storm(world: ConsoleWorld, { visitor, form }: Pick<Storm, 'visitor' | 'form'>) {
  const { sessions, flows, policies } = world.latchkey.stores;
  const [readFlow, readDraft] = [flows.read.bind(flows), policies.draft.bind(policies)];
  let reads = 0;
  const uneven = async <Found>(found: Promise<Found>): Promise<Found> => {
    reads += 1;
    await new Promise((resolve) => setTimeout(resolve, (reads * 7) % 40));
    return found;
  };
  flows.read = (...asked) => uneven(readFlow(...asked));
  policies.draft = (...asked) => uneven(readDraft(...asked));
  const read = sessions.read.bind(sessions);
  const all = Promise.withResolvers<void>();
  let came = 0;
  sessions.read = async (...asked) => {
    const found = await read(...asked);
    came += 1;
    if (came === many) all.resolve();
    if (came <= many) await all.promise;
    return found;
  };
  try {
    return await Promise.all(Array.from({ length: many }, () => visitor.tab().ask({ method: 'post', ...form })));
  } finally {
    sessions.read = read;
    flows.read = readFlow;
    policies.draft = readDraft;
  }
}

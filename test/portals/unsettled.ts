import type { Latchkey } from '../../src/compose.ts';

/**
 * Lets so many requests of one browser come at once, on whatever nodes: none goes on before every one of them has its
 * session, so that nothing which the first of them does is known to the last; and what the store holds of flows and
 * drafts comes a little later to one than to another, so that they do not keep step.
 */
export async function unsettled<Result>(
  nodes: readonly Pick<Latchkey, 'stores'>[],
  many: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const meeting: Meeting = { many, came: 0, all: Promise.withResolvers() };
  const calm = nodes.map(({ stores }) => unsettle(stores, meeting));
  try {
    return await work();
  } finally {
    for (const one of calm) one();
  }
}

interface Meeting {
  readonly many: number;
  readonly all: PromiseWithResolvers<void>;
  came: number;
}

/** @returns puts it back as it was */
function unsettle({ sessions, flows, policies }: Latchkey['stores'], meeting: Meeting): () => void {
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
  sessions.read = async (...asked) => {
    const found = await read(...asked);
    meeting.came += 1;
    if (meeting.came === meeting.many) meeting.all.resolve();
    if (meeting.came <= meeting.many) await meeting.all.promise;
    return found;
  };
  return () => {
    sessions.read = read;
    flows.read = readFlow;
    policies.draft = readDraft;
  };
}

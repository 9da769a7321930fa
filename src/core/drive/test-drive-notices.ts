import type { Message } from '../message.ts';
import type { NoticeEvent, Notices } from '../notices/notices.ts';

/** What a reset may tell of; a dry run comes to nothing else. */
const told = [
  'unlock',
  'reset',
  'barred',
  'failures',
  'gate-disabled',
] as const satisfies readonly NoticeEvent['kind'][];

/** Tells nobody of anything, and says of what somebody would have been told. */
export function dryNotices(note: (message: Message) => void): Notices {
  return {
    async rows({ event }) {
      const what = told.find((one) => one === event.kind);
      if (what !== undefined) note({ key: `console.drive.would-tell.${what}` });
      return [];
    },
    wake: () => undefined,
  };
}

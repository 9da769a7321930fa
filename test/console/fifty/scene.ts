import type { Answer, Visitor } from '../../portals/visitor.ts';
import type { Person } from '../../portals/world.ts';
import type { Storm } from '../storm.ts';
import type { ConsoleWorld } from '../world.ts';

/** What a row has around it. */
export interface Scene {
  readonly world: ConsoleWorld;
  /** A test account. */
  readonly driven: Person;
  /** Signed in anew for each row, with every role that may do something. */
  readonly staff: Person;
  readonly visitor: Visitor;
}

/** What fifty of the same at once come to: the last words of the test's name, and the form with what must be so. */
export type Row = readonly [what: string, prepare: (scene: Scene) => Promise<Storm>];

/** Rows by route, as `POST /path`. */
export type Table = Readonly<Record<string, readonly Row[]>>;

/** What an act on a person asks for. */
export const reason = 'Called back on the number in the directory';

/** How often something is in the audit about somebody. */
export async function told(world: ConsoleWorld, person: Pick<Person, 'id'>, event: string): Promise<number> {
  return (await world.portals.audited(person)).filter((one) => one === event).length;
}

/** How many mails somebody has, once all that waits is sent. */
export async function mails({ latchkey }: ConsoleWorld, person: Person): Promise<number> {
  await latchkey.outbox.idle();
  return latchkey.mailbox?.mails(person.mail).length ?? 0;
}

export function counted(answers: readonly Answer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

/** A page of the console as it is asked for first, and a form of it. */
export async function formOn(
  visitor: Visitor,
  path: string,
  fields: Readonly<Record<string, string>> = {},
  press?: `${string}=${string}`,
) {
  await visitor.open(path);
  return visitor.form(fields, press);
}

/** Ends what a job of a row was, so that the next row has all slots. */
export async function noJobs({ latchkey }: ConsoleWorld): Promise<void> {
  const { jobs } = latchkey.background;
  for (const job of await jobs.recent()) await jobs.cancel(job.id);
  await jobs.idle();
}

import { unsettled } from '../portals/unsettled.ts';
import type { Answer, Visitor } from '../portals/visitor.ts';
import type { AnotherConsole, ConsoleWorld } from './world.ts';

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
 * Posts it, all with the same cookies, all before the first has done anything.
 * @param other a node that every other one comes to
 */
export function storm(
  world: ConsoleWorld,
  { visitor, form }: Pick<Storm, 'visitor' | 'form'>,
  other?: AnotherConsole,
): Promise<readonly Answer[]> {
  const nodes = [world.latchkey, ...(other === undefined ? [] : [other.latchkey])];
  const tab = (at: number): Visitor => visitor.tab(at % 2 === 1 ? other?.visitor() : undefined);
  return unsettled(nodes, many, () =>
    Promise.all(Array.from({ length: many }, (_, at) => tab(at).ask({ method: 'post', ...form }))),
  );
}

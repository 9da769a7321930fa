import { type Request, type Response, Router } from 'express';
import type { AuditEvent, AuditEventName } from '../core/audit/audit.ts';
import type { ConsoleAudit, ConsoleDeed } from '../core/audit/console-audit.ts';
import { LatchkeyError } from '../core/errors.ts';
import type { RequestContext } from '../core/request-context.ts';
import type { Role, StaffMember } from '../core/staff/staff.ts';
import type { Pages } from '../web/pages.ts';
import { contextOf } from '../web/requests.ts';
import { leaveIdle, saveSession } from '../web/session.ts';
import { type Answer, sendAnswer } from './answer.ts';
import { type Presses, pressField } from './presses.ts';
import type { StaffSessions } from './staff-sessions.ts';

declare module 'express-serve-static-core' {
  interface Request {
    /** Who asks, once the console knows it. */
    staff?: StaffMember;
  }
}

/** One request of one member of staff. */
export interface Visit {
  readonly staff: StaffMember;
  readonly request: Request;
  readonly context: RequestContext;
  /** What was typed into the form of this page when a second factor was asked for first: nothing came of it yet. */
  readonly typed: Readonly<Record<string, string>>;
  /** Writes down an act, with its reason, before it is done. */
  act(deed: ConsoleAct): Promise<void>;
}

export interface ConsoleAct {
  /** The account that it is done to, where it is done to one. */
  readonly subject?: string;
  /** Why, in the words of whoever does it: for all that is done to others. */
  readonly reason?: string;
  readonly detail?: NonNullable<AuditEvent['detail']>;
}

export interface ConsoleRoute {
  readonly method: 'get' | 'post';
  readonly path: string;
  /**
   * The page on which its form or its link stands, where that has another address: to there one comes back from the
   * second factor, the sign-in and another language.
   */
  readonly page?: string;
  /** Who may; at least one. */
  readonly roles: readonly [Role, ...Role[]];
  /** What a post that changes something is in the audit: its handler must have written it when it goes on from there. */
  readonly act?: AuditEventName;
  /**
   * Demands a second factor of the last minutes. What was posted waits in the session meanwhile and stands on the page
   * again, so no field of it may be a secret.
   */
  readonly fresh?: true;
  /** A post that is one act however often its form is sent at once. */
  readonly once?: true;
  /** A page that looks by itself: it answers JSON, is not in the audit, and nobody stays signed in for it. */
  readonly quiet?: true;
  /** Puts it into the navigation under this name, `console.menu.<menu>` in the catalogue. */
  readonly menu?: string;
  readonly handler: (visit: Visit) => Promise<Answer> | Answer;
}

export interface ConsoleRouterNeeds {
  readonly sessions: StaffSessions;
  readonly audit: ConsoleAudit;
  readonly pages: Pages;
  readonly presses: Presses;
}

/** What is not there, or not for this member to see: the two look alike. Audited. */
export class OutOfReach extends LatchkeyError {
  readonly subject: string | undefined;

  /**
   * @param subject the account that is out of reach, where there is one
   * @param publicKey another text than the usual one, for whatever it is that is not there
   */
  constructor(detail: string, subject?: string, publicKey = 'out-of-reach') {
    super({ status: 404, publicKey, detail });
    this.subject = subject;
  }
}

/**
 * A name of ours as it stands in an address or a form. Undefined for what can be none: PostgreSQL takes no NUL in a text
 * and would call it a fault.
 */
export function nameIn(text: unknown): string | undefined {
  return typeof text === 'string' && /^[\w-]{1,64}$/.test(text) ? text : undefined;
}

/**
 * The only way to a page of the console: no route is there that does not say who may, and nothing is shown or done that
 * is not in the audit.
 */
export class ConsoleRouter {
  readonly handler = Router({ strict: true, caseSensitive: true });
  readonly #needs: ConsoleRouterNeeds;
  readonly #routes: ConsoleRoute[] = [];

  constructor(needs: ConsoleRouterNeeds) {
    this.#needs = needs;
  }

  /** Every route, in the order in which they were declared. */
  get routes(): readonly ConsoleRoute[] {
    return this.#routes;
  }

  route(route: ConsoleRoute): void {
    if (route.roles.length === 0) throw new RangeError(`${route.path} names no role`);
    this.#routes.push(route);
    this.handler[route.method](route.path, (request, response) => this.#serve(route, request, response));
  }

  /** What the navigation shows this member. */
  menuOf(staff: StaffMember): readonly { readonly path: string; readonly name: string }[] {
    return this.#routes.flatMap(({ path, menu, roles }) =>
      menu !== undefined && isAllowed(roles, staff) ? [{ path, name: menu }] : [],
    );
  }

  async #serve(route: ConsoleRoute, request: Request, response: Response): Promise<void> {
    if (route.quiet === true) leaveIdle(request);
    // Whoever lost a role a moment ago does nothing more; what they see ends within a minute.
    const asked = route.method === 'post' || route.fresh === true ? 'now' : 'lately';
    const staff = await this.#needs.sessions.read(request, asked);
    if (staff === undefined) return this.#toSignIn(route, request, response);
    request.staff = staff;
    if (route.quiet !== true) this.#needs.sessions.mark(request);
    const { audit, sessions } = this.#needs;
    const from = { by: staff.id, request: contextOf(request) };
    if (!isAllowed(route.roles, staff)) {
      await audit.write('console.refused', { what: route.path, detail: { why: 'role' } }, from);
      throw new LatchkeyError({
        status: 403,
        publicKey: 'not-your-role',
        detail: `${route.path} is not for ${staff.roles}`,
      });
    }
    if (route.fresh === true && !sessions.isFresh(request)) return this.#toConfirm(route, request, response);
    const typed = takeTyped(request);
    const work = (): Promise<Answer> => this.#handle(route, { staff, request, context: from.request, typed });
    const answer = await (route.once === true ? this.#needs.presses.once(request, work) : work());
    if (answer.kind !== 'go' && route.quiet !== true) {
      await audit.write('console.viewed', { ...answer.about, what: route.path }, from);
    }
    const page = route.method === 'get' ? request.path : pageOf(route, request);
    await sendAnswer(answer, { request, response, pages: this.#needs.pages, page });
  }

  async #handle(route: ConsoleRoute, visit: Omit<Visit, 'act'>): Promise<Answer> {
    const { audit } = this.#needs;
    const from = { by: visit.staff.id, request: visit.context };
    let isWritten = false;
    const act = async ({ reason, ...deed }: ConsoleAct): Promise<void> => {
      const written: ConsoleDeed = {
        ...deed,
        what: route.path,
        detail: { ...deed.detail, ...(reason === undefined ? {} : { reason }) },
      };
      await audit.write(route.act ?? 'console.act', written, from);
      isWritten = true;
    };
    const answer = await this.#refusing(route, from, () => route.handler({ ...visit, act }));
    if (route.act !== undefined && answer.kind === 'go' && answer.nothing !== true && !isWritten) {
      throw new Error(`${route.path} went on and wrote no ${route.act}`);
    }
    if (route.quiet === true && answer.kind !== 'json') throw new Error(`${route.path} is quiet and shows a page`);
    return answer;
  }

  /** Writes down what was asked for and is out of this member's reach. */
  async #refusing<Result>(
    route: ConsoleRoute,
    from: { readonly by: string; readonly request: RequestContext },
    work: () => Promise<Result> | Result,
  ): Promise<Result> {
    try {
      return await work();
    } catch (fault) {
      if (fault instanceof OutOfReach) {
        const subject = fault.subject === undefined ? {} : { subject: fault.subject };
        await this.#needs.audit.write(
          'console.refused',
          { ...subject, what: route.path, detail: { why: 'reach' } },
          from,
        );
      }
      throw fault;
    }
  }

  async #toSignIn(route: ConsoleRoute, request: Request, response: Response): Promise<void> {
    // Not in the audit: whoever has not signed in could fill it.
    if (route.quiet === true) {
      response.status(401).json({ state: 'changed' });
      return;
    }
    await this.#leadTo('/console', { route, request, response });
  }

  #toConfirm(route: ConsoleRoute, request: Request, response: Response): Promise<void> {
    if (route.method === 'post') {
      request.session.typed = { page: pageOf(route, request), fields: fieldsOf(request.body) };
    }
    return this.#leadTo('/confirm', { route, request, response });
  }

  /** Leads elsewhere and remembers the page that somebody wanted, or that the form stood on that they sent. */
  async #leadTo(
    to: string,
    { route, request, response }: { route: ConsoleRoute; request: Request; response: Response },
  ): Promise<void> {
    const { path, page = path } = route;
    const wanted = pageOf(route, request);
    const isPage = this.#routes.some((one) => one.path === page && one.method === 'get' && one.quiet !== true);
    if (isPage && ownPath.test(wanted)) {
      request.session.wanted = wanted + queryOf(route, request);
      await saveSession(request);
    }
    response.redirect(303, to);
  }
}

/** Address of the page to come back to. */
function pageOf({ page }: ConsoleRoute, { path, params }: Request): string {
  return page === undefined ? path : page.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(String(params[name])));
}

function takeTyped(request: Request): Readonly<Record<string, string>> {
  const session: { typed?: Request['session']['typed'] } = request.session;
  if (request.method !== 'GET' || session.typed?.page !== request.path) return {};
  const { fields } = session.typed;
  delete session.typed;
  return fields;
}

/** Characters of what waits in a session: far more than anybody writes between two proofs. */
const mostTyped = 65_536;

function fieldsOf(body: unknown): Readonly<Record<string, string>> {
  const fields = Object.entries(Object(body)).filter(
    (field): field is [string, string] => field[0] !== pressField && typeof field[1] === 'string',
  );
  return fields.flat().join('').length > mostTyped ? {} : Object.fromEntries(fields);
}

/** A path of ours and nothing else: nothing that a browser could take for another host. */
const ownPath = /^\/(?:[A-Za-z0-9._~%-]+(?:\/[A-Za-z0-9._~%-]+)*)?$/;

/** What a page was asked for with, or it would answer another question: a search without its terms is everything. */
function queryOf({ method }: ConsoleRoute, { originalUrl }: Request): string {
  const at = originalUrl.indexOf('?');
  const query = at === -1 || method !== 'get' ? '' : originalUrl.slice(at);
  return ownQuery.test(query) ? query : '';
}

const ownQuery = /^\?[A-Za-z0-9._~*%&=+-]{1,2000}$/;

function isAllowed(roles: readonly Role[], staff: StaffMember): boolean {
  return roles.some((role) => staff.roles.includes(role));
}

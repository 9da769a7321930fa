import { type Account, passwordStamp } from '../core/account.ts';
import type { Directory } from '../core/directory.ts';
import type { PeopleFound, PeopleSearch } from '../core/directory-people.ts';
import { BadRequest } from '../core/errors.ts';
import type { Problem } from '../core/message.ts';
import type { CallerDesk } from '../core/people/caller-desk.ts';
import { type CodeDesk, managerAddress } from '../core/people/code-desk.ts';
import type { HelpdeskDesk } from '../core/people/helpdesk-desk.ts';
import type { PersonView, PersonViews } from '../core/people/person-view.ts';
import { everyRole, mayActOn, maySee, sightOf } from '../core/staff/staff.ts';
import type { StaffDesk } from '../core/staff/staff-desk.ts';
import type { Answer } from './answer.ts';
import { type ConsoleRouter, OutOfReach, type Visit } from './console-router.ts';
import type { OpenSessions } from './open-sessions.ts';

export interface PeopleNeeds {
  readonly directory: Pick<Directory, 'read' | 'searchPeople' | 'manager'>;
  readonly views: PersonViews;
  readonly desk: HelpdeskDesk;
  readonly codes: CodeDesk;
  readonly callers: CallerDesk;
  /** Who is staff themselves: what is done to them is for administrators alone. */
  readonly staff: Pick<StaffDesk, 'find'>;
  /** What staff have open in the console: for administrators to see. */
  readonly openSessions: Pick<OpenSessions, 'of'>;
  /** Whether any policy could ask for a code of the helpdesk: where none can, there is no page for them. */
  readonly hasCodes: boolean;
  /** Where people go to help themselves. */
  readonly startUrl: URL;
}

/** Characters that a search needs, and may have. */
const shortestSearch = 2;
const longestSearch = 100;
const mostFound = 25;

/** Looking people up, and what there is to see of one. */
export function peopleRoutes(router: ConsoleRouter, needs: PeopleNeeds): void {
  router.route({
    method: 'get',
    path: '/people',
    roles: everyRole,
    menu: 'people',
    handler: (visit) => search(needs, visit),
  });

  router.route({
    method: 'get',
    path: '/people/:id',
    roles: everyRole,
    handler: async (visit) => personPage(needs, visit, { account: await reach(needs, visit) }),
  });
}

async function search({ directory }: PeopleNeeds, { staff, request }: Visit): Promise<Answer> {
  const { q = '', names } = request.query;
  if (typeof q !== 'string') throw new BadRequest('a search has one text');
  const text = q.trim();
  const view = 'console/people/search';
  if (text === '') return { kind: 'page', view, data: { text } };
  if (text.length < shortestSearch || text.length > longestSearch) {
    const values = { least: shortestSearch, most: longestSearch };
    const problems = [{ field: 'q', message: { key: 'console.people.search-length', values } }];
    return { kind: 'page', view, status: 422, data: { text: text.slice(0, longestSearch) }, problems };
  }
  const within = sightOf(staff);
  const limits = { text, limit: mostFound + 1, ...(within === 'all' ? {} : { within }) };
  const { as, people, complete } = await lookFor(directory, limits, names === undefined);
  return {
    kind: 'page',
    view,
    data: { text, as, people: people.slice(0, mostFound), more: people.length > mostFound, complete },
    about: { detail: { results: Math.min(people.length, mostFound) } },
  };
}

/**
 * Callers say a whole name, mostly, and a directory has an index for it. Only when nobody is called so, or when it is asked
 * for, beginnings are looked for: in a large directory without an index for them that takes seconds.
 */
async function lookFor(
  directory: Pick<Directory, 'searchPeople'>,
  limits: Omit<PeopleSearch, 'as'>,
  wholeFirst: boolean,
): Promise<PeopleFound & Pick<PeopleSearch, 'as'>> {
  if (wholeFirst) {
    const found = await directory.searchPeople({ ...limits, as: 'whole' });
    if (found.people.length > 0 || !found.complete) return { ...found, as: 'whole' };
  }
  return { ...(await directory.searchPeople({ ...limits, as: 'beginning' })), as: 'beginning' };
}

/**
 * The person that the address names.
 * @throws OutOfReach when there is nobody, or nobody whom this member may see: the two look alike
 */
export async function reach({ directory }: Pick<PeopleNeeds, 'directory'>, visit: Visit): Promise<Account> {
  const { id } = visit.request.params;
  const account = typeof id === 'string' ? await directory.read(id) : undefined;
  if (account === undefined) throw new OutOfReach('nobody has this id');
  if (!account.state.person || !maySee(visit.staff, account)) {
    throw new OutOfReach('this person is not for this member of staff', account.id);
  }
  return account;
}

/** What an act on the page came to, when it is shown again. */
export interface Retry {
  readonly act: string;
  readonly typed: string;
  readonly problems: readonly Problem[];
}

/** The page of a person, again with what was wrong when an act was not taken. */
export async function personPage(
  needs: PeopleNeeds,
  { staff }: Visit,
  { account, retry }: { readonly account: Account; readonly retry?: Retry },
): Promise<Answer> {
  const person = await needs.views.of(account);
  const mayAct = mayActOn(staff, account) && staff.id !== account.id;
  const isAdministrator = staff.roles.includes('administrator');
  const isGuarded = !isAdministrator && (await isGuardedAccount(needs, account));
  const sessions = isAdministrator ? await sessionsOf(needs, account) : undefined;
  return {
    kind: 'page',
    view: 'console/people/person',
    ...(retry === undefined ? {} : { status: 422, problems: retry.problems }),
    data: {
      person,
      acts: mayAct && !isGuarded ? actsFor(person) : [],
      why: whyNoActs({ mayAct, isGuarded, isSelf: staff.id === account.id }),
      mayVerify: mayAct && !isGuarded && numbersOf(person).length > 0,
      mayIssue: needs.hasCodes && mayAct && !isGuarded && (await needs.codes.isAskedOf(account)),
      mayRemove: mayAct && !isGuarded,
      sessions,
      mayEndSessions: mayAct && sessions !== undefined,
      open: retry?.act,
      typed: retry?.typed ?? '',
      startUrl: needs.startUrl.href,
    },
    about: { subject: account.id },
  };
}

/** As the desk will judge, so that nobody is offered what is refused in any case. */
async function isGuardedAccount({ staff }: PeopleNeeds, { id, state }: Account): Promise<boolean> {
  return state.privileged || (await staff.find(id)) !== undefined;
}

function whyNoActs(stands: { mayAct: boolean; isGuarded: boolean; isSelf: boolean }): string | undefined {
  if (stands.isSelf) return 'yourself';
  if (!stands.mayAct) return 'reads-only';
  return stands.isGuarded ? 'privileged' : undefined;
}

/** How many sessions somebody has open in the console; undefined for whoever is not staff and has none left. */
async function sessionsOf(needs: PeopleNeeds, account: Account): Promise<number | undefined> {
  const open = await openSessionsOf(needs, account);
  return open > 0 || (await needs.staff.find(account.id)) !== undefined ? open : undefined;
}

/** How many sessions of the console are open. */
export async function openSessionsOf({ openSessions }: PeopleNeeds, account: Account): Promise<number> {
  return (await openSessions.of(account.id, passwordStamp(account))).length;
}

/** Acts that are done from the page itself, those first that would help. */
function actsFor({ bars, openFlows }: PersonView): readonly string[] {
  return [...(bars.length > 0 ? ['clear-bars'] : []), ...(openFlows > 0 ? ['end-visits'] : []), 'ask-to-register'];
}

/** Registered gates that reach a telephone, with what is shown of the number. */
export function numbersOf({ gates }: PersonView): readonly { readonly gate: string; readonly mask: string }[] {
  return gates.flatMap(({ gate, mask }) => (mask === undefined ? [] : [{ gate, mask }]));
}

/** Whether the directory names a manager to whom a code could go. */
export async function hasManager(needs: PeopleNeeds, account: Account): Promise<boolean> {
  return (await managerAddress(needs.directory, account)) !== undefined;
}

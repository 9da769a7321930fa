import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { Clock } from '../core/clock.ts';
import type { DriveTrace } from '../core/drive/test-drive-remains.ts';
import type { Json } from '../core/json.ts';
import type { Message } from '../core/message.ts';
import type { SessionOwner, SessionRecord, SessionStore } from '../core/visits/session-store.ts';

declare module 'express-session' {
  interface SessionData {
    /** The id of the flow: beside the CSRF token all that a session of the portals holds. */
    flow: string;
    /** Only in the console: who has signed in. What they may do is read in the directory each time. */
    staff: StaffSession;
    /** Only in the console: the account that a sign-in under way is for, so that it can be ended from elsewhere. */
    signingIn: string;
    /** Only in the console: the path that somebody asked for before signing in; one of its own routes. */
    wanted: string;
    /** Only in the console: what was posted from a page before the second factor that it asks for. */
    typed: { readonly page: string; readonly fields: Readonly<Record<string, string>> };
    /** Only in the console: what the next page has to say about the last act. */
    notice: Message;
    /** Only in the console: the test drive that this browser walks. */
    drive: string;
    /** Only in the console: what to tell of that drive when it is gone, as after a restart. */
    driven: DriveTrace;
  }
}

/** A sign-in to the console. Times in milliseconds. */
export interface StaffSession {
  readonly account: string;
  readonly since: number;
  /** Which second factor was passed last, and when. */
  readonly gate: string;
  readonly provedAt: number;
  readonly passwordStamp: number;
  /** Names it on pages and in the audit. Absent in sessions of before there was a page of them, until the next press. */
  readonly reference?: string;
  /** Where the sign-in came from. */
  readonly from?: Whereabouts;
  /** The last press: where from, and when, which is written with every save. */
  readonly last?: Whereabouts;
  readonly usedAt?: number;
}

/** Where a browser is. */
export interface Whereabouts {
  readonly address: string;
  /** As it calls itself, in two words; absent where nobody knows it. */
  readonly browser?: string;
}

export interface SessionNeeds {
  /** Whose sessions they are: one of the portals is none of the console's, wherever its cookie is brought. */
  readonly purpose: 'portals' | 'console';
  readonly sessions: SessionStore;
  readonly clock: Clock;
  /** Signs the cookie; the first signs, all verify. */
  readonly secrets: readonly string[];
  /** Whether people reach the portals over https; false only on loopback. */
  readonly secure: boolean;
  /** Milliseconds without a request after which a session is over. */
  readonly idleMs: number;
}

const names = { portals: 'latchkey', console: 'latchkey-console' } as const;

/** Server-side sessions behind an opaque cookie; ids that the server did not give out are never adopted. */
export function setUpSession(needs: SessionNeeds): RequestHandler {
  return session({
    // The prefix pins the cookie to this host and to TLS (RFC 6265bis 4.1.3.2); browsers refuse it without TLS.
    name: `${needs.secure ? '__Host-' : ''}${names[needs.purpose]}`,
    secret: [...needs.secrets],
    store: new StoredSessions(needs),
    resave: false,
    saveUninitialized: false,
    rolling: false,
    unset: 'destroy',
    cookie: { httpOnly: true, sameSite: 'lax', secure: needs.secure, path: '/' },
  });
}

/** Gives the browser a new session that holds only this flow: at the start, at sign-in and at the end. */
export async function renewSession(request: Request, flowId?: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.regenerate((fault) => (fault ? reject(fault) : resolve()));
  });
  if (flowId !== undefined) request.session.flow = flowId;
}

/** Whether the session that the request began with is there still: another request may have ended it meanwhile. */
export function isStored(request: Request): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request.sessionStore.get(request.sessionID, (fault, found) => (fault ? reject(fault) : resolve(found != null)));
  });
}

/**
 * As `renewSession`, for a session that somebody is signed in with. The new one takes the place of the old one when it is
 * first written, and only if that is still there: one that was ended meanwhile, from elsewhere perhaps, has no heir.
 */
export function replaceSession(request: Request, flowId?: string): void {
  const before = request.sessionID;
  request.sessionStore.generate(request);
  predecessors.set(request.session, before);
  if (flowId !== undefined) request.session.flow = flowId;
}

/** Ids of the sessions that new ones take the place of. */
const predecessors = new WeakMap<object, string>();

/**
 * Goes on with a session that another request of the same browser was just given. When it is not there any more, this
 * request keeps what it has.
 */
export function adoptSession(request: Request, id: string): Promise<void> {
  const { sessionStore } = request;
  return new Promise((resolve, reject) => {
    sessionStore.get(id, (fault, found) => {
      if (fault) return reject(fault);
      if (found != null) {
        request.sessionID = id;
        sessionStore.createSession(request, found);
      }
      resolve();
    });
  });
}

/** This request is not somebody at the keyboard, such as a page that looks by itself: the session idles on. */
export function leaveIdle(request: Request): void {
  idling.add(request.session);
}

const idling = new WeakSet<object>();

/** Writes the session before the answer is sent, so that the next request finds it. */
export async function saveSession(request: Request): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.session.save((fault) => (fault ? reject(fault) : resolve()));
  });
}

/** express-session's store over Latchkey's. */
class StoredSessions extends session.Store {
  readonly #needs: SessionNeeds;
  /** What the requests under way hold of sessions that are in the store. */
  readonly #stored = new WeakSet<session.SessionData>();

  constructor(needs: SessionNeeds) {
    super();
    this.#needs = needs;
  }

  override get(id: string, done: (fault: unknown, data?: session.SessionData | null) => void): void {
    this.#needs.sessions
      .read(this.#key(id), this.#needs.clock.now())
      .then((data) => done(null, (data ?? null) as session.SessionData | null), done);
  }

  /** A session that is in the store: what it holds may be written over, and once it is removed it stays so. */
  override createSession(request: Request, data: session.SessionData): session.Session & session.SessionData {
    const created = super.createSession(request, data);
    this.#stored.add(created);
    return created;
  }

  override set(id: string, data: session.SessionData, done?: (fault?: unknown) => void): void {
    const before = this.#stored.has(data) ? id : predecessors.get(data);
    this.#stored.add(data);
    this.#write(id, data, before).then(() => done?.(), done);
  }

  /** Lets it live on as it stands in the store by now. */
  override touch(id: string, data: session.SessionData, done?: (fault?: unknown) => void): void {
    if (idling.has(data)) {
      done?.();
      return;
    }
    this.get(id, (fault, found) => {
      if (fault || !found) done?.(fault);
      else this.#write(id, found, id).then(() => done?.(), done);
    });
  }

  /**
   * A request that was under way when its session was replaced must not bring the old one back to life.
   * @param before id of what it is written over, its own perhaps; undefined for a session that is new
   */
  async #write(id: string, data: session.SessionData, before: string | undefined): Promise<void> {
    const { sessions } = this.#needs;
    const record = this.#record(data);
    if (before === undefined) await sessions.write(this.#key(id), record);
    else if (before === id) await sessions.rewrite(this.#key(id), record);
    else await sessions.replace(this.#key(before), this.#key(id), record);
  }

  #record(data: session.SessionData): SessionRecord {
    const now = this.#needs.clock.now().getTime();
    const staff = data.staff === undefined ? {} : { staff: { ...data.staff, usedAt: now } };
    const owner = ownerOf(data);
    return {
      data: JSON.parse(JSON.stringify({ ...data, ...staff })) as Json,
      expires: new Date(now + this.#needs.idleMs),
      ...(owner === undefined ? {} : { owner }),
    };
  }

  override destroy(id: string, done?: (fault?: unknown) => void): void {
    this.#needs.sessions.remove(this.#key(id)).then(() => done?.(), done);
  }

  /** Its row: another one for each purpose. */
  #key(id: string): string {
    return this.#needs.purpose === 'portals' ? id : `${this.#needs.purpose}:${id}`;
  }
}

function ownerOf({ staff, signingIn }: Partial<session.SessionData>): SessionOwner | undefined {
  if (staff?.reference !== undefined) return { accountId: staff.account, reference: staff.reference };
  return signingIn === undefined ? undefined : { accountId: signingIn };
}

import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import passport from 'passport';
import { type LdapAuthOptions, Strategy as LdapStrategy } from 'passport-ldapauth';
import type { SignIn } from '../../core/directory.ts';
import type { Deadline } from './deadline.ts';
import { guidDn } from './identifiers.ts';
import { isEmptyPassword } from './password-octets.ts';
import { ldapsUrl, type ServerAddress, tlsOptions } from './server-address.ts';
import { ServerFailure } from './server-failure.ts';
import type { ServiceAccount } from './service-account.ts';
import { openTransport } from './transport.ts';

/** passport-ldapauth tells the sub-codes apart by these messages; each is the word that `SignIn` has for it. */
const messages = {
  invalidCredentials: 'wrong',
  userNotFound: 'wrong',
  noSuchObject: 'wrong',
  badRequestMessage: 'wrong',
  constraintViolation: 'locked',
  accountLockedOut: 'locked',
  passwordExpired: 'password-expired',
  passwordMustChange: 'must-change',
  accountDisabled: 'disabled',
  accountExpired: 'account-expired',
  invalidLogonHours: 'outside-hours',
  invalidWorkstation: 'wrong-workstation',
} as const satisfies Record<string, SignIn['kind']>;

type Word = (typeof messages)[keyof typeof messages];

/** What the strategy is handed instead of an HTTP request. */
interface Attempt {
  readonly options: LdapAuthOptions;
  readonly body: { readonly account: string; readonly password: string };
}

/** Who signs in where. */
export interface SignInRequest {
  readonly address: ServerAddress;
  readonly accountId: string;
  readonly password: string;
}

/**
 * Proves a password with passport and passport-ldapauth: the service account looks the person up by objectGUID, so that
 * no typed text reaches a filter, and a connection of its own binds as them.
 */
export class SignInDesk {
  readonly #account: ServiceAccount;
  readonly #passport = new passport.Authenticator();

  constructor(needs: { account: ServiceAccount }) {
    this.#account = needs.account;
    const strategy = new LdapStrategy<Attempt>((attempt, done) => done(undefined, attempt.options));
    this.#passport.use('ldapauth', strategy);
  }

  /**
   * @returns what the server said, of the person or of the service account: the strategy does not tell whose bind was
   * refused, so the caller must prove the service account before it believes anything but `signed-in`
   * @throws ServerFailure when the server cannot be reached or does not answer in time
   */
  async signIn(request: SignInRequest, deadline: Deadline): Promise<SignIn> {
    if (isEmptyPassword(request.password)) return { kind: 'wrong' };
    // The strategy's clients are never told of a failed connection, so the sockets are ours: made here, ended here.
    const sockets: Socket[] = [];
    const end = new AbortController();
    const drop = () => {
      // From above: see `handOut`. What no client took is ended after that.
      end.abort();
      for (const socket of sockets) socket.destroy();
    };
    try {
      for (const _client of ['service', 'person']) sockets.push(await openTransport(request.address, deadline));
      const options = handOut(sockets, { ...tlsOptions(request.address), signal: end.signal });
      return await deadline.hold(this.#ask(this.#attempt(request, options, deadline)), drop);
    } finally {
      drop();
    }
  }

  #ask(attempt: Attempt): Promise<SignIn> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown, user: unknown, info: unknown) => {
        const word = user ? 'signed-in' : wordOf(info);
        if (error) reject(new ServerFailure(`signing in failed: ${String(error)}`, error));
        else if (word) resolve({ kind: word });
        else reject(new ServerFailure('passport-ldapauth gave an answer that has no meaning here'));
      };
      this.#passport.authenticate('ldapauth', { session: false, ...messages }, settle)(attempt, undefined, reject);
    });
  }

  #attempt({ address, ...request }: SignInRequest, options: ConnectionOptions, deadline: Deadline): Attempt {
    const milliseconds = Math.max(1, Math.floor(deadline.left));
    return {
      body: { account: request.accountId, password: request.password },
      options: {
        usernameField: 'account',
        passwordField: 'password',
        server: {
          // Always ldaps: its own StartTLS would send the service account's bind before the handshake.
          url: ldapsUrl(address),
          tlsOptions: options,
          bindDN: this.#account.name,
          bindCredentials: this.#account.password,
          searchBase: guidDn(request.accountId),
          searchScope: 'base',
          searchFilter: '(objectClass=user)',
          searchAttributes: ['distinguishedName'],
          bindProperty: 'distinguishedName',
          strictDN: false,
          timeout: milliseconds,
          connectTimeout: milliseconds,
        },
      },
    };
  }
}

/** tls.connect passes the signal to the socket that it makes, as net.connect does; the types do not know. */
type EndableOptions = ConnectionOptions & { readonly signal: AbortSignal };

/**
 * The two clients share these options, and tls.connect copies them once for each: so each gets the next socket.
 *
 * The signal ends what was handed out: it destroys the TLS socket above, and that the one beneath. The other way round, a
 * write that still waits above fails with EBADF, and Node says `close` before that error: at `close` ldapjs takes its
 * listeners away, and an error that nobody hears ends the process.
 */
function handOut(sockets: readonly Socket[], options: EndableOptions): ConnectionOptions {
  const left = [...sockets];
  return Object.defineProperty({ ...options }, 'socket', { enumerable: true, get: () => left.shift() });
}

function wordOf(info: unknown): Word | undefined {
  const message = (info as { message?: unknown } | undefined)?.message;
  return Object.values(messages).find((known) => known === message);
}

/** The part of passport-ldapauth 3.0 (ldapauth-fork 5.0, ldapjs 2.3) that Latchkey uses; the package brings no types. */
declare module 'passport-ldapauth' {
  import type { ConnectionOptions } from 'node:tls';
  import type { Strategy as PassportStrategy } from 'passport';

  export interface LdapAuthServer {
    readonly url: string;
    readonly tlsOptions: ConnectionOptions;
    readonly bindDN: string;
    readonly bindCredentials: string;
    readonly searchBase: string;
    readonly searchScope: 'base' | 'one' | 'sub';
    readonly searchFilter: string;
    readonly searchAttributes: string[];
    /** Attribute of the entry found that the bind names. */
    readonly bindProperty: string;
    /** False: send DNs as they are instead of parsing them. */
    readonly strictDN: boolean;
    readonly timeout: number;
    readonly connectTimeout: number;
  }

  export interface LdapAuthOptions {
    readonly server: LdapAuthServer;
    readonly usernameField: string;
    readonly passwordField: string;
  }

  type Done = (error: Error | undefined, options: LdapAuthOptions) => void;

  export class Strategy<Request> implements PassportStrategy {
    readonly name: string;
    constructor(options: (request: Request, done: Done) => void);
    authenticate(request: never, options?: never): void;
  }
}

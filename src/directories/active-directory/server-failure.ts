import { Unavailable } from '../../core/errors.ts';

/** A server cannot be reached, broke the connection, is overloaded, or did not answer in time: ask another one. */
export class ServerFailure extends Unavailable {}

/** Its certificate is expired, for another host, or from an unknown authority. Nothing was said to it. */
export class UntrustedServer extends ServerFailure {}

/** A read-only domain controller: it would answer every write with the name of another server. */
export class ReadOnlyServer extends ServerFailure {}

import { Unavailable } from '../../core/errors.ts';

/** A server cannot be reached, broke the connection, is overloaded, or did not answer in time: ask another one. */
export class ServerFailure extends Unavailable {}

/**
 * The faults of Latchkey. What can be expected is a value; one of these means that a request cannot go on.
 * Each carries a text from the catalogue that anybody may read, and a private detail for the log.
 */
export class LatchkeyError extends Error {
  /** HTTP status that the error page answers with. */
  readonly status: number;
  /** Catalogue key below `errors.`; its text says what happened and what to do next. */
  readonly publicKey: string;

  constructor(needs: { status: number; publicKey: string; detail: string; cause?: unknown }) {
    super(needs.detail, needs.cause === undefined ? undefined : { cause: needs.cause });
    this.name = new.target.name;
    this.status = needs.status;
    this.publicKey = needs.publicKey;
  }
}

/** The request is not exactly what was asked for; nothing was changed. */
export class BadRequest extends LatchkeyError {
  constructor(detail: string) {
    super({ status: 400, publicKey: 'bad-request', detail });
  }
}

/** A directory, provider or store cannot be reached or does not answer in time. Never counts against a person. */
export class Unavailable extends LatchkeyError {
  constructor(detail: string, cause?: unknown) {
    super({ status: 503, publicKey: 'unavailable', detail, cause });
  }
}

/** A provider or directory could not be reached before anything was handed to it: for certain, nothing was sent. */
export class NotSent extends Unavailable {}

/** A provider says that it serves nobody now: credentials, credit or rate. Nothing was sent, and it is not asked again soon. */
export class OutOfService extends NotSent {}

/** The configuration or the rights of the service account do not allow what was asked; an operator must act. */
export class Misconfigured extends LatchkeyError {
  constructor(detail: string, cause?: unknown) {
    super({ status: 500, publicKey: 'misconfigured', detail, cause });
  }
}

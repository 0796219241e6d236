/** Errors that are thrown: broken invariants and dead disks. What can be expected is a value instead. */

/** The store cannot commit now; nothing of the verb has happened, and it may be tried again. */
export class StoreUnavailable extends Error {
  readonly code = "STORE_UNAVAILABLE";
  readonly retryable = true;
  constructor(cause: string) {
    super(`the store cannot commit: ${cause}`);
    this.name = "StoreUnavailable";
  }
}

/** Too much of the same kind is under way; nothing of the request has happened, and it may be tried again. */
export class Overloaded extends Error {
  readonly code = "OVERLOADED";
  readonly retryable = true;
  constructor(what: string) {
    super(`overloaded: ${what}`);
    this.name = "Overloaded";
  }
}

/** The server cannot start, for a reason that the operator can mend: one line, exit code 1. */
export class StartupError extends Error {
  readonly code = "STARTUP";
  readonly retryable = false;
  constructor(message: string) {
    super(message);
    this.name = "StartupError";
  }
}

/** One fault of one field: what a caller gets in `details`. */
export interface Fault {
  readonly field: string;
  readonly rule: string;
}

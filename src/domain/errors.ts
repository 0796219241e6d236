/** Errors that are thrown, for broken invariants and failed disks. Expected results are values instead. */

/** The store cannot commit at the moment. The call had no effect, and the caller can retry it. */
export class StoreUnavailable extends Error {
  readonly code = "STORE_UNAVAILABLE";
  readonly retryable = true;
  constructor(cause: string) {
    super(`the store cannot commit: ${cause}`);
    this.name = "StoreUnavailable";
  }
}

/** The other nodes have taken this node for dead. It has to enter the store again. Nothing of the call has happened. */
export class NodeGone extends StoreUnavailable {
  constructor() {
    super("the other nodes have not heard this one for too long, and do its work");
    this.name = "NodeGone";
  }
}

/** Too many requests of this kind are in progress. The request had no effect, and the caller can retry it. */
export class Overloaded extends Error {
  readonly code = "OVERLOADED";
  readonly retryable = true;
  constructor(what: string) {
    super(`overloaded: ${what}`);
    this.name = "Overloaded";
  }
}

/** What kind of failure it is. Each has an exit code of its own: `cli/failure.ts`. */
export type FailureKind = "failed" | "usage" | "missing" | "conflict" | "unreachable";

/**
 * The server cannot start, or a command of `signalbox admin` cannot run, for a reason that the operator can fix. The
 * server prints one line and exits with code 1.
 */
export class StartupError extends Error {
  readonly code = "STARTUP";
  readonly retryable = false;
  readonly kind: FailureKind;
  constructor(message: string, kind: FailureKind = "failed") {
    super(message);
    this.name = "StartupError";
    this.kind = kind;
  }
}

/** One invalid field, as callers see it in `details`. */
export interface Fault {
  readonly field: string;
  readonly rule: string;
}

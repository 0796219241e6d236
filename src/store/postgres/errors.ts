/** Errors of PostgreSQL, and what they mean for the store. */
import type { EpochMs } from "../../domain/ids.ts";
import { POSTGRES_VERDICT_MS_MAX } from "../../domain/limits.ts";
import type { Fault } from "../connection.ts";
import type { StatementFault } from "./link.ts";
import { SCHEMA } from "./schema.ts";

/** SQLSTATE of a statement that the user may not run. */
export const LACKS_RIGHT = "42501";

/** An error that PostgreSQL reported, or the end of the connection. */
export class PostgresError extends Error {
  readonly code: string | null;
  readonly hasWaited: boolean;

  constructor({ code, message, hasWaited = false }: StatementFault) {
    super(message);
    this.code = code;
    this.hasWaited = hasWaited;
  }
}

/** It is unknown whether a transaction has committed: only a new start, which reads what is stored, is certain. */
export class UnknownOutcome extends Error {
  constructor() {
    super(
      `PostgreSQL did not answer a COMMIT, and did not say within ${POSTGRES_VERDICT_MS_MAX / 1000} s whether it happened. ` +
        "Start this node again: a start reads what is stored",
    );
  }
}

/** PostgreSQL has lost transactions that this node remembers. Only a new start forgets all of them. */
export class WentBack extends Error {
  /** @param latestMs when the latest event was accepted that PostgreSQL still has; 0 if it has none */
  constructor(latestMs: EpochMs) {
    super(
      "PostgreSQL was replaced by a replica or a backup that lacks the latest transactions. " +
        `Events that were accepted after ${new Date(latestMs).toISOString()}, and before this, are lost: publish them again. ` +
        "To lose none, replicate synchronously (docs/deploy.md)",
    );
  }
}

/** A newer version has changed the schema in a way that this version must not work with. */
export class NewerSchema extends Error {
  constructor(number: number) {
    super(
      `the data was written by a newer Signalbox (schema ${number}, this one knows ${SCHEMA}); install that version or a later one`,
    );
  }
}

/** Whether PostgreSQL did not answer. */
export function isLost(error: unknown): boolean {
  return error instanceof PostgresError && (error.code === null || /^(08|57P)/.test(error.code));
}

export function faultOf(error: unknown): Fault | null {
  const isFatal = error instanceof UnknownOutcome || error instanceof WentBack || error instanceof NewerSchema;
  if (isFatal) return { kind: "fatal" };
  if (!(error instanceof PostgresError)) return null;
  const { code, message, hasWaited } = error;
  // Until somebody grants the right, the node cannot work. A node that cannot work must not look ready.
  if (code === LACKS_RIGHT) return { kind: "passing", message, full: false, hasWaited };
  // 22: a value that the type does not take. 23: a violated constraint. 42: a mistake in the statement.
  if (code !== null && /^(22|23|42)/.test(code)) return { kind: "verb" };
  return { kind: "passing", message, full: code?.startsWith("53") ?? false, hasWaited };
}

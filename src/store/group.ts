/** The group commit: many verbs in one transaction. */
import type { Broken } from "../ports/store.ts";
import { endGroup, flush, forget, forgetRows, type Writing } from "./writing.ts";

/** The fields of an error from SQLite; see https://www.sqlite.org/rescode.html. */
interface SqliteError extends Error {
  readonly code: "ERR_SQLITE_ERROR";
  readonly errcode: number;
  readonly errstr: string;
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT = 19;

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

/** Whether a later commit may succeed. Any other error from SQLite ends the process. */
export function isPassing(error: unknown): error is SqliteError {
  return isSqliteError(error) && [SQLITE_BUSY, SQLITE_FULL].includes(error.errcode & 0xff);
}

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** A bug made this verb fail. Only this verb was rolled back. */
  | { readonly kind: "broken"; readonly message: string }
  /** The whole group was rolled back: nothing of it has happened. */
  | { readonly kind: "unavailable"; readonly message: string; readonly full: boolean };

/**
 * Run verbs in one transaction. No verb gets its result before COMMIT. Throws errors that a retry cannot fix, such as
 * an I/O error or a corrupt file. The process then ends, and the next start finds what was committed.
 *
 * The first try has no savepoints, because a savepoint copies every page that changes within it, which took a third of
 * the writer's time. Only if a verb fails is everything rolled back and run again, with a savepoint for each verb and
 * each element, so that only the failing one is rolled back.
 */
export function commitGroup<T>(w: Writing, verbs: readonly (() => T)[]): Answer<T>[] {
  try {
    return inTransaction(w, () => verbs.map((verb): Answer<T> => ({ kind: "ok", value: verb() })));
  } catch (error) {
    if (endsGroup(error)) return abandon(verbs, error);
  }
  w.mode.careful = true;
  try {
    return inTransaction(w, () => verbs.map((verb): Answer<T> => inSavepoint(w, verb)));
  } catch (error) {
    return abandon(verbs, error);
  } finally {
    w.mode.careful = false;
  }
}

function inTransaction<R>(w: Writing, run: () => R): R {
  try {
    w.prepare("BEGIN IMMEDIATE").run();
    const result = run();
    flush(w);
    w.prepare("COMMIT").run();
    endGroup(w);
    return result;
  } catch (error) {
    // On SQLITE_FULL, SQLite rolls back the whole transaction, savepoints included, and the next SAVEPOINT would open a
    // transaction that commits by itself. So the whole group is abandoned, whatever its verbs returned.
    if (w.db.isTransaction) w.db.exec("ROLLBACK");
    forget(w);
    throw error;
  }
}

function abandon<T>(verbs: readonly (() => T)[], error: unknown): Answer<T>[] {
  if (!isPassing(error)) throw error;
  const full = (error.errcode & 0xff) === SQLITE_FULL;
  return verbs.map(() => ({ kind: "unavailable", message: error.errstr, full }));
}

/** Run the elements of an array verb so that a failing one does not affect the others. */
export function each<E, R>(w: Writing, elements: readonly E[], verb: (element: E) => R): (R | Broken)[] {
  if (!w.mode.careful) return elements.map(verb);
  return elements.map((element) => {
    const answer = inSavepoint(w, () => verb(element));
    return answer.kind === "ok" ? answer.value : answer;
  });
}

type Undone<T> = { readonly kind: "ok"; readonly value: T } | Broken;

/** Savepoints of one name nest: RELEASE and ROLLBACK TO refer to the innermost. */
function inSavepoint<T>(w: Writing, verb: () => T): Undone<T> {
  flush(w); // write what earlier verbs changed in memory: it must not be rolled back with this verb
  endGroup(w);
  w.prepare("SAVEPOINT verb").run();
  try {
    const value = verb();
    flush(w);
    endGroup(w);
    w.prepare("RELEASE verb").run();
    return { kind: "ok", value };
  } catch (error) {
    if (!w.db.isTransaction || endsGroup(error)) throw error;
    w.prepare("ROLLBACK TO verb").run();
    w.prepare("RELEASE verb").run();
    endGroup(w);
    forgetRows(w);
    return { kind: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** A violated constraint is a mistake of one verb. Any other error from SQLite concerns the whole group. */
function endsGroup(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) !== SQLITE_CONSTRAINT;
}

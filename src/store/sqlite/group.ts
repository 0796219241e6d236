/** The group commit: many verbs, one transaction, each in its own savepoint. */
import type { Broken } from "../../ports/store.ts";
import { endGroup, flush, forget, forgetRows, type Writing } from "./writing.ts";

/** What SQLite's own errors carry; see https://www.sqlite.org/rescode.html. */
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

/** Whether the store may be able to commit later; anything else that SQLite says ends the process. */
export function isPassing(error: unknown): error is SqliteError {
  return isSqliteError(error) && [SQLITE_BUSY, SQLITE_FULL].includes(error.errcode & 0xff);
}

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** An error of ours; the verb alone was undone. */
  | { readonly kind: "broken"; readonly message: string }
  /** The whole group was abandoned: nothing of it has happened. */
  | { readonly kind: "unavailable"; readonly message: string; readonly full: boolean };

/**
 * Run verbs in one transaction. No answer is given before COMMIT. Throws what is not passing: an I/O error, a corrupt
 * file; then the process ends, and a restart tells what was committed.
 *
 * At first without savepoints, since each of them copies every page that it changes: a third of the writer's time.
 * Only if something breaks is all of it taken back and done again, every verb and every element in a savepoint of its
 * own, so that the broken one alone is undone.
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
    // Savepoints end with the disk: on SQLITE_FULL SQLite rolls the whole transaction back, and the next SAVEPOINT
    // would open one that commits by itself. So the group is abandoned whole, whatever its members answered.
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

/** Run an array verb's elements so that a broken one breaks no other. */
export function each<E, R>(w: Writing, elements: readonly E[], verb: (element: E) => R): (R | Broken)[] {
  if (!w.mode.careful) return elements.map(verb);
  return elements.map((element) => {
    const answer = inSavepoint(w, () => verb(element));
    return answer.kind === "ok" ? answer.value : answer;
  });
}

type Undone<T> = { readonly kind: "ok"; readonly value: T } | Broken;

/** Savepoints of one name nest: RELEASE and ROLLBACK TO mean the innermost. */
function inSavepoint<T>(w: Writing, verb: () => T): Undone<T> {
  flush(w); // what earlier verbs changed in memory is theirs, and must not go with this one
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

/** A broken constraint is a mistake of one verb; whatever else SQLite says concerns all of them. */
function endsGroup(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) !== SQLITE_CONSTRAINT;
}

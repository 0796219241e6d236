/** The group commit: many verbs in one transaction. */
import { NodeGone } from "../domain/errors.ts";
import type { Seq } from "../domain/ids.ts";
import type { Broken } from "../ports/store.ts";
import { laterCreation } from "./delivery/insert.ts";
import { checkStanding } from "./upkeep/standing.ts";
import { endGroup, flush, forgetSavepoint, readAgain, type Writing } from "./writing.ts";

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** A bug made this verb fail. Only this verb was rolled back. */
  | { readonly kind: "broken"; readonly message: string }
  /** The whole group was rolled back: nothing of it has happened. */
  | { readonly kind: "unavailable"; readonly message: string; readonly full: boolean }
  /** Nothing has happened either: the other nodes have taken this one for dead. */
  | { readonly kind: "gone"; readonly message: string };

/**
 * Run verbs in one transaction. No verb gets its result before COMMIT. Throws errors that a retry cannot fix, such as
 * an I/O error or a corrupt file. The process then ends, and the next start finds what was committed.
 *
 * The first try has no savepoints, because a savepoint copies every page that changes within it, which took a third of
 * the writer's time. Only if a verb fails is everything rolled back and run again, with a savepoint for each verb and
 * each element, so that only the failing one is rolled back.
 */
export function commitGroup<T>(w: Writing, verbs: readonly (() => T)[], needs: Needs = NOTHING): Answer<T>[] {
  try {
    return inTransaction(w, needs, () => verbs.map((verb): Answer<T> => ({ kind: "ok", value: verb() })));
  } catch (error) {
    if (endsGroup(w, error)) return abandon(w, verbs, error);
  }
  w.mode.careful = true;
  try {
    return inTransaction(w, { ...NOTHING, mayCommit: needs.mayCommit }, () =>
      verbs.map((verb): Answer<T> => inSavepoint(w, verb)),
    );
  } catch (error) {
    return abandon(w, verbs, error);
  } finally {
    w.mode.careful = false;
  }
}

/** The callers were told that the store is unavailable. */
class Withdrawn extends Error {}
export const WITHDRAWN = { kind: "unavailable", message: "PostgreSQL did not answer", full: false } as const;

/** What the verbs of a group will need. Where each statement is a round trip, it is sent with the group's beginning. */
export interface Needs {
  /** Rows that are read if they are not known. */
  readonly tenantSeqs: ReadonlySet<Seq>;
  readonly endpointSeqs: ReadonlySet<Seq>;
  /** Send what the verbs write whatever these rows say. */
  writeAhead(w: Writing): void;
  /** Asked right before COMMIT: whether somebody still waits for the group. Otherwise nothing of it happens. */
  mayCommit(): boolean;
}

const NOTHING: Needs = {
  tenantSeqs: new Set(),
  endpointSeqs: new Set(),
  writeAhead: () => undefined,
  mayCommit: () => true,
};

/** The statements run after the transaction has its turn, so they see everything that was committed. */
function readAhead(w: Writing, { tenantSeqs, endpointSeqs }: Needs): () => void {
  const tenants = w.usage.readAhead(tenantSeqs);
  const lanes = w.lanes.readAhead(endpointSeqs);
  return () => {
    tenants();
    lanes();
  };
}

/**
 * Begin with what is remembered. If another node turns out to have written meanwhile, begin once more, without. After
 * that has happened, the next group begins without at once.
 */
function begin(w: Writing, needs: Needs): void {
  const remembers = !w.mode.isStale && !w.mode.wasOvertaken;
  w.settledAhead.clear();
  w.totals.begin();
  let remember = beginWith(w, needs, remembers);
  w.mode.wasOvertaken = w.isOvertaken();
  if (remembers && w.mode.wasOvertaken) {
    w.rollback();
    remember = beginWith(w, needs, false);
  }
  remember();
}

/** All statements travel with the one that takes the turn. The returned function waits for what they read. */
function beginWith(w: Writing, needs: Needs, remembers: boolean): () => void {
  w.begin("write");
  if (remembers) {
    laterCreation(w);
    needs.writeAhead(w);
    return readAhead(w, needs);
  }
  const steps = [checkStanding(w), readAgain(w), readAhead(w, needs)];
  return () => {
    for (const step of steps) step();
  };
}

function inTransaction<R>(w: Writing, needs: Needs, run: () => R): R {
  const self = { ...w.self };
  try {
    begin(w, needs);
    const result = run();
    flush(w);
    if (!needs.mayCommit()) throw new Withdrawn();
    w.commit();
    w.totals.commit();
    endGroup(w);
    return result;
  } catch (error) {
    // On SQLITE_FULL, SQLite rolls back the whole transaction, savepoints included, and the next SAVEPOINT would open a
    // transaction that commits by itself. So the whole group is abandoned, whatever its verbs returned.
    w.rollback();
    w.mode.isStale = true;
    Object.assign(w.self, self); // the node has neither entered nor left
    throw error;
  }
}

function abandon<T>(w: Writing, verbs: readonly (() => T)[], error: unknown): Answer<T>[] {
  if (error instanceof NodeGone) return verbs.map(() => ({ kind: "gone", message: error.message }));
  if (error instanceof Withdrawn) return verbs.map(() => WITHDRAWN);
  const fault = w.faultOf(error);
  if (fault?.kind !== "passing") throw error;
  const { message, full } = fault;
  return verbs.map(() => ({ kind: "unavailable", message, full }));
}

/** Run the elements of an array verb so that a failing one does not affect the others. */
export function each<E, R>(w: Writing, elements: readonly E[], verb: (element: E, index: number) => R): (R | Broken)[] {
  if (!w.mode.careful) return elements.map((element, index) => verb(element, index));
  return elements.map((element, index) => {
    const answer = inSavepoint(w, () => verb(element, index));
    return answer.kind === "ok" ? answer.value : answer;
  });
}

type Undone<T> = { readonly kind: "ok"; readonly value: T } | Broken;

function inSavepoint<T>(w: Writing, verb: () => T): Undone<T> {
  flush(w); // write what earlier verbs changed in memory: it must not be rolled back with this verb
  endGroup(w);
  w.savepoint("begin");
  try {
    const value = verb();
    flush(w);
    endGroup(w);
    w.savepoint("release");
    return { kind: "ok", value };
  } catch (error) {
    if (!w.isTransaction() || endsGroup(w, error)) throw error;
    w.savepoint("undo");
    endGroup(w);
    forgetSavepoint(w);
    return { kind: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** Every error from the database that is not a mistake of one verb concerns the whole group. */
function endsGroup(w: Writing, error: unknown): boolean {
  if (error instanceof NodeGone || error instanceof Withdrawn) return true;
  const fault = w.faultOf(error);
  return fault !== null && fault.kind !== "verb";
}

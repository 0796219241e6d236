/** A large table in limited steps, and what its verification found. */
import type { Seq } from "../../../domain/ids.ts";
import { VERIFY_ROWS_COUNT_MAX } from "../../../domain/limits.ts";
import type { Connection } from "../../connection.ts";
import { one } from "../../read-connection.ts";

/** One rule, and how many rows break it. */
export interface Verification {
  readonly rule: string;
  readonly rows: number;
  readonly wrong: number;
  /** The sequence of the first row that breaks the rule. */
  readonly first: Seq | null;
}

interface Step {
  readonly first: Seq;
  readonly last: Seq;
  readonly rows: number;
}

/** A table in ranges of its key. */
export function* stepsOf(connection: Connection, table: string, key: string): Iterable<Step> {
  const sql = `
    SELECT min(key) AS first, max(key) AS last, count(*) AS rows
    FROM (SELECT ${key} AS key FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ${VERIFY_ROWS_COUNT_MAX}) AS step`;
  for (let after = -1; ; ) {
    const step = one<Step>(connection, sql, after);
    if (step === undefined || step.rows === 0) return;
    yield step;
    after = step.last;
  }
}

/** addTallies, readTallies: attempts by hour. The engine counts them in memory, and adds them here behind the writer. */
import { parseTally, tallyText } from "../../../domain/history/tally.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { HourTally, NewTally } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";
import type { Writing } from "../../writing.ts";

const READ = "SELECT tally FROM attempt_tallies WHERE tenant_seq = ? AND hour = ? AND scope = ?";
const WRITE = `
  INSERT INTO attempt_tallies (tenant_seq, hour, scope, tally)
  VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant_seq, hour, scope) DO UPDATE SET tally = excluded.tally`;

export function addTallies(w: Writing, tallies: readonly NewTally[]): void {
  for (const { tenantSeq, hour, scope, tally } of tallies) {
    const stored = one<{ tally: string }>(w, READ, tenantSeq, hour, scope);
    const sum = stored === undefined ? tally : tallyText(parseTally(stored.tally).add(parseTally(tally)));
    w.prepare(WRITE).run(tenantSeq, hour, scope, sum);
  }
}

const HOUR_MS = 3_600_000;

// By primary key, hour by hour. A range of hours would also visit the rows of every endpoint.
const HOURS = `
  SELECT t.hour, t.tally
  FROM attempt_tallies t
  WHERE t.tenant_seq = ? AND t.hour IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND t.scope = ?`;

export function readTallies(
  connection: Connection,
  tenantSeq: Seq,
  scope: string,
  from: EpochMs,
  to: EpochMs,
): HourTally[] {
  const hours: EpochMs[] = [];
  for (let hour = from; hour < to; hour += HOUR_MS) hours.push(hour);
  return all<HourTally>(connection, HOURS, tenantSeq, JSON.stringify(hours), scope);
}

/**
 * addTallies, readTallies: attempts by hour. The engine counts them in memory, and adds them here behind the writer. A store
 * that nodes share also has the last minutes of each node, which are rows between the whole hours.
 */
import { parseTally, tallyText } from "../../../domain/history/tally.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { TALLY_MINUTES_MAX } from "../../../domain/limits.ts";
import type { HourTally, MinuteTally, NewTally } from "../../../ports/store.ts";
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
  if (w.isShared) addMinutes(w, tallies);
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const FORGET_MINUTES = `
  DELETE FROM attempt_tallies
  WHERE tenant_seq = ? AND hour >= ? AND hour < ? AND hour % ${HOUR_MS} <> 0`;

/** Each node has rows of its own, so they are written without being read: at the minute, and its number of milliseconds. */
function addMinutes(w: Writing, tallies: readonly NewTally[]): void {
  const oldest = new Map<Seq, EpochMs>();
  for (const { tenantSeq, minute, scope, tally } of tallies) {
    if (minute === undefined) continue;
    w.prepare(WRITE).run(tenantSeq, minute + 1 + (w.self.node % (MINUTE_MS - 1)), scope, tally);
    oldest.set(tenantSeq, minute - TALLY_MINUTES_MAX * MINUTE_MS);
  }
  for (const [tenantSeq, before] of oldest) w.prepare(FORGET_MINUTES).run(tenantSeq, before - HOUR_MS, before);
}

// By primary key.
const MINUTES = `
  SELECT hour - hour % ${MINUTE_MS} AS minute, tally
  FROM attempt_tallies
  WHERE tenant_seq = ? AND hour >= ? AND hour < ? AND scope = ? AND hour % ${HOUR_MS} <> 0`;

export function readMinutes(
  connection: Connection,
  tenantSeq: Seq,
  scope: string,
  from: EpochMs,
  to: EpochMs,
): MinuteTally[] {
  return all<MinuteTally>(connection, MINUTES, tenantSeq, from, to, scope);
}

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

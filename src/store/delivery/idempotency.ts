/**
 * Idempotency keys by day, so that deleting old keys never scans keys that are still valid. The embedded store has one
 * table for each day. On a shared database, one table has all days, because nodes need no right to create tables there.
 */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IDEMPOTENCY_TTL_MS } from "../../domain/limits.ts";
import type { IdempotencyClaim } from "../../ports/store.ts";
import type { Row } from "../connection.ts";
import type { Writing } from "../writing.ts";

const DAY_MS = 86_400_000;
/** A key that was made on one day is valid for up to this many days after it. */
const DAYS_REMEMBERED = Math.ceil(IDEMPOTENCY_TTL_MS / DAY_MS);

const dayOf = (time: EpochMs): number => Math.floor(time / DAY_MS);

export interface RememberedKey {
  readonly fingerprint: string;
  /** The sequence of the event or pause that was created with the key; `surface` says which. */
  readonly seq: Seq;
}

/** What the key was used for; null when it is not known or no longer valid. */
export function findIdempotencyKey(
  w: Writing,
  tenantSeq: Seq,
  claim: IdempotencyClaim,
  now: EpochMs,
): RememberedKey | null {
  const days: number[] = [];
  // Begins with tomorrow: a request's time is taken before its commit, so an earlier commit can have a later time.
  for (let day = dayOf(now) + 1; day >= dayOf(now) - DAYS_REMEMBERED; day -= 1) days.push(day);
  const key = [tenantSeq, claim.surface, Buffer.from(claim.keyHash, "hex"), now] as const;
  const row = w.isShared ? findInTable(w, days, key) : findInTables(w, days, key);
  if (row === undefined) return null;
  return { fingerprint: Buffer.from(row.fingerprint as Uint8Array).toString("hex"), seq: Number(row.event_seq) };
}

type Key = readonly [tenantSeq: Seq, surface: string, keyHash: Uint8Array, now: EpochMs];
const IS_KEY = "tenant_seq = ? AND surface = ? AND key_hash = ? AND expires_at > ?";

function findInTables(w: Writing, days: readonly number[], key: Key): Row | undefined {
  for (const day of days) {
    if (!w.memory.idempotencyDays.has(day)) continue;
    const sql = `SELECT fingerprint, event_seq FROM idempotency_${day} WHERE ${IS_KEY}`;
    const row = w.prepare(sql).get(...key);
    if (row !== undefined) return row;
  }
  return undefined;
}

function findInTable(w: Writing, days: readonly number[], key: Key): Row | undefined {
  const anyDay = days.map(() => "?").join(", ");
  const sql = `SELECT fingerprint, event_seq FROM idempotency_keys WHERE day IN (${anyDay}) AND ${IS_KEY}`;
  return w.prepare(sql).get(...days, ...key);
}

export function rememberKey(w: Writing, tenantSeq: Seq, claim: IdempotencyClaim, seq: Seq, now: EpochMs): void {
  const day = dayOf(now);
  const row = [
    tenantSeq,
    claim.surface,
    Buffer.from(claim.keyHash, "hex"),
    Buffer.from(claim.fingerprint, "hex"),
    seq,
    now + IDEMPOTENCY_TTL_MS,
  ];
  if (w.isShared) {
    w.prepare(insertKey("idempotency_keys", ["day", ...COLUMNS], ["day", ...PRIMARY_KEY])).run(day, ...row);
    return;
  }
  if (!w.memory.idempotencyDays.has(day)) createDay(w, day);
  w.prepare(insertKey(`idempotency_${day}`, COLUMNS, PRIMARY_KEY)).run(...row);
}

const PRIMARY_KEY = ["tenant_seq", "surface", "key_hash"];
const COLUMNS = [...PRIMARY_KEY, "fingerprint", "event_seq", "expires_at"];

function insertKey(table: string, columns: readonly string[], primaryKey: readonly string[]): string {
  return `
    INSERT INTO ${table} (${columns.join(", ")})
    VALUES (${columns.map(() => "?").join(", ")})
    ON CONFLICT (${primaryKey.join(", ")}) DO UPDATE SET
      fingerprint = excluded.fingerprint,
      event_seq = excluded.event_seq,
      expires_at = excluded.expires_at`;
}

// For surface `pauses`, `event_seq` is a pause's sequence: the tables of older versions have this column name.
function createDay(w: Writing, day: number): void {
  w.prepare(`
    CREATE TABLE IF NOT EXISTS idempotency_${day} (
      tenant_seq  INTEGER NOT NULL,
      surface     TEXT NOT NULL,
      key_hash    BLOB NOT NULL,
      fingerprint BLOB NOT NULL,
      event_seq   INTEGER NOT NULL,
      expires_at  INTEGER NOT NULL,
      PRIMARY KEY (tenant_seq, surface, key_hash)
    ) STRICT, WITHOUT ROWID`).run();
  w.memory.idempotencyDays.add(day);
}

/**
 * Delete at most `rowsMax` keys of days on which no key is still valid. A table is dropped once it is empty: dropping
 * one with ten million rows would stop the writer for two seconds. Returns how many keys were deleted; fewer than
 * `rowsMax` when nothing is left to delete.
 */
export function dropForgottenDays(w: Writing, now: EpochMs, rowsMax: number): number {
  const firstRemembered = dayOf(now) - DAYS_REMEMBERED;
  if (w.isShared) return Number(w.prepare(DELETE_FORGOTTEN).run(firstRemembered, rowsMax).changes);
  let deleted = 0;
  for (const day of w.memory.idempotencyDays) {
    if (day >= firstRemembered) continue;
    deleted += deleteKeys(w, day, rowsMax - deleted);
    if (deleted >= rowsMax) return deleted;
    w.prepare(`DROP TABLE IF EXISTS idempotency_${day}`).run();
    w.memory.idempotencyDays.delete(day);
  }
  return deleted;
}

const DELETE_FORGOTTEN = `
  DELETE FROM idempotency_keys
  WHERE (day, tenant_seq, surface, key_hash) IN (
    SELECT day, tenant_seq, surface, key_hash
    FROM idempotency_keys
    WHERE day < ?
    ORDER BY day, tenant_seq, surface, key_hash
    LIMIT ?)`;

/** In the order of the primary key, which is the order of the table, so that whole pages become free. */
function deleteKeys(w: Writing, day: number, limit: number): number {
  const sql = `
    DELETE FROM idempotency_${day}
    WHERE (tenant_seq, surface, key_hash) IN (
      SELECT tenant_seq, surface, key_hash
      FROM idempotency_${day}
      ORDER BY tenant_seq, surface, key_hash
      LIMIT ?)`;
  return Number(w.prepare(sql).run(limit).changes);
}

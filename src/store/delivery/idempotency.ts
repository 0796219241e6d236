/**
 * Idempotency keys, in one table per day, so that deleting old keys never scans keys that are still valid.
 */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IDEMPOTENCY_TTL_MS } from "../../domain/limits.ts";
import type { IdempotencyClaim } from "../../ports/store.ts";
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
  // Begins with tomorrow: a request's time is taken before its commit, so an earlier commit can have a later time.
  for (let day = dayOf(now) + 1; day >= dayOf(now) - DAYS_REMEMBERED; day -= 1) {
    if (!w.memory.idempotencyDays.has(day)) continue;
    const row = w
      .prepare(
        `SELECT fingerprint, event_seq FROM idempotency_${day}
         WHERE tenant_seq = ? AND surface = ? AND key_hash = ? AND expires_at > ?`,
      )
      .get(tenantSeq, claim.surface, Buffer.from(claim.keyHash, "hex"), now);
    if (row === undefined) continue;
    return { fingerprint: Buffer.from(row.fingerprint as Uint8Array).toString("hex"), seq: Number(row.event_seq) };
  }
  return null;
}

export function rememberKey(w: Writing, tenantSeq: Seq, claim: IdempotencyClaim, seq: Seq, now: EpochMs): void {
  const day = dayOf(now);
  if (!w.memory.idempotencyDays.has(day)) createDay(w, day);
  w.prepare(
    `INSERT INTO idempotency_${day} VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (tenant_seq, surface, key_hash) DO UPDATE SET
       fingerprint = excluded.fingerprint,
       event_seq = excluded.event_seq,
       expires_at = excluded.expires_at`,
  ).run(
    tenantSeq,
    claim.surface,
    Buffer.from(claim.keyHash, "hex"),
    Buffer.from(claim.fingerprint, "hex"),
    seq,
    now + IDEMPOTENCY_TTL_MS,
  );
}

// For surface `pauses`, `event_seq` is a pause's sequence: the tables of older versions have this column name.
export function tableOfKeys(name: string): string {
  return `
    CREATE TABLE IF NOT EXISTS ${name} (
      tenant_seq  INTEGER NOT NULL,
      surface     TEXT NOT NULL,
      key_hash    BLOB NOT NULL,
      fingerprint BLOB NOT NULL,
      event_seq   INTEGER NOT NULL,
      expires_at  INTEGER NOT NULL,
      PRIMARY KEY (tenant_seq, surface, key_hash)
    ) STRICT, WITHOUT ROWID`;
}

function createDay(w: Writing, day: number): void {
  w.exec(tableOfKeys(`idempotency_${day}`));
  w.memory.idempotencyDays.add(day);
}

/**
 * Delete at most `rowsMax` keys of days on which no key is still valid. A table is dropped once it is empty: dropping
 * one with ten million rows would stop the writer for two seconds. Returns how many keys were deleted; fewer than
 * `rowsMax` when nothing is left to delete.
 */
export function dropForgottenDays(w: Writing, now: EpochMs, rowsMax: number): number {
  let deleted = 0;
  for (const day of w.memory.idempotencyDays) {
    if (day >= dayOf(now) - DAYS_REMEMBERED) continue;
    deleted += deleteKeys(w, day, rowsMax - deleted);
    if (deleted >= rowsMax) return deleted;
    w.exec(`DROP TABLE IF EXISTS idempotency_${day}`);
    w.memory.idempotencyDays.delete(day);
  }
  return deleted;
}

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

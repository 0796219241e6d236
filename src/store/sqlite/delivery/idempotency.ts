/**
 * Idempotency keys, in one table per day, so that forgetting looks at no key that is still remembered.
 */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { IDEMPOTENCY_TTL_MS } from "../../../domain/limits.ts";
import type { IdempotencyClaim } from "../../../ports/store.ts";
import type { Writing } from "../writing.ts";

const DAY_MS = 86_400_000;
/** A key made on one day can be asked for on this many days after it. */
const DAYS_REMEMBERED = Math.ceil(IDEMPOTENCY_TTL_MS / DAY_MS);

const dayOf = (time: EpochMs): number => Math.floor(time / DAY_MS);

export interface RememberedKey {
  readonly fingerprint: string;
  /** The event or pause that was made with it: its surface says which. */
  readonly seq: Seq;
}

/** What the key was used for, if it is still remembered. */
export function findKey(w: Writing, tenantSeq: Seq, claim: IdempotencyClaim, now: EpochMs): RememberedKey | null {
  // From the day after: a time is taken before its commit is waited for, so that the first of two may be of tomorrow.
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
  w.prepare(`INSERT OR REPLACE INTO idempotency_${day} VALUES (?, ?, ?, ?, ?, ?)`).run(
    tenantSeq,
    claim.surface,
    Buffer.from(claim.keyHash, "hex"),
    Buffer.from(claim.fingerprint, "hex"),
    seq,
    now + IDEMPOTENCY_TTL_MS,
  );
}

// `event_seq` is a pause's on its surface: the tables that an older version made have this name.
function createDay(w: Writing, day: number): void {
  w.db.exec(`
    CREATE TABLE IF NOT EXISTS idempotency_${day} (
      tenant_seq  INTEGER NOT NULL,
      surface     TEXT NOT NULL,
      key_hash    BLOB NOT NULL,
      fingerprint BLOB NOT NULL,
      event_seq   INTEGER NOT NULL,
      expires_at  INTEGER NOT NULL,
      PRIMARY KEY (tenant_seq, surface, key_hash)
    ) STRICT, WITHOUT ROWID`);
  w.memory.idempotencyDays.add(day);
}

/**
 * Forget the keys of days on which none can still be asked for: at most `rowsMax` of them, since dropping a table of
 * ten million would stop the writer for two seconds; a table goes when it is empty. Answers how many keys went: fewer
 * than `rowsMax` when nothing is left to forget.
 */
export function dropForgottenDays(w: Writing, now: EpochMs, rowsMax: number): number {
  let deleted = 0;
  for (const day of w.memory.idempotencyDays) {
    if (day >= dayOf(now) - DAYS_REMEMBERED) continue;
    deleted += deleteKeys(w, day, rowsMax - deleted);
    if (deleted >= rowsMax) return deleted;
    w.db.exec(`DROP TABLE IF EXISTS idempotency_${day}`);
    w.memory.idempotencyDays.delete(day);
  }
  return deleted;
}

/** In order of the primary key, which is the table: whole pages become free one after the other. */
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

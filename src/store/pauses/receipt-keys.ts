/** listReceiptKeys and rotateReceiptKey: the keys that sign receipts. The vault has them, and the store their times. */
import type { Actor } from "../../domain/access/access.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { RECEIPT_KEYS_COUNT_MAX } from "../../domain/limits.ts";
import type { ReceiptKey, RotateReceiptKeyResult } from "../../ports/store.ts";
import { audit } from "../access/audit.ts";
import { all, one, type ReadConnection } from "../read-connection.ts";
import type { SigningKey } from "../vault.ts";
import type { Writing } from "../writing.ts";

interface Rotation {
  readonly generation: number;
  readonly created_at: EpochMs;
}

// By primary key.
const LATEST = "SELECT generation, created_at FROM receipt_keys ORDER BY generation DESC LIMIT 1";
const ROTATIONS = "SELECT generation, created_at FROM receipt_keys ORDER BY generation DESC";
const FIRST_TENANT = "SELECT created_at FROM tenants WHERE seq > 0 ORDER BY seq LIMIT 1";
const INSERT = "INSERT INTO receipt_keys (generation, created_at) VALUES (?, ?)";

/** The first key has no row. */
function latest(connection: ReadConnection): Rotation {
  return one<Rotation>(connection, LATEST) ?? { generation: 1, created_at: firstTenantAt(connection) };
}

function firstTenantAt(connection: ReadConnection): EpochMs {
  return one<{ created_at: EpochMs }>(connection, FIRST_TENANT)?.created_at ?? 0;
}

/** The key that signs the receipts of decisions in this transaction. */
export function currentReceiptKey(w: Writing): SigningKey {
  return w.vault.receiptKey(latest(w).generation);
}

/** The newest key first. */
export function listReceiptKeys(connection: ReadConnection): readonly ReceiptKey[] {
  const first = { generation: 1, created_at: firstTenantAt(connection) };
  const rotations = [...all<Rotation>(connection, ROTATIONS), first];
  return rotations.map(({ generation, created_at }, index) => {
    const { id, publicKey } = connection.vault.receiptKey(generation);
    return { id, publicKey, createdAt: created_at, retiredAt: rotations[index - 1]?.created_at ?? null };
  });
}

export interface RotateReceiptKey {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly now: EpochMs;
}

export function rotateReceiptKey(w: Writing, { actor, tenantSeq, now }: RotateReceiptKey): RotateReceiptKeyResult {
  const before = latest(w);
  if (before.generation >= RECEIPT_KEYS_COUNT_MAX) return { kind: "tooMany" };
  const generation = before.generation + 1;
  // The clock of another node may be ahead.
  const createdAt = Math.max(now, before.created_at);
  w.prepare(INSERT).run(generation, createdAt);
  const { id, publicKey } = w.vault.receiptKey(generation);
  const data = { receipt_key: id, previous_receipt_key: w.vault.receiptKey(before.generation).id };
  audit(w, { tenantSeq, actor, type: "receipt_key.rotated", data, now });
  return { kind: "rotated", key: { id, publicKey, createdAt, retiredAt: null } };
}

/** Detects repeats: digests of what was received and verified, with the result of the first request. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { TransitionDirection } from "../../domain/inbound/pause-status.ts";
import { all } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { DIRECTION } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";

export interface Remembered {
  /** The id of the record. */
  readonly id: Uuid;
  readonly direction: TransitionDirection | null;
  readonly eventId: Uuid | null;
}

export interface DigestOfSource {
  readonly sourceSeq: Seq;
  /** Hexadecimal. */
  readonly digest: string;
}

interface DigestColumns {
  readonly source_seq: Seq;
  readonly digest: Uint8Array;
  readonly inbound_id: Uint8Array;
  readonly direction: number | null;
  readonly event_id: Uint8Array | null;
}

/** The largest part of a digest that is a safe integer. */
const HEAD_BYTES = 6;

const FIND = `
  SELECT source_seq, digest, inbound_id, direction, event_id
  FROM inbound_digests INDEXED BY inbound_digests_by_head
  WHERE head = ?`;

// No unique index prevents a second row of a digest. The transaction of this verb does, since there is one writer.
export function findDigest(w: Writing, { sourceSeq, digest }: DigestOfSource): Remembered | null {
  const whole = Buffer.from(digest, "hex");
  const row = all<DigestColumns>(w, FIND, headOf(whole)).find(
    (each) => each.source_seq === sourceSeq && whole.equals(each.digest),
  );
  if (row === undefined) return null;
  return {
    id: uuidText(row.inbound_id),
    direction: row.direction === null ? null : DIRECTION.name(row.direction),
    eventId: row.event_id === null ? null : uuidText(row.event_id),
  };
}

const INSERT = `
  INSERT INTO inbound_digests (head, source_seq, digest, inbound_id, direction, event_id, remembered_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

export function rememberDigest(w: Writing, of: DigestOfSource, first: Remembered, now: EpochMs): void {
  const digest = Buffer.from(of.digest, "hex");
  w.prepare(INSERT).run(
    headOf(digest),
    of.sourceSeq,
    digest,
    uuidBytes(first.id),
    first.direction === null ? null : DIRECTION.number(first.direction),
    first.eventId === null ? null : uuidBytes(first.eventId),
    now,
  );
}

function headOf(digest: Buffer): number {
  return digest.readUIntBE(0, HEAD_BYTES);
}

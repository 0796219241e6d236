/**
 * What another process or node changed. SQLite's `data_version`, or the number of the turn, shows that another process has
 * committed something. The command line, and every node that shares the store, record what they change in the same
 * transaction.
 */
import type { Seq } from "../../domain/ids.ts";
import { FOREIGN_CHANGES_KEPT_COUNT } from "../../domain/limits.ts";
import type { Change, Changes } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, insert, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";

/** `anything` is what a reader concludes by itself. */
export type NotedChange = Exclude<Change, { readonly kind: "anything" }>;

const NOTE = "INSERT INTO foreign_changes (kind, tenant_seq, subject, node) VALUES (?, ?, ?, ?) RETURNING seq";
const DROP_OLD = "DELETE FROM foreign_changes WHERE seq <= ?";

/** Record a change, in its own transaction. */
export function noteForeignChange(w: Writing, change: NotedChange): void {
  const tenantSeq = "tenantSeq" in change ? change.tenantSeq : null;
  const seq = insert(w, NOTE, change.kind, tenantSeq, subjectOf(change), w.self.node);
  w.prepare(DROP_OLD).run(seq - FOREIGN_CHANGES_KEPT_COUNT);
  w.mode.noted = true;
}

function subjectOf(change: NotedChange): Uint8Array | null {
  if (change.kind === "pause") return uuidBytes(change.id);
  if (change.kind !== "cancel") return null;
  const subject = Buffer.alloc(16);
  subject.writeBigInt64BE(BigInt(change.endpointSeq), 0);
  subject.writeBigInt64BE(BigInt(change.deliverySeq), 8);
  return subject;
}

function cancelOf(subject: Uint8Array): NotedChange {
  const { buffer, byteOffset } = subject;
  const view = new DataView(buffer, byteOffset);
  const [endpointSeq, deliverySeq] = [Number(view.getBigInt64(0)), Number(view.getBigInt64(8))];
  return { kind: "cancel", endpointSeq, deliverySeq };
}

const SINCE = `
  SELECT seq, kind, tenant_seq, subject, node
  FROM foreign_changes
  WHERE seq > ?
  ORDER BY seq`;

interface Row {
  readonly seq: Seq;
  readonly kind: string;
  readonly tenant_seq: Seq | null;
  readonly subject: Uint8Array | null;
  /** The node that made the change. 0: the command line. */
  readonly node: number;
}

type Recorded = Pick<Changes, "changes" | "mark">;

/** A mark is the `data_version` and the sequence of the latest recorded change. */
export function changesSince(w: Writing, mark: string | null): Changes {
  return { ...outsideSince(w, mark), lanes: [], nextReadyAt: null, nextPauseAt: null };
}

function outsideSince(w: Writing, mark: string | null): Recorded {
  const version = w.outsideVersion();
  const [versionBefore, seqBefore = 0] = (mark ?? "").split(" ").map(Number);
  if (mark !== null && version === versionBefore) return { changes: [], mark };
  const rows = all<Row>(w, SINCE, seqBefore);
  const last = rows.at(-1)?.seq ?? seqBefore;
  return { changes: mark === null ? [] : changesOf(rows, seqBefore), mark: `${version} ${last}` };
}

/** Without a row, the other process recorded nothing. With a gap, rows were deleted before they were read. */
function changesOf(rows: readonly Row[], seqBefore: Seq): readonly Change[] {
  return rows[0]?.seq === seqBefore + 1 ? rows.map(changeOf) : [{ kind: "anything" }];
}

const LATEST = "SELECT coalesce(max(seq), 0) AS seq FROM foreign_changes";

const TIMELINE = "SELECT since FROM turn";

/** The same where all writers record what they change. A mark is the timeline and the sequence of the latest record. */
export function recordedSince(connection: Connection, node: number, mark: string | null): Recorded {
  const since = one<{ since: number }>(connection, TIMELINE)?.since ?? 0;
  const [sinceBefore, seqBefore = 0] = (mark ?? "").split(" ").map(Number);
  if (mark === null || since !== sinceBefore) {
    const latest = one<{ seq: Seq }>(connection, LATEST)?.seq ?? 0;
    return { changes: mark === null ? [] : [{ kind: "anything" }], mark: `${since} ${latest}` };
  }
  const rows = all<Row>(connection, SINCE, seqBefore);
  const last = rows.at(-1)?.seq;
  if (last === undefined) return { changes: [], mark };
  const foreign = rows.filter((row) => row.node !== node);
  const isComplete = rows[0]?.seq === seqBefore + 1;
  return { changes: isComplete ? foreign.map(changeOf) : [{ kind: "anything" }], mark: `${since} ${last}` };
}

function changeOf({ kind, tenant_seq: tenantSeq, subject }: Row): Change {
  switch (kind) {
    case "keys":
    case "sessions":
    case "sources":
    case "jobs":
    case "reports":
      return { kind };
    case "quotas":
    case "endpoints":
      return tenantSeq === null ? { kind: "anything" } : { kind, tenantSeq };
    case "pause":
      return subject === null ? { kind: "anything" } : { kind, id: uuidText(subject) };
    case "cancel":
      return subject === null ? { kind: "anything" } : cancelOf(subject);
    default:
      return { kind: "anything" };
  }
}

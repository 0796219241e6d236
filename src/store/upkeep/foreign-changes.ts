/**
 * What another process changed. SQLite's `data_version` shows that another process has committed something. The command
 * line records what it changes, in the same transaction.
 */
import type { Seq } from "../../domain/ids.ts";
import { FOREIGN_CHANGES_KEPT_COUNT } from "../../domain/limits.ts";
import type { Change, Changes } from "../../ports/store.ts";
import { all, insert } from "../read-connection.ts";
import type { Writing } from "../writing.ts";

/** The changes that the command line can make. */
export type NotedChange = Extract<Change, { readonly kind: "keys" | "sessions" | "quotas" }>;

const NOTE = "INSERT INTO foreign_changes (kind, tenant_seq) VALUES (?, ?) RETURNING seq";
const DROP_OLD = "DELETE FROM foreign_changes WHERE seq <= ?";

/** Record a change, in its own transaction. */
export function noteForeignChange(w: Writing, change: NotedChange): void {
  const seq = insert(w, NOTE, change.kind, "tenantSeq" in change ? change.tenantSeq : null);
  w.prepare(DROP_OLD).run(seq - FOREIGN_CHANGES_KEPT_COUNT);
}

const SINCE = `
  SELECT seq, kind, tenant_seq
  FROM foreign_changes
  WHERE seq > ?
  ORDER BY seq`;

interface Row {
  readonly seq: Seq;
  readonly kind: string;
  readonly tenant_seq: Seq | null;
}

/** A mark is the `data_version` and the sequence of the latest recorded change. */
export function changesSince(w: Writing, mark: string | null): Changes {
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

function changeOf({ kind, tenant_seq: tenantSeq }: Row): Change {
  if (kind === "quotas" && tenantSeq !== null) return { kind, tenantSeq };
  return kind === "keys" || kind === "sessions" ? { kind } : { kind: "anything" };
}

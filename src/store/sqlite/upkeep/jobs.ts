/**
 * Background jobs: changes of too many rows for one transaction. They run in steps, with a stored cursor.
 *
 * `recover.ts` has the steps of recover. The steps that cancel the backlog of a deleted endpoint are here.
 */
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import { JOB_STEP_ROWS } from "../../../domain/limits.ts";
import type { Job, JobStep, StartRecover } from "../../../ports/store.ts";
import { uuidBytes, uuidText } from "../../rows.ts";
import { audit } from "../access/audit.ts";
import { type RecoverCursor, recoverCursor, type Step, stepRecover } from "../delivery/recover.ts";
import { each } from "../group.ts";
import { noteChanged } from "../history/ledger/note.ts";
import { all, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";

interface CancelCursor {
  readonly endpointSeq: Seq;
}

// ── Start ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const ENDPOINT = "SELECT seq FROM endpoints WHERE id = ? AND tenant_seq = ? AND deleted_at IS NULL";

export function startRecover(w: Writing, request: StartRecover): Uuid | null {
  const endpoint = one<{ seq: Seq }>(w, ENDPOINT, uuidBytes(request.endpointId), request.tenantSeq);
  if (endpoint === undefined) return null;
  const { actor, tenantSeq, endpointId, jobId, now } = request;
  const cursor = recoverCursor(w, endpoint.seq, request.since);
  insertJob(w, { id: jobId, tenantSeq, kind: "recover", cursor, now });
  audit(w, { tenantSeq, actor, type: "webhook.recovered", subject: endpointId, data: { endpointId, jobId }, now });
  return jobId;
}

const ANYTHING_WAITS = "SELECT 1 FROM deliveries WHERE endpoint_seq = ? AND state < 2 LIMIT 1";

/**
 * Start the job that marks as CANCELLED what waits for a deleted endpoint. Leased deliveries need no job: settle,
 * release and the next start (`nodes.ts`) end them when they find that the endpoint is deleted.
 */
export function startCancelBacklog(w: Writing, tenantSeq: Seq, endpointSeq: Seq, now: EpochMs): void {
  if (one(w, ANYTHING_WAITS, endpointSeq) === undefined) return;
  const cursor: CancelCursor = { endpointSeq };
  insertJob(w, { id: w.newId(), tenantSeq, kind: "cancel_backlog", cursor, now });
}

interface NewJob {
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly kind: Job["kind"];
  readonly cursor: RecoverCursor | CancelCursor;
  readonly now: EpochMs;
}

// A call that is repeated after an ambiguous answer starts no second job.
const INSERT = `
  INSERT INTO jobs (id, tenant_seq, kind, cursor, created_at)
  VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO NOTHING`;

function insertJob(w: Writing, { id, tenantSeq, kind, cursor, now }: NewJob): void {
  w.prepare(INSERT).run(uuidBytes(id), tenantSeq, kind, JSON.stringify(cursor), now);
}

// ── Step ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// Served by jobs_running.
const OLDEST = `
  SELECT seq, id, kind, cursor
  FROM jobs
  WHERE finished_at IS NULL AND lower(hex(id)) NOT IN (SELECT value FROM json_each(?))
  ORDER BY seq
  LIMIT 1`;
const ADVANCE = `
  UPDATE jobs
  SET cursor = coalesce(?, cursor), done = done + ?, finished_at = ?
  WHERE seq = ?`;

interface Running {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly kind: Job["kind"];
  readonly cursor: string;
}

export function stepJob(w: Writing, now: EpochMs, passOver: readonly Uuid[] = []): JobStep {
  const passedOver = JSON.stringify(passOver.map((id) => id.replaceAll("-", "")));
  const job = one<Running>(w, OLDEST, passedOver);
  if (job === undefined) return { idle: true, woken: [], failed: null };
  // Run as an element of an array verb, so that a failing step is rolled back alone and the job's id is known.
  const [result] = each(w, [job], (running) => advance(w, running, now));
  if (result === undefined || "kind" in result) {
    return { idle: false, woken: [], failed: { jobId: uuidText(job.id), message: result?.message ?? "" } };
  }
  return { idle: false, woken: result.woken, failed: null };
}

function advance(w: Writing, job: Running, now: EpochMs): Pick<JobStep, "woken"> {
  const { changed, woken, next } = step(w, job, now);
  w.prepare(ADVANCE).run(next === null ? null : JSON.stringify(next), changed, next === null ? now : null, job.seq);
  return { woken };
}

function step(w: Writing, job: Running, now: EpochMs): Step<RecoverCursor | CancelCursor> {
  switch (job.kind) {
    case "recover":
      return stepRecover(w, JSON.parse(job.cursor) as RecoverCursor, now);
    case "cancel_backlog":
      return stepCancelBacklog(w, JSON.parse(job.cursor) as CancelCursor);
  }
}

// Served by deliveries_waiting.
const CANCEL = `
  UPDATE deliveries
  SET state = 5, reason = 'endpoint_deleted', ended_at = ?
  WHERE seq IN (
    SELECT seq
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2
    LIMIT ?)
  RETURNING seq`;

function stepCancelBacklog(w: Writing, cursor: CancelCursor): Step<CancelCursor> {
  const { endpointSeq } = cursor;
  const endpoint = one<{ tenant_seq: Seq; deleted_at: EpochMs }>(
    w,
    "SELECT tenant_seq, deleted_at FROM endpoints WHERE seq = ? AND deleted_at IS NOT NULL",
    endpointSeq,
  );
  if (endpoint === undefined) return { changed: 0, woken: [], next: null };
  const at = endpoint.deleted_at;
  const cancelled = all<{ seq: Seq }>(w, CANCEL, at, endpointSeq, JOB_STEP_ROWS);
  for (const { seq } of cancelled) {
    noteChanged(w, endpoint.tenant_seq, seq);
    w.counters.ended({ tenantSeq: endpoint.tenant_seq, endpointSeq, at }, "failed");
  }
  const changed = cancelled.length;
  return { changed, woken: [], next: changed < JOB_STEP_ROWS ? null : cursor };
}

/**
 * Background jobs: changes of too many rows for one transaction. They run in steps, with a stored cursor.
 *
 * `recover.ts` has the steps of recover. The steps that cancel the backlog of a deleted endpoint are here.
 */

import type { Actor } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { BULK_JOBS_OF_TENANT_COUNT_MAX, JOB_STEP_ROWS } from "../../domain/limits.ts";
import { isAsShown } from "../../domain/pauses/act.ts";
import type { JobKind } from "../../domain/upkeep/job.ts";
import type {
  BulkStep,
  BulkStepped,
  BulkTarget,
  JobProgress,
  JobStep,
  JobVerbs,
  LedgerFilter,
  StartBulk,
  StartRecover,
} from "../../ports/store.ts";
import { audit } from "../access/audit.ts";
import { changeBulk } from "../delivery/bulk.ts";
import { type RecoverCursor, recoverCursor, type Step, stepRecover } from "../delivery/recover.ts";
import { loadEndpoint } from "../endpoints/endpoint-rows.ts";
import { each } from "../group.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";

const SECOND_MS = 1000;

interface CancelCursor {
  readonly endpointSeq: Seq;
}

interface BulkCursor {
  readonly target: BulkTarget;
  readonly after: Seq;
}

// ── Start ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const ENDPOINT = "SELECT seq FROM endpoints WHERE id = ? AND tenant_seq = ? AND deleted_at IS NULL";

export function startRecover(w: Writing, request: StartRecover): Uuid | null {
  const endpoint = one<{ seq: Seq }>(w, ENDPOINT, uuidBytes(request.endpointId), request.tenantSeq);
  if (endpoint === undefined) return null;
  const { actor, jobId, tenantSeq, endpointId, shown, now } = request;
  if (shown !== undefined && !isAsShown(loadEndpoint(w, endpoint.seq), shown)) return null;
  const cursor = recoverCursor(w, endpoint.seq, request.since);
  insertJob(w, { id: jobId, tenantSeq, kind: "recover", cursor, endpointSeq: endpoint.seq, actor, now });
  audit(w, { tenantSeq, actor, type: "webhook.recovered", subject: endpointId, data: { endpointId, jobId }, now });
  return jobId;
}

const ANYTHING_WAITS = "SELECT 1 FROM deliveries WHERE endpoint_seq = ? AND state < 2 LIMIT 1";

/**
 * Start the job that marks as CANCELLED what waits for a deleted endpoint. Leased deliveries need no job: settle,
 * release and the next start (`nodes.ts`) end them when they find that the endpoint is deleted.
 */
export function startCancelBacklog(
  w: Writing,
  { tenantSeq, endpointSeq, actor, now }: Pick<NewJob, "tenantSeq" | "actor" | "now"> & CancelCursor,
): void {
  if (one(w, ANYTHING_WAITS, endpointSeq) === undefined) return;
  const cursor: CancelCursor = { endpointSeq };
  insertJob(w, { id: w.newId(), tenantSeq, kind: "cancel_backlog", cursor, endpointSeq, actor, now });
}

// Served by jobs_running. No more jobs run than this rule and deleted endpoints allow.
const RUNNING_BULK = `
  SELECT count(*) AS count
  FROM jobs INDEXED BY jobs_running
  WHERE finished_at IS NULL AND tenant_seq = ? AND kind LIKE 'bulk\\_%' ESCAPE '\\' AND id <> ?`;

export function startBulk(w: Writing, request: StartBulk): "started" | "tooMany" {
  const { actor, jobId: id, target, total, perSecond, now } = request;
  const { tenantSeq } = target.filter;
  const running = one<{ count: number }>(w, RUNNING_BULK, tenantSeq, uuidBytes(id))?.count ?? 0;
  if (running >= BULK_JOBS_OF_TENANT_COUNT_MAX) return "tooMany";
  const cursor: BulkCursor = { target, after: 0 };
  const endpointSeq = onlyEndpoint(w, target.filter);
  const isNew = insertJob(w, {
    id,
    tenantSeq,
    kind: `bulk_${target.action}`,
    cursor,
    endpointSeq,
    actor,
    total,
    perSecond,
    now,
  });
  const data = { action: target.action, count: String(total) };
  if (isNew) audit(w, { tenantSeq, actor, type: "job.started", subject: id, data, now });
  return "started";
}

function onlyEndpoint(w: Writing, { endpointIds }: LedgerFilter): Seq | null {
  const [id, ...others] = endpointIds ?? [];
  if (id === undefined || others.length > 0) return null;
  return one<{ seq: Seq }>(w, "SELECT seq FROM endpoints WHERE id = ?", uuidBytes(id))?.seq ?? null;
}

interface NewJob {
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  readonly kind: JobKind;
  readonly cursor: RecoverCursor | CancelCursor | BulkCursor;
  readonly endpointSeq: Seq | null;
  readonly actor: Actor;
  readonly total?: number;
  readonly perSecond?: number | null;
  readonly now: EpochMs;
}

// A call that is repeated after an ambiguous result starts no second job.
const INSERT = `
  INSERT INTO jobs
    (id, tenant_seq, kind, cursor, endpoint_seq, actor_kind, actor_id, total, per_second, next_at, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO NOTHING`;

/** Returns false for a repeated call. */
function insertJob(w: Writing, job: NewJob): boolean {
  const { id, tenantSeq, kind, cursor, endpointSeq, actor, total = null, perSecond = null, now } = job;
  const { changes } = w
    .prepare(INSERT)
    .run(
      uuidBytes(id),
      tenantSeq,
      kind,
      JSON.stringify(cursor),
      endpointSeq,
      actor.kind,
      uuidBytes(actor.id),
      total,
      perSecond,
      now,
      now,
    );
  return changes === 1;
}

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const STATE = "SELECT seq, kind, finished_at FROM jobs WHERE id = ? AND tenant_seq = ?";
const END = "UPDATE jobs SET finished_at = ?, cancelled = 1 WHERE seq = ?";

export function cancelJob(
  w: Writing,
  { actor, tenantSeq, id, now }: Parameters<JobVerbs["cancelJob"]>[0],
): "cancelled" | "ended" | "mustEnd" | "unknown" {
  type Row = { readonly seq: Seq; readonly kind: JobKind; readonly finished_at: EpochMs | null };
  const job = one<Row>(w, STATE, uuidBytes(id), tenantSeq);
  if (job === undefined) return "unknown";
  if (job.finished_at !== null) return "ended";
  if (job.kind === "cancel_backlog") return "mustEnd";
  w.prepare(END).run(now, job.seq);
  audit(w, { tenantSeq, actor, type: "job.cancelled", subject: id, data: {}, now });
  return "cancelled";
}

// ── Step ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const PROGRESS = `
  RETURNING tenant_seq, id, done, total, finished_at`;

interface ProgressColumns {
  readonly tenant_seq: Seq;
  readonly id: Uint8Array;
  readonly done: number;
  readonly total: number | null;
  readonly finished_at: EpochMs | null;
}

function progressOf(row: ProgressColumns | undefined): JobProgress {
  if (row === undefined) throw new Error("the job of a step is gone");
  const state = row.finished_at === null ? "running" : "done";
  return { tenantSeq: row.tenant_seq, jobId: uuidText(row.id), state, done: row.done, total: row.total };
}

// Served by jobs_running. Each step puts its job behind the others that can run.
const NEXT = `
  SELECT seq, id, kind, cursor, per_second
  FROM jobs
  WHERE finished_at IS NULL AND next_at <= ? AND lower(hex(id)) NOT IN (SELECT value FROM json_each(?))
  ORDER BY next_at, seq
  LIMIT 1`;
const NEXT_AT = "SELECT min(next_at) AS at FROM jobs WHERE finished_at IS NULL AND next_at > ?";
const ADVANCE = `
  UPDATE jobs
  SET cursor = coalesce(?, cursor), done = done + ?, finished_at = ?, next_at = ?
  WHERE seq = ?${PROGRESS}`;

interface Running {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly kind: JobKind;
  readonly cursor: string;
  readonly per_second: number | null;
}

const NOTHING = { idle: false, progress: null, nextAt: null, woken: [], bulk: null, failed: null } as const;

export function stepJob(w: Writing, now: EpochMs, passOver: readonly Uuid[] = []): JobStep {
  const passedOver = JSON.stringify(passOver.map((id) => id.replaceAll("-", "")));
  const job = one<Running>(w, NEXT, now, passedOver);
  if (job === undefined) {
    return { ...NOTHING, idle: true, nextAt: one<{ at: EpochMs | null }>(w, NEXT_AT, now)?.at ?? null };
  }
  // Run as an element of an array verb, so that a failing step is rolled back alone and the job's id is known.
  const [result] = each(w, [job], (running) => advance(w, running, now));
  if (result === undefined || "kind" in result) {
    return { ...NOTHING, failed: { jobId: uuidText(job.id), message: result?.message ?? "" } };
  }
  return { ...NOTHING, ...result };
}

function advance(w: Writing, job: Running, now: EpochMs): Pick<JobStep, "woken" | "bulk" | "progress"> {
  if (isBulk(job.kind)) return { woken: [], bulk: bulkStep(job), progress: null };
  const { changed, woken, next } = step(w, job as Running & { kind: OwnKind }, now);
  const cursor = next === null ? null : JSON.stringify(next);
  const progress = one<ProgressColumns>(w, ADVANCE, cursor, changed, next === null ? now : null, now, job.seq);
  return { woken, bulk: null, progress: progressOf(progress) };
}

type OwnKind = "recover" | "cancel_backlog";

function isBulk(kind: JobKind): boolean {
  return kind.startsWith("bulk_");
}

function step(w: Writing, job: Running & { kind: OwnKind }, now: EpochMs): Step<RecoverCursor | CancelCursor> {
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
    w.counters.ended({ tenantSeq: endpoint.tenant_seq, endpointSeq, at }, "CANCELLED");
  }
  const changed = cancelled.length;
  return { changed, woken: [], next: changed < JOB_STEP_ROWS ? null : cursor };
}

// ── Bulk actions ────────────────────────────────────────────────────────────────────────────────────────────────────

function bulkStep({ id, cursor, per_second: perSecond }: Running): BulkStep {
  const { target, after } = JSON.parse(cursor) as BulkCursor;
  return { jobId: uuidText(id), target, after, limit: Math.min(JOB_STEP_ROWS, perSecond ?? JOB_STEP_ROWS) };
}

const BULK = `
  SELECT seq, id, kind, cursor, per_second, done, total, failures, created_at
  FROM jobs
  WHERE id = ? AND finished_at IS NULL`;
const ADVANCE_BULK = `
  UPDATE jobs
  SET cursor = ?, done = ?, total = ?, failures = ?, finished_at = ?, next_at = ?
  WHERE seq = ?${PROGRESS}`;

interface RunningBulk extends Running {
  readonly done: number;
  readonly total: number;
  readonly failures: string;
  readonly created_at: EpochMs;
}

const NOTHING_CHANGED: BulkStepped = { progress: null, woken: [], requested: [], failed: null };

export function stepBulk(w: Writing, bulk: BulkStep, found: readonly Seq[], now: EpochMs): BulkStepped {
  const job = one<RunningBulk>(w, BULK, uuidBytes(bulk.jobId));
  if (job === undefined || bulkStep(job).after !== bulk.after) return NOTHING_CHANGED;
  const [result] = each(w, [job], (running) => advanceBulk(w, running, { bulk, found, now }));
  if (result === undefined || "kind" in result) {
    return { ...NOTHING_CHANGED, failed: { jobId: bulk.jobId, message: result?.message ?? "" } };
  }
  return { ...NOTHING_CHANGED, ...result };
}

interface Found {
  readonly bulk: BulkStep;
  readonly found: readonly Seq[];
  readonly now: EpochMs;
}

function advanceBulk(w: Writing, job: RunningBulk, { bulk, found, now }: Found) {
  const { target, after, limit } = bulk;
  const { changed, failures, woken, requested } = changeBulk(w, target, found, { startedAt: job.created_at, now });
  const done = job.done + changed;
  const failed = addUp(JSON.parse(job.failures) as Record<string, number>, failures);
  const isEnd = found.length < limit;
  const handled = done + sum(failed);
  // Counted, but changed by somebody else before its step.
  if (isEnd && handled < job.total) failed.changed = (failed.changed ?? 0) + job.total - handled;
  const cursor: BulkCursor = { target, after: found.at(-1) ?? after };
  const waitMs = job.per_second === null ? 0 : Math.ceil((found.length * SECOND_MS) / job.per_second);
  const total = Math.max(job.total, handled);
  const progress = one<ProgressColumns>(
    w,
    ADVANCE_BULK,
    JSON.stringify(cursor),
    done,
    total,
    JSON.stringify(failed),
    isEnd ? now : null,
    now + waitMs,
    job.seq,
  );
  return { woken, requested, progress: progressOf(progress) };
}

function addUp(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const result: Record<string, number> = { ...a };
  for (const [reason, count] of Object.entries(b)) result[reason] = (result[reason] ?? 0) + count;
  return result;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

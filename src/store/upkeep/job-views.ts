/** getJob, listJobs: jobs as people see them. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { JobKind } from "../../domain/upkeep/job.ts";
import type { Cursor, Job, JobActor, JobFilter } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { nextCursor, seqBefore } from "../cursors.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";

const FIELDS = `
    j.seq, j.id, j.kind, j.done, j.total, j.failures, j.per_second, e.id AS endpoint_id, j.actor_kind, j.actor_id,
    coalesce(k.name, u.email) AS actor_name, j.cancelled, j.created_at, j.finished_at`;
const JOINS = `
  LEFT JOIN endpoints e ON e.seq = j.endpoint_seq
  LEFT JOIN keys k ON j.actor_kind = 'key' AND k.id = j.actor_id
  LEFT JOIN users u ON j.actor_kind = 'user' AND u.id = j.actor_id`;

interface Columns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly kind: JobKind;
  readonly done: number;
  readonly total: number | null;
  readonly failures: string;
  readonly per_second: number | null;
  readonly endpoint_id: Uint8Array | null;
  readonly actor_kind: JobActor["kind"] | null;
  readonly actor_id: Uint8Array | null;
  readonly actor_name: string | null;
  readonly cancelled: number;
  readonly created_at: EpochMs;
  readonly finished_at: EpochMs | null;
}

const ONE = `
  SELECT ${FIELDS}
  FROM jobs j ${JOINS}
  WHERE j.id = ? AND j.tenant_seq = ?`;

export function getJob(connection: Connection, tenantSeq: Seq, id: Uuid): Job | null {
  const row = one<Columns>(connection, ONE, uuidBytes(id), tenantSeq);
  return row === undefined ? null : toJob(row);
}

// Served by jobs_of_tenant. The inner query bounds the rows that are visited.
const PAGE = `
  SELECT seq
  FROM jobs INDEXED BY jobs_of_tenant
  WHERE tenant_seq = ? AND seq < ?
  ORDER BY seq DESC
  LIMIT ?`;
const JOB_STATE = `
  CASE
    WHEN j.finished_at IS NULL THEN 'running'
    WHEN j.cancelled = 1 THEN 'cancelled'
    ELSE 'done'
  END`;
const LIST = `
  SELECT ${FIELDS}
  FROM jobs j ${JOINS}
  WHERE j.seq IN (SELECT CAST(value AS INTEGER) FROM json_each(:seqs))
    AND j.kind = coalesce(:kind, j.kind)
    AND coalesce(:state, ${JOB_STATE}) = ${JOB_STATE}
  ORDER BY j.seq DESC
  LIMIT :limit`;

export function listJobs(
  connection: Connection,
  { tenantSeq, state, kind }: JobFilter,
  cursor: Cursor | null,
  limit: number,
): { jobs: readonly Job[]; next: Cursor | null } {
  const visited = all<{ seq: Seq }>(connection, PAGE, tenantSeq, seqBefore(cursor), LIST_ROWS_PER_STATEMENT);
  const seqs = JSON.stringify(visited.map(({ seq }) => seq));
  const rows = connection.prepare(LIST).all({ seqs, state, kind, limit: limit + 1 }) as unknown as Columns[];
  const shown = rows.slice(0, limit);
  const isFull = rows.length > limit;
  const next = nextCursor(isFull ? shown : visited, isFull || visited.length === LIST_ROWS_PER_STATEMENT);
  return { jobs: shown.map(toJob), next };
}

function toJob(row: Columns): Job {
  return {
    id: uuidText(row.id),
    kind: row.kind,
    state: row.finished_at === null ? "running" : row.cancelled === 1 ? "cancelled" : "done",
    done: row.done,
    total: row.total,
    failures: JSON.parse(row.failures) as Record<string, number>,
    perSecond: row.per_second,
    endpointId: row.endpoint_id === null ? null : uuidText(row.endpoint_id),
    by: actorOf(row),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

function actorOf({ actor_kind: kind, actor_id: id, actor_name: name }: Columns): JobActor | null {
  return kind === null || id === null ? null : { kind, id: uuidText(id), name };
}

/**
 * Retention: one verb for everything that is kept. A pass over all tables begins every hour and has limited steps. Its
 * progress is stored, so that a million old rows that may not be deleted yet are looked at once per pass and not once
 * per step.
 */

import { storedBytes } from "../../domain/access/quota.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import {
  ANALYTICS_HOURS_MAX,
  IDEMPOTENCY_TTL_MS,
  RETENTION_PASS_MS,
  RETENTION_STEP_KEYS,
  RETENTION_STEP_ROWS,
  RETENTION_STEP_VISITS,
} from "../../domain/limits.ts";
import type { SweepRequest, Wake } from "../../ports/store.ts";
import { dropForgottenDays } from "../delivery/idempotency.ts";
import { visitEndpoint } from "../endpoints/sweep-endpoints.ts";
import { keptInbound, keptInboundEvents, keptSources } from "../inbound/sweep.ts";
import { PAUSE_CONTENT_BYTES } from "../pauses/pauses.ts";
import { one } from "../read-connection.ts";
import { namesDeleted, type Writing } from "../writing.ts";
import { events } from "./sweep-events.ts";
import { type Ages, type Budget, type Kept, type Pass, passOver, type Visited } from "./sweep-table.ts";

/** A table whose rows are deleted when the time in column `when` is before the cutoff. A row without a time stays. */
function aging(name: string, when: string, order: "inOrderOfAge" | "inAnyOrder"): Kept<Aging> {
  return {
    name,
    page: `SELECT seq, ${when} AS at FROM ${name} WHERE seq > ? ORDER BY seq LIMIT ?`,
    visit(w, row, { cutoff }, budget) {
      if (row.at === null || row.at >= cutoff) return order === "inOrderOfAge" ? "end" : "next";
      w.prepare(`DELETE FROM ${name} WHERE seq = ?`).run(row.seq);
      budget.rows -= 1;
      return "next";
    },
  };
}

interface Aging {
  readonly seq: Seq;
  readonly at: EpochMs | null;
}

const pauses: Kept<KeptPause> = {
  name: "pauses",
  page: `
    SELECT seq, tenant_seq, created_at, ended_at, ${PAUSE_CONTENT_BYTES} AS content_bytes
    FROM pauses
    WHERE seq > ?
    ORDER BY seq
    LIMIT ?`,
  visit: visitPause,
};

interface KeptPause {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly created_at: EpochMs;
  readonly ended_at: EpochMs | null;
  readonly content_bytes: number;
}

/** A pending pause stays. An ended one stays at least as long as an idempotency key that may refer to it. */
function visitPause(w: Writing, pause: KeptPause, { now, cutoff }: Ages, budget: Budget): Visited {
  if (pause.ended_at === null || pause.ended_at >= cutoff) return "next";
  if (pause.created_at + IDEMPOTENCY_TTL_MS >= now) return "next";
  w.prepare("DELETE FROM pauses WHERE seq = ?").run(pause.seq);
  w.usage.addBytes(pause.tenant_seq, -storedBytes(pause.content_bytes, 1));
  budget.rows -= 1;
  return "next";
}

// A node stays until what it had leased was given back.
const GONE_NODES = `
  SELECT node AS seq, seen_at AS at
  FROM nodes
  WHERE node > ? AND gone_at IS NOT NULL AND is_void = 1
  ORDER BY node
  LIMIT ?`;

const nodes: Kept<Aging> = {
  name: "nodes",
  page: GONE_NODES,
  visit(w, row, { cutoff }, budget) {
    if (row.at === null || row.at >= cutoff) return "next";
    w.prepare("DELETE FROM nodes WHERE node = ?").run(row.seq);
    budget.rows -= 1;
    return "next";
  },
};

// A range of the primary key of one tenant.
const deleteHours = (table: string, key: string) => `
  DELETE FROM ${table}
  WHERE tenant_seq = :tenant AND (hour, ${key}) IN (
    SELECT hour, ${key}
    FROM ${table}
    WHERE tenant_seq = :tenant AND hour < :cutoff
    ORDER BY hour, ${key}
    LIMIT :limit)`;

/** A table of statistics, whose key is the tenant, the hour and another column. */
function hourly(name: string, key: string): Kept<{ readonly seq: Seq }> {
  const sql = deleteHours(name, key);
  return {
    name,
    page: "SELECT seq FROM tenants WHERE seq > ? ORDER BY seq LIMIT ?",
    visit(w, tenant, { countersCutoff }, budget) {
      const limit = budget.rows;
      const { changes } = w.prepare(sql).run({ tenant: tenant.seq, cutoff: countersCutoff, limit });
      budget.rows -= Number(changes);
      return changes === limit ? "again" : "next";
    },
  };
}

const endpoints: Kept<Parameters<typeof visitEndpoint>[1]> = {
  name: "endpoints",
  page: `
    SELECT seq, status, url, disabled_at, updated_at, deleted_at, transport
    FROM endpoints
    WHERE seq > ?
    ORDER BY seq
    LIMIT ?`,
  visit: visitEndpoint,
};

// Served by deliveries_of_type and events_alone: an event has no deliveries, or its deliveries have its type as well.
const TYPE_IN_USE = `
  SELECT EXISTS (SELECT 1 FROM deliveries WHERE type_seq = :type)
      OR EXISTS (SELECT 1 FROM events WHERE type_seq = :type AND delivery_count = 0) AS used`;

// After the events: one that is half deleted has no deliveries left, but still its type.
const eventTypes: Kept<{ readonly seq: Seq }> = {
  name: "event_types",
  page: "SELECT seq FROM event_types WHERE seq > ? ORDER BY seq LIMIT ?",
  visit(w, type, _ages, budget) {
    if (w.prepare(TYPE_IN_USE).get({ type: type.seq })?.used !== 0) return "next";
    w.prepare("DELETE FROM event_types WHERE seq = ?").run(type.seq);
    namesDeleted(w);
    budget.rows -= 1;
    return "next";
  },
};

const forgottenKeys: Pass = {
  name: "idempotency",
  step(w, after, { now }, budget) {
    if (budget.rows <= 0) return after;
    const deleted = dropForgottenDays(w, now, RETENTION_STEP_KEYS);
    budget.rows -= deleted;
    return deleted < RETENTION_STEP_KEYS ? null : after;
  },
};

/** Everything that is kept, in the order of a pass. */
const KEPT: readonly Pass[] = [
  passOver(aging("audit", "created_at", "inOrderOfAge")),
  passOver(aging("jobs", "finished_at", "inAnyOrder")),
  passOver(aging("keys", "revoked_at", "inAnyOrder")),
  passOver(aging("sessions", "coalesce(ended_at, expires_at)", "inAnyOrder")),
  passOver(pauses),
  passOver(keptInbound),
  passOver(aging("inbound_digests", "remembered_at", "inOrderOfAge")),
  passOver(keptInboundEvents),
  passOver(keptSources),
  passOver(nodes),
  passOver(hourly("counters", "endpoint_seq")),
  passOver(hourly("attempt_tallies", "scope")),
  events,
  passOver(endpoints),
  passOver(eventTypes),
  forgottenKeys,
];

// ── The verb ────────────────────────────────────────────────────────────────────────────────────────────────────────

interface SweepProgress {
  /** When the pass began. */
  readonly startedAt: EpochMs;
  /** The table that the pass has reached; null when it has finished. */
  readonly table: string | null;
  readonly after: Seq;
}

interface Swept {
  readonly more: boolean;
  readonly deleted: number;
  readonly woken: readonly Wake[];
}

const HOUR_MS = 3_600_000;

export function sweep(w: Writing, { now, retentionMs }: SweepRequest): Swept {
  const progress = readProgress(w, now);
  if (progress === null) return { more: false, deleted: 0, woken: [] };
  const ages = {
    now,
    cutoff: now - retentionMs,
    countersCutoff: now - Math.max(retentionMs, ANALYTICS_HOURS_MAX * HOUR_MS),
  };
  const budget: Budget = {
    visits: RETENTION_STEP_VISITS,
    rows: RETENTION_STEP_ROWS,
    woken: [],
    highest: { event_seq_deleted: 0, delivery_seq_deleted: 0, attempt_seq_deleted: 0 },
  };
  const reached = go(w, progress, ages, budget);
  writeProgress(w, reached);
  for (const [name, seq] of Object.entries(budget.highest)) if (seq > 0) w.prepare(NOTE_DELETED).run(name, seq);
  return { more: reached.table !== null, deleted: RETENTION_STEP_ROWS - budget.rows, woken: budget.woken };
}

function go(w: Writing, from: SweepProgress, ages: Ages, budget: Budget): SweepProgress {
  let index = KEPT.findIndex(({ name }) => name === from.table);
  let { after } = from;
  for (let pass = KEPT[index]; pass !== undefined; pass = KEPT[index]) {
    const reached = pass.step(w, after, ages, budget);
    if (reached !== null) return { ...from, table: pass.name, after: reached };
    index += 1;
    after = 0;
  }
  return { ...from, table: null, after: 0 };
}

/** Where to continue; null when the next pass is not due yet. */
function readProgress(w: Writing, now: EpochMs): SweepProgress | null {
  const row = one<{ value: string }>(w, "SELECT value FROM meta WHERE name = 'sweep'");
  const last = row === undefined ? null : (JSON.parse(row.value) as SweepProgress);
  if (last !== null && KEPT.some(({ name }) => name === last.table)) return last;
  if (last !== null && now < last.startedAt + RETENTION_PASS_MS) return null;
  return { startedAt: now, table: KEPT[0]?.name ?? null, after: 0 };
}

const NOTE_DELETED = `
  INSERT INTO marks (name, value)
  VALUES (?, ?)
  ON CONFLICT (name) DO UPDATE SET value = max(marks.value, excluded.value)`;

const WRITE_PROGRESS = `
  INSERT INTO meta (name, value)
  VALUES ('sweep', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

function writeProgress(w: Writing, progress: SweepProgress): void {
  w.prepare(WRITE_PROGRESS).run(JSON.stringify(progress));
}

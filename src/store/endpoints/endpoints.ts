/**
 * The verbs that change endpoints. None of them changes a delivery: to hold, resume or delete an endpoint is one row,
 * however large the backlog is. Updating a million held rows one by one stopped the writer for 2.4 s.
 */

import type { Actor } from "../../domain/access/access.ts";
import { type QuotaExceeded, quotaExceeded } from "../../domain/access/quota.ts";
import { HEALTHY } from "../../domain/delivery/health.ts";
import {
  chosenStatus,
  type DisabledReason,
  type Endpoint,
  type EndpointSettings,
  type EndpointStatus,
} from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { isAsShown } from "../../domain/pauses/act.ts";
import type { CreateEndpoint, LaneState, PatchEndpoint } from "../../ports/store.ts";
import { audit, changesOf } from "../access/audit.ts";
import { isHeld, type LaneRow, laneState, refreshReadyAt, updateLane } from "../delivery/lane-rows.ts";
import { insert, one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { startCancelBacklog } from "../upkeep/jobs.ts";
import type { Writing } from "../writing.ts";
import { type MatchRule, rematch } from "./endpoint-filters.ts";
import { countEndpoints, loadEndpoint } from "./endpoint-rows.ts";

// ── Create ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const INSERT = `
  INSERT INTO endpoints
    (id, tenant_seq, made_by, name, url, description, event_types, format, headers_sealed, secret_sealed,
     timeout_seconds, retry_schedule_seconds, rate_limit_per_second, max_in_flight, ordered, transport, status,
     created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ACTIVE', ?, ?)
  RETURNING seq`;

export type CreatedEndpoint = { readonly kind: "created"; readonly endpoint: Endpoint } | QuotaExceeded;

export function createEndpoint(w: Writing, request: CreateEndpoint): CreatedEndpoint {
  const { actor, tenantSeq, id, settings, now } = request;
  const repeated = findEndpoint(w, tenantSeq, id);
  if (repeated !== null) return { kind: "created", endpoint: loadEndpoint(w, repeated) };
  const limit = w.usage.quotas(tenantSeq).endpoints;
  if (countEndpoints(w, tenantSeq) >= limit) return quotaExceeded("endpoints", limit);
  const seq = insert(
    w,
    INSERT,
    uuidBytes(id),
    tenantSeq,
    request.createdThrough,
    settings.name,
    settings.url,
    settings.description,
    filterText(settings.eventTypes),
    settings.format,
    w.vault.seal(JSON.stringify(settings.headers)),
    w.vault.seal(request.secret),
    settings.timeoutSeconds,
    JSON.stringify(settings.retryScheduleSeconds),
    settings.rateLimitPerSecond,
    settings.maxInFlight,
    settings.ordered ? 1 : 0,
    request.transport ?? "http",
    now,
    now,
  );
  w.prepare("INSERT INTO lanes (endpoint_seq, tenant_seq) VALUES (?, ?)").run(seq, tenantSeq);
  writeMatching(w, { tenantSeq, seq }, { status: "ACTIVE", event_types: filterText(settings.eventTypes) });
  raiseVersion(w, tenantSeq);
  const data = { endpointId: id, url: settings.url };
  audit(w, { tenantSeq, actor, type: "webhook.created", subject: id, data, now });
  return { kind: "created", endpoint: loadEndpoint(w, seq) };
}

const FIND = "SELECT seq FROM endpoints WHERE id = ? AND tenant_seq = ? AND deleted_at IS NULL";

/** The sequence of an endpoint of this tenant that is not deleted; null when there is none. */
export function findEndpoint(w: Writing, tenantSeq: Seq, id: Uuid): Seq | null {
  return one<{ seq: Seq }>(w, FIND, uuidBytes(id), tenantSeq)?.seq ?? null;
}

// ── Patch ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PatchedEndpoint {
  readonly endpoint: Endpoint;
  readonly lane: LaneState;
}

export function patchEndpoint(w: Writing, request: PatchEndpoint): PatchedEndpoint | null {
  const { settings = {}, secret, now } = request;
  const seq = findEndpoint(w, request.tenantSeq, request.id);
  if (seq === null) return null;
  const before = loadEndpoint(w, seq);
  if (request.shown !== undefined && !isAsShown(before, request.shown)) return null;
  const status = targetStatus(chosenStatus(before), request.status);
  const changesSettings = Object.keys(settings).length > 0;
  if (!changesSettings && secret === undefined && status === null) {
    return { endpoint: before, lane: laneState(w.lanes.get(seq), w.self.node) };
  }
  if (changesSettings) writeSettings(w, before, settings);
  if (secret !== undefined) writeSecret(w, seq, secret);
  if (status !== null) writeStatus(w, seq, status, request.disabledReason ?? "manual", now);
  const interrupts = status !== null || secret !== undefined || settings.url !== undefined;
  noteChange(w, seq, { interrupts, now });
  const endpoint = loadEndpoint(w, seq);
  auditPatch(w, request, before, endpoint);
  const lane = interrupts ? beginAfresh(w, seq, { moved: endpoint.url !== before.url, now }) : w.lanes.reload(seq);
  if (!interrupts) updateLane(lane, {}); // other nodes read the settings again when they see another revision
  return { endpoint, lane: laneState(lane, w.self.node) };
}

/** What the audit shows of an endpoint, by the API's names. */
function auditedOf(endpoint: Endpoint) {
  return {
    name: endpoint.name,
    url: endpoint.url,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    format: endpoint.format,
    timeout_seconds: endpoint.timeoutSeconds,
    retry_schedule_seconds: endpoint.retryScheduleSeconds,
    rate_limit_per_second: endpoint.rateLimitPerSecond,
    max_in_flight: endpoint.maxInFlight,
    ordered: endpoint.ordered,
    status: chosenStatus(endpoint),
  };
}

function auditPatch(w: Writing, request: PatchEndpoint, before: Endpoint, after: Endpoint): void {
  const { actor, tenantSeq, id, secret, now } = request;
  const changes = changesOf(auditedOf(before), auditedOf(after));
  const changed = Object.keys(auditedOf(after)).filter((name) => name in changes);
  // Their values may be secrets.
  if (JSON.stringify(before.headers) !== JSON.stringify(after.headers)) changed.push("headers_json");
  const entry = { tenantSeq, actor, subject: id, now };
  if (secret !== undefined) audit(w, { ...entry, type: "webhook.rotated", data: { endpointId: id } });
  if (changed.length === 0) return;
  const data = { endpointId: id, changed: changed.join(", "), status: chosenStatus(after), ...changes };
  audit(w, { ...entry, type: "webhook.updated", data });
}

function targetStatus(present: EndpointStatus, wanted: PatchEndpoint["status"]): EndpointStatus | null {
  if (wanted === "toggle") return present === "ACTIVE" ? "DISABLED" : "ACTIVE";
  return wanted ?? null;
}

/**
 * Change an endpoint's status, for a caller's PATCH and for automatic disabling. It changes the lane last, so that
 * other verbs can call it. Afterwards `w.lanes.get` returns another object.
 */
export function changeStatus(
  w: Writing,
  endpointSeq: Seq,
  status: EndpointStatus,
  reason: DisabledReason | null,
  now: EpochMs,
): void {
  writeStatus(w, endpointSeq, status, reason, now);
  noteChange(w, endpointSeq, { interrupts: true, now });
  beginAfresh(w, endpointSeq, { moved: false, now });
}

// Setting the same status again keeps its time and its reason. A listener to which nobody listens is not ACTIVE.
const UPDATE_STATUS = `
  UPDATE endpoints
  SET paused_at = CASE WHEN :status = 'PAUSED' THEN coalesce(paused_at, :now) END,
      disabled_at = CASE WHEN :status = 'DISABLED' THEN coalesce(disabled_at, :now) END,
      disabled_reason = CASE WHEN :status = 'DISABLED' THEN coalesce(disabled_reason, :reason) END,
      status = :stored
  WHERE seq = :seq`;
const HEARD = "SELECT 1 FROM listeners WHERE endpoint_seq = ? AND connection IS NOT NULL";

function writeStatus(w: Writing, seq: Seq, status: EndpointStatus, reason: DisabledReason | null, now: EpochMs): void {
  const isSilent = w.lanes.get(seq).streamed && one(w, HEARD, seq) === undefined;
  const stored = status === "ACTIVE" && isSilent ? "PAUSED" : status;
  w.prepare(UPDATE_STATUS).run({ seq, status, stored, reason: status === "DISABLED" ? reason : null, now });
}

const UPDATE_SETTINGS = `
  UPDATE endpoints
  SET name = ?, url = ?, description = ?, event_types = ?, format = ?, headers_sealed = coalesce(?, headers_sealed),
      timeout_seconds = ?, retry_schedule_seconds = ?, rate_limit_per_second = ?, max_in_flight = ?, ordered = ?
  WHERE seq = ?`;

function writeSettings(w: Writing, before: Endpoint, changes: Partial<EndpointSettings>): void {
  const after = { ...before, ...changes };
  w.prepare(UPDATE_SETTINGS).run(
    after.name,
    after.url,
    after.description,
    filterText(after.eventTypes),
    after.format,
    changes.headers === undefined ? null : w.vault.seal(JSON.stringify(changes.headers)),
    after.timeoutSeconds,
    JSON.stringify(after.retryScheduleSeconds),
    after.rateLimitPerSecond,
    after.maxInFlight,
    after.ordered ? 1 : 0,
    before.seq,
  );
}

const UPDATE_SECRET = `
  UPDATE endpoints
  SET previous_secret_sealed = CASE WHEN CAST(:until AS INTEGER) IS NOT NULL THEN secret_sealed END,
      previous_secret_until = :until,
      secret_sealed = :sealed
  WHERE seq = :seq`;

function writeSecret(w: Writing, seq: Seq, secret: NonNullable<PatchEndpoint["secret"]>): void {
  w.prepare(UPDATE_SECRET).run({ seq, sealed: w.vault.seal(secret.value), until: secret.previousUntil });
}

// ── Delete ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface DeleteEndpoint {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly now: EpochMs;
}

const ERASE = `
  UPDATE endpoints
  SET deleted_at = ?, headers_sealed = NULL, secret_sealed = NULL, previous_secret_sealed = NULL,
      previous_secret_until = NULL
  WHERE seq = ?`;

export function deleteEndpoint(w: Writing, { actor, tenantSeq, id, now }: DeleteEndpoint): LaneState | null {
  const seq = findEndpoint(w, tenantSeq, id);
  if (seq === null) return null;
  const { url } = loadEndpoint(w, seq);
  w.prepare(ERASE).run(now, seq);
  w.prepare("DELETE FROM listeners WHERE endpoint_seq = ?").run(seq);
  noteChange(w, seq, { interrupts: true, now });
  startCancelBacklog(w, { tenantSeq, endpointSeq: seq, actor, now });
  audit(w, { tenantSeq, actor, type: "webhook.deleted", subject: id, data: { endpointId: id, url }, now });
  const lane = beginAfresh(w, seq, { moved: false, now });
  freeHeldBytes(w, lane);
  return laneState(lane, w.self.node);
}

// ── Common to all changes ───────────────────────────────────────────────────────────────────────────────────────────

// Whether somebody listens makes no difference to which events a listener gets.
const NOTE = `
  UPDATE endpoints
  SET updated_at = coalesce(?, updated_at), generation = generation + ?
  WHERE seq = ?
  RETURNING tenant_seq, event_types,
    CASE
      WHEN deleted_at IS NOT NULL THEN 'DELETED'
      WHEN status = 'PAUSED' AND paused_at IS NULL THEN 'ACTIVE'
      ELSE status
    END AS status`;

interface Noted extends MatchRule {
  readonly tenant_seq: Seq;
}

interface EndpointChange {
  readonly interrupts: boolean;
  /** Null: it is not the settings that change. */
  readonly now: EpochMs | null;
}

/** After a change that interrupts, attempts in flight no longer affect the lane. */
export function noteChange(w: Writing, seq: Seq, change: EndpointChange): void {
  const noted = one<Noted>(w, NOTE, change.now, change.interrupts ? 1 : 0, seq);
  if (noted === undefined) throw new Error(`no endpoint ${seq}`);
  writeMatching(w, { tenantSeq: noted.tenant_seq, seq }, noted);
  raiseVersion(w, noted.tenant_seq);
}

const LAST_HISTORY = `
  SELECT status, event_types
  FROM endpoint_history
  WHERE endpoint_seq = ?
  ORDER BY after_event_seq DESC
  LIMIT 1`;
// Two changes between the same two events are one change for every event.
const WRITE_HISTORY = `
  INSERT INTO endpoint_history
  VALUES (?, ?, ?, ?)
  ON CONFLICT (endpoint_seq, after_event_seq) DO UPDATE SET status = excluded.status, event_types = excluded.event_types`;

/** Match later events with the endpoint as it is now, and note in its history from which event on this holds. */
function writeMatching(w: Writing, endpoint: { readonly tenantSeq: Seq; readonly seq: Seq }, now: MatchRule): void {
  const last = one<MatchRule>(w, LAST_HISTORY, endpoint.seq) ?? null;
  if (last !== null && last.status === now.status && last.event_types === now.event_types) return;
  w.prepare(WRITE_HISTORY).run(endpoint.seq, w.sequences.event - 1, now.status, now.event_types);
  rematch(w, endpoint, last, now);
}

function raiseVersion(w: Writing, tenantSeq: Seq): void {
  w.prepare("UPDATE tenants SET endpoint_version = endpoint_version + 1 WHERE seq = ?").run(tenantSeq);
  w.usage.endpointsChanged(tenantSeq);
}

function filterText(filters: readonly string[] | null): string | null {
  return filters === null ? null : JSON.stringify(filters);
}

// ── The lane ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Reset the lane after its endpoint was interrupted: it has no rest and no failure streak, and it is held or not as the
 * endpoint now says. A Retry-After of the receiver and the wait of an ordered lane stay: neither a pause nor a new
 * secret changes what the receiver can take. Only a new receiver (`moved`) does not inherit a Retry-After; it does
 * inherit the wait of an ordered lane, which is that of the retry schedule.
 */
export function beginAfresh(w: Writing, seq: Seq, how: { readonly moved: boolean; readonly now: EpochMs }): LaneRow {
  const lane = w.lanes.reload(seq);
  const waits = lane.waitUntil !== null && lane.waitUntil > how.now && (!how.moved || lane.ordered);
  updateLane(lane, { health: HEALTHY, waitUntil: waits ? lane.waitUntil : null });
  if (isHeld(lane)) updateLane(lane, { heldSince: lane.heldSince ?? how.now });
  else if (lane.heldSince !== null) resume(w, lane, lane.heldSince, how.now);
  refreshReadyAt(w, lane);
  return lane;
}

function resume(w: Writing, lane: LaneRow, heldSince: EpochMs, now: EpochMs): void {
  updateLane(lane, { heldSince: null, heldMs: lane.heldMs + Math.max(0, now - heldSince), activeSince: now });
  freeHeldBytes(w, lane);
}

/** The lane's held bytes no longer count against its tenant's limit. */
export function freeHeldBytes(w: Writing, lane: LaneRow): void {
  const ofTenant = w.memory.heldBytes.get(lane.tenantSeq);
  // The sum is changed, not dropped from memory: it would be read again before this lane is written.
  if (ofTenant !== undefined) w.memory.heldBytes.set(lane.tenantSeq, Math.max(0, ofTenant - lane.heldBytes));
  updateLane(lane, { heldBytes: 0, heldCount: 0 });
}

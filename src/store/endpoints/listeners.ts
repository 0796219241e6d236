/**
 * The verbs on listeners. A listener is an endpoint to which nobody posts: a program reads its deliveries from a stream.
 * While nobody does, the endpoint is PAUSED without a time at which a person paused it, so its lane is held like any other.
 */
import type { Actor } from "../../domain/access/access.ts";
import type { Endpoint, EndpointSettings } from "../../domain/endpoints/endpoint.ts";
import { listenerUrl } from "../../domain/endpoints/listener-url.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../../domain/ids.ts";
import {
  LISTENER_CANCELLED_COUNT,
  LISTENER_UNSEEN_MS,
  LISTENER_WAITING_COUNT_MAX,
  LISTENERS_PER_TENANT_COUNT_MAX,
} from "../../domain/limits.ts";
import type {
  ConnectListener,
  ConnectListenerResult,
  LaneState,
  ListenerBusy,
  ListenerVerbs,
  PatchEndpoint,
  PutListener,
  PutListenerResult,
} from "../../ports/store.ts";
import { audit } from "../access/audit.ts";
import { type LaneRow, laneState, updateLane } from "../delivery/lane-rows.ts";
import { boundWaiting } from "../delivery/listener-bound.ts";
import { release } from "../delivery/release.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { loadDestination, loadEndpoint } from "./endpoint-rows.ts";
import { beginAfresh, createEndpoint, deleteEndpoint, findEndpoint, noteChange, patchEndpoint } from "./endpoints.ts";

// ── Create and change ───────────────────────────────────────────────────────────────────────────────────────────────

const BY_NAME = "SELECT endpoint_seq AS seq FROM listeners WHERE tenant_seq = ? AND name = ?";
const COUNT = "SELECT count(*) AS count FROM listeners WHERE tenant_seq = ?";
const INSERT = "INSERT INTO listeners (endpoint_seq, tenant_seq, name, seen_at) VALUES (?, ?, ?, ?)";

export function putListener(w: Writing, request: PutListener): PutListenerResult {
  const found = one<{ seq: Seq }>(w, BY_NAME, request.tenantSeq, request.name);
  if (found === undefined) return createListener(w, request);
  const reader = request.ifFree ? one<ReaderColumns>(w, READER, found.seq) : undefined;
  return reader?.connection ? busyWith(reader, request.now) : adopt(w, request, loadEndpoint(w, found.seq));
}

function createListener(w: Writing, request: PutListener): PutListenerResult {
  const { actor, tenantSeq, id, name, now } = request;
  if ((one<{ count: number }>(w, COUNT, tenantSeq)?.count ?? 0) >= LISTENERS_PER_TENANT_COUNT_MAX)
    return { kind: "tooMany" };
  const settings = { ...request.defaults, ...request.settings, name, url: listenerUrl(name) };
  const secret = request.secret ?? request.newSecret;
  const how = { transport: "stream", createdThrough: "endpoints" } as const;
  const created = createEndpoint(w, { actor, tenantSeq, id, settings, secret, ...how, now });
  if (created.kind !== "created") return created;
  const { seq } = created.endpoint;
  w.prepare(INSERT).run(seq, tenantSeq, name, now);
  const lane = silence(w, seq, now);
  return { kind: "created", endpoint: loadEndpoint(w, seq), lane };
}

function adopt(w: Writing, request: PutListener, present: Endpoint): PutListenerResult {
  const { actor, tenantSeq, now } = request;
  const settings = differing(present, request.settings);
  const patch: PatchEndpoint = {
    actor,
    tenantSeq,
    id: present.id,
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(request.secret !== null &&
      request.secret !== present.secrets.current && { secret: { value: request.secret, previousUntil: null } }),
    now,
  };
  const patched = patchEndpoint(w, patch);
  if (patched === null) throw new Error(`no endpoint ${present.seq}`);
  return { kind: "adopted", ...patched };
}

function differing(present: Endpoint, wanted: PutListener["settings"]): Partial<EndpointSettings> {
  const changed = Object.entries(wanted).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(present[name as keyof typeof wanted]),
  );
  return Object.fromEntries(changed);
}

// ── Connect ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const READER = "SELECT node, connection, session, reader, connected_at FROM listeners WHERE endpoint_seq = ?";

interface ReaderColumns {
  readonly node: number | null;
  readonly connection: Uint8Array | null;
  readonly session: string | null;
  readonly reader: string | null;
  readonly connected_at: EpochMs | null;
}

const CONNECT = `
  UPDATE listeners
  SET node = ?, connection = ?, session = ?, reader = ?, connected_at = ?, seen_at = ?
  WHERE endpoint_seq = ?`;
const RESUME = "UPDATE endpoints SET status = 'ACTIVE' WHERE seq = ? AND status = 'PAUSED' AND paused_at IS NULL";

export function connectListener(w: Writing, request: ConnectListener): ConnectListenerResult {
  const { tenantSeq, id, connection, session, reader, now } = request;
  const seq = findEndpoint(w, tenantSeq, id);
  const present = seq === null ? undefined : one<ReaderColumns>(w, READER, seq);
  if (seq === null || present === undefined) return { kind: "unknown" };
  const isOther = present.connection !== null && present.session !== session;
  if (isOther && !request.takeover) return busyWith(present, now);
  if (present.node !== null && present.node !== w.self.node) endForeignLeases(w, { tenantSeq, seq, now });
  w.prepare(CONNECT).run(w.self.node, uuidBytes(connection), session, reader, now, now, seq);
  w.prepare(RESUME).run(seq);
  noteChange(w, seq, { interrupts: true, now: null });
  const lane = beginAfresh(w, seq, { moved: false, now });
  updateLane(lane, { owner: w.self.node });
  if (present.session !== session) auditReader(w, request, isOther ? present.reader : null);
  const endpoint = loadDestination(w, seq);
  if (!("id" in endpoint)) throw endpoint;
  return { kind: "connected", endpoint, lane: laneState(lane, w.self.node) };
}

function busyWith({ reader, connected_at: since }: ReaderColumns, now: EpochMs): ListenerBusy {
  return { kind: "busy", reader: reader ?? "", since: since ?? now };
}

/** A reader that connects again, as after every minute behind some proxies, is not worth a line. */
function auditReader(
  w: Writing,
  { actor, tenantSeq, id, reader, now }: ConnectListener,
  displaced: string | null,
): void {
  const data = { endpointId: id, reader, ...(displaced !== null && { displaced }) };
  audit(w, { tenantSeq, actor, type: "webhook.listened", subject: id, data, now });
}

// deliveries_leased has an entry for each delivery in the lane pools.
const LEASED = `
  SELECT seq, lease
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND endpoint_seq = ?`;

/** What the former reader's node has leased goes to the new reader, without waiting for that node. */
function endForeignLeases(
  w: Writing,
  { tenantSeq, seq, now }: { readonly tenantSeq: Seq; readonly seq: Seq; readonly now: EpochMs },
): void {
  const rows = all<{ seq: Seq; lease: LeaseToken }>(w, LEASED, seq);
  const leases = rows.map((row) => ({ tenantSeq, deliverySeq: row.seq, token: row.lease }));
  release(w, { now, leases, disown: [] });
}

// ── Disconnect ──────────────────────────────────────────────────────────────────────────────────────────────────────

type DisconnectListener = Parameters<ListenerVerbs["disconnectListener"]>[0];

const DISCONNECT = `
  UPDATE listeners
  SET node = NULL, connection = NULL, connected_at = NULL, seen_at = ?
  WHERE endpoint_seq = ? AND connection = ?`;

export function disconnectListener(w: Writing, request: DisconnectListener): LaneState | null {
  const { endpointSeq, connection, now } = request;
  const { changes } = w.prepare(DISCONNECT).run(now, endpointSeq, uuidBytes(connection));
  return Number(changes) === 0 ? null : silence(w, endpointSeq, now);
}

const OF_NODE = "SELECT endpoint_seq AS seq, connection FROM listeners WHERE node = ?";

/** The readers of a node that is gone have lost their streams. */
export function silenceReaders(w: Writing, node: number, now: EpochMs): void {
  for (const { seq, connection } of all<{ seq: Seq; connection: Uint8Array }>(w, OF_NODE, node)) {
    w.prepare(DISCONNECT).run(now, seq, connection);
    silence(w, seq, now);
  }
}

const HOLD = "UPDATE endpoints SET status = 'PAUSED' WHERE seq = ? AND status = 'ACTIVE'";
const WAITING = `
  SELECT count(*) AS count
  FROM (
    SELECT 1
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2 AND due_at >= ?
    LIMIT ?) AS waiting`;

/** Nobody listens any more. */
function silence(w: Writing, seq: Seq, now: EpochMs): LaneState {
  w.prepare(HOLD).run(seq);
  noteChange(w, seq, { interrupts: true, now: null });
  const lane = beginAfresh(w, seq, { moved: false, now });
  recount(w, lane);
  return laneState(lane, w.self.node);
}

/** What waited before the lane was held, and what a replay or a retry added since, counts too. */
function recount(w: Writing, lane: LaneRow): void {
  const row = one<{ count: number }>(w, WAITING, lane.endpointSeq, lane.headDue ?? 0, COUNTED_MAX);
  updateLane(lane, { heldCount: Number(row?.count ?? 0) });
}

/** A count up to here shows whether there are too many. */
const COUNTED_MAX = LISTENER_WAITING_COUNT_MAX + LISTENER_CANCELLED_COUNT + 1;

// ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────────────

const UNSEEN = `
  SELECT e.id, e.tenant_seq, t.id AS tenant_id
  FROM listeners l
  JOIN endpoints e ON e.seq = l.endpoint_seq
  JOIN tenants t ON t.seq = e.tenant_seq
  WHERE l.endpoint_seq = ? AND l.connection IS NULL AND l.seen_at < ?`;

/** Delete a listener that nobody has read for a week, with its backlog. */
export function forgetListener(w: Writing, seq: Seq, now: EpochMs): boolean {
  type Row = { readonly id: Uint8Array; readonly tenant_seq: Seq; readonly tenant_id: Uint8Array };
  const unseen = one<Row>(w, UNSEEN, seq, now - LISTENER_UNSEEN_MS);
  if (unseen === undefined) return false;
  const tenantSeq = unseen.tenant_seq;
  const tenantId = uuidText(unseen.tenant_id);
  const actor: Actor = { kind: "system", id: tenantId, role: "global_admin", tenantId, tenantSeq, test: false };
  deleteEndpoint(w, { actor, tenantSeq, id: uuidText(unseen.id) as Uuid, now });
  return true;
}

/** Cancel the oldest of what waits beyond the bound, a hundred at most. Returns whether there may be more. */
export function boundListener(w: Writing, seq: Seq, now: EpochMs): boolean {
  const lane = w.lanes.get(seq);
  if (lane.heldSince === null) return false;
  recount(w, lane);
  const before = lane.heldCount;
  boundWaiting(w, lane, now);
  return lane.heldCount < before;
}

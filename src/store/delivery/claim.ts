/** claim: finds ready lanes, and leases the due deliveries of each with fresh tokens. */
import { isExpired, type LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Event } from "../../domain/delivery/event.ts";
import { isProbing } from "../../domain/delivery/health.ts";
import { nodeOfToken } from "../../domain/delivery/lease-token.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { inTrace, type TraceContext } from "../../domain/delivery/trace-context.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq } from "../../domain/ids.ts";
import { BROKEN_LANE_MS, VOID_CLAIMS_MAX } from "../../domain/limits.ts";
import type { ClaimedLane, ClaimRequest, ClaimResult, Wake } from "../../ports/store.ts";
import { loadDestination } from "../endpoints/endpoint-rows.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { uuidText } from "../rows.ts";
import { DELIVERY_STATE, FORMAT } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";
import { drainOf, mustLeaveLast } from "./drain.ts";
import { readDeciders } from "./event-deciders.ts";
import { isForeign, isHeld, type LaneRow, laneState, refreshReadyAt, updateLane } from "./lane-rows.ts";
import { publishFailed } from "./operational-events.ts";
import { readyLanes } from "./ready-lanes.ts";

// Served by lanes_ready.
const NEXT_READY = `
  SELECT min(ready_at) AS ready_at
  FROM lanes
  WHERE ready_at > ? AND owner IS NULL`;

const NOTHING: ClaimResult = { lanes: [], broken: [], woken: [], more: false, passedOver: false, nextReadyAt: null };

export function claim(w: Writing, request: ClaimRequest): ClaimResult {
  const { now, adopt } = request;
  // Of a request that began before the node entered again.
  if (nodeOfToken(request.firstToken) !== w.self.node) return NOTHING;
  const budget: Budget = {
    deliveries: request.deliveriesMax,
    bytes: request.bytesMax,
    nextToken: request.firstToken,
  };
  const lanes: ClaimedLane[] = [];
  const broken: { endpointSeq: Seq; message: string }[] = [];
  const woken: Wake[] = [];
  const claimFrom = (part: Part) => {
    const { endpointSeq } = part;
    const endpoint = loadDestination(w, endpointSeq);
    if ("id" in endpoint) lanes.push(claimLane(w, request, endpoint, part, budget, woken));
    else broken.push({ endpointSeq, message: postpone(w, endpointSeq, endpoint, now) });
  };
  for (const part of request.lanes) claimFrom(part);
  if (adopt.lanesMax <= 0) return { lanes, broken, woken, more: false, passedOver: false, nextReadyAt: null };
  w.lanes.flush(); // other verbs of the group may have made lanes ready
  const ready = readyLanes(w, adopt, now);
  let adopted = 0;
  for (const endpointSeq of ready.lanes) {
    if (budget.deliveries <= 0 || budget.bytes <= 0) break;
    claimFrom({ endpointSeq, count: adopt.countEach, bytesMax: budget.bytes });
    adopted += 1;
  }
  w.lanes.flush(); // so that the lanes adopted here count as owned
  const next = w.prepare(NEXT_READY).get(now)?.ready_at;
  return {
    lanes,
    broken,
    woken,
    more: ready.more || adopted < ready.lanes.length,
    passedOver: ready.passedOver,
    nextReadyAt: typeof next === "number" ? next : null,
  };
}

function postpone(w: Writing, endpointSeq: Seq, error: Error, now: EpochMs): string {
  updateLane(w.lanes.get(endpointSeq), { readyAt: now + BROKEN_LANE_MS });
  return error.message;
}

interface Budget {
  deliveries: number;
  bytes: number;
  nextToken: LeaseToken;
}

/** The part of the budget that one lane may use. */
type Part = ClaimRequest["lanes"][number];

function claimLane(
  w: Writing,
  request: ClaimRequest,
  endpoint: Destination,
  part: Part,
  budget: Budget,
  woken: Wake[],
): ClaimedLane {
  const { now } = request;
  const { node } = w.self;
  const { endpointSeq, count, bytesMax } = part;
  const lane = w.lanes.get(endpointSeq);
  const waits = Math.max(lane.health.restUntil ?? 0, lane.waitUntil ?? 0) > now;
  const deliveries: LeasedDelivery[] = [];
  const foreign = isForeign(lane, node);
  let leavesLast = false;
  if (!isHeld(lane) && !waits && !foreign) {
    // The first delivery may be of any size. Once the bytes are used up, there is none.
    const space = budget.bytes > 0 ? budget.deliveries : 0;
    const room = Math.min(isProbing(lane.health) ? Math.min(count, 1) : count, space);
    const rows = dueRows(w, lane, now, { count: room, bytesMax: Math.min(bytesMax, budget.bytes) });
    leavesLast = rows.length > 0 && mustLeaveLast(w, lane, part, rows.length, now);
    if (leavesLast) rows.pop();
    for (const row of rows) {
      budget.bytes -= payloadLength(row);
      const ended = endInstead(w, row, lane, endpoint.retryScheduleSeconds, now);
      if (ended === null) deliveries.push(leased(row, endpoint, budget));
      else woken.push(...end(w, row, lane, ended, now));
    }
    if (deliveries.length > 0) w.prepare(LEASE).runEach(deliveries.map(({ token, seq }) => [token, seq]));
  }
  if (lane.owner === null && !lane.deleted) updateLane(lane, { owner: node });
  refreshReadyAt(w, lane);
  return { endpoint, state: laneState(lane, node), deliveries, drain: drainOf(w, lane, part, leavesLast, now) };
}

type DueRow = Record<string, number | string | Uint8Array | null>;

// Served by deliveries_waiting.
const DUE = `
  SELECT d.seq, d.id, d.format, d.ordered, d.created_at, d.claims, d.attempts, d.attempts_before_run,
         d.claims_before_run, d.run_first_active_ms, d.last_attempt_at,
         v.id AS event_id, v.payload, v.accepted_at, v.pause_id, v.hops, v.decided_by, v.trace, t.name AS type
  FROM deliveries d
  JOIN events v ON v.seq = d.event_seq
  JOIN event_types t ON t.seq = d.type_seq
  WHERE d.endpoint_seq = ? AND d.state < 2 AND d.due_at >= ? AND d.due_at <= ?
  ORDER BY d.due_at, d.seq
  LIMIT ?`;

/** Due deliveries in the lane's order, until `bytesMax` is used up. The first one may be of any size. */
function dueRows(
  w: Writing,
  { endpointSeq, headDue }: LaneRow,
  now: EpochMs,
  { count, bytesMax }: Pick<Part, "count" | "bytesMax">,
): DueRow[] {
  const rows: DueRow[] = [];
  if (count <= 0 || headDue === null) return rows;
  let bytes = 0;
  for (const row of w.prepare(DUE).iterate(endpointSeq, headDue, now, count)) {
    const due = row as DueRow;
    rows.push(due);
    bytes += payloadLength(due);
    if (bytes >= bytesMax) break;
  }
  return rows;
}

function payloadLength({ payload }: DueRow): number {
  return (payload as string).length;
}

interface Ended {
  readonly state: "FAILED" | "EXPIRED";
  readonly reason: string;
}

/** How a due delivery ends without another attempt; null when it has to be sent. */
function endInstead(
  w: Writing,
  row: DueRow,
  lane: LaneRow,
  scheduleSeconds: readonly number[],
  now: EpochMs,
): Ended | null {
  const runAttempts = Number(row.attempts) - Number(row.attempts_before_run);
  const voidClaims = Number(row.claims) - Number(row.claims_before_run) - runAttempts;
  // A delivery that crashes the process every time must stop after some claims.
  if (voidClaims >= scheduleSeconds.length + VOID_CLAIMS_MAX) return { state: "FAILED", reason: "crashed" };
  const firstActiveMs = row.run_first_active_ms as number | null;
  // After a hold or a downtime there is one more attempt before it expires: the receiver did not cause that wait.
  const triedSince = Math.max(lane.activeSince ?? 0, w.self.enteredAt);
  if (((row.last_attempt_at as number | null) ?? 0) < triedSince) return null;
  if (firstActiveMs !== null && isExpired(now - lane.heldMs, firstActiveMs, scheduleSeconds)) {
    return { state: "EXPIRED", reason: "expired" };
  }
  return null;
}

const END = `
  UPDATE deliveries
  SET state = ?, reason = ?, ended_at = ?
  WHERE seq = ?`;

function end(w: Writing, row: DueRow, lane: LaneRow, how: Ended, now: EpochMs): Wake[] {
  w.prepare(END).run(DELIVERY_STATE.number(how.state), how.reason, now, row.seq as number);
  noteChanged(w, lane.tenantSeq, row.seq as number);
  w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq: lane.endpointSeq, at: now }, how.state);
  return publishFailed(w, lane.tenantSeq, row.seq as number);
}

const LEASE = `
  UPDATE deliveries
  SET state = 2, lease = ?, claims = claims + 1
  WHERE seq = ?`;

function leased(row: DueRow, endpoint: Destination, budget: Budget): LeasedDelivery {
  const token = budget.nextToken++;
  budget.deliveries -= 1;
  return {
    tenantSeq: endpoint.tenantSeq,
    seq: row.seq as number,
    id: uuidText(row.id as Uint8Array),
    token,
    endpointSeq: endpoint.seq,
    event: eventOf(row, endpoint.tenantId),
    format: FORMAT.name(row.format as number),
    ordered: row.ordered === 1,
    createdAt: row.created_at as number,
    attempts: row.attempts as number,
    runAttempts: Number(row.attempts) - Number(row.attempts_before_run),
    runFirstActiveMs: row.run_first_active_ms as number | null,
  };
}

function eventOf(row: DueRow, tenantId: Event["tenantId"]): Event {
  const event: Event = {
    id: uuidText(row.event_id as Uint8Array),
    tenantId,
    type: row.type as string,
    payload: row.payload as string,
    acceptedAt: row.accepted_at as number,
    pauseId: row.pause_id === null ? null : uuidText(row.pause_id as Uint8Array),
  };
  const decided = row.decided_by === null ? event : { ...event, ...readDeciders(row.decided_by as string) };
  return inTrace(cameThrough(decided, (row.hops as number | null) ?? 0), row.trace as TraceContext | null);
}

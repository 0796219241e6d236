/** Chooses the index ranges that answer a filter with the fewest rows visited. */
import type { DeliveryState } from "../../domain/delivery/delivery.ts";
import type { Seq } from "../../domain/ids.ts";
import { LIST_ROWS_PER_REQUEST, LIST_SOURCES_MAX } from "../../domain/limits.ts";
import type { Connection } from "../connection.ts";
import { controlsOf, waitingIn } from "../delivery/delivery-controls.ts";
import { readTogether } from "../rounds.ts";
import { DELIVERY_STATE, STATE } from "../stored-enums.ts";
import { type Conditions, type Part, restOf } from "./delivery-conditions.ts";
import { type Condition, countLeases, type Range, rangeDensity, type Span } from "./delivery-sources.ts";

export interface Plan {
  /** They have no delivery in common. `leased` is the whole index of leases. */
  readonly ranges: readonly Range[] | "leased";
  /** The parts of the filter that the ranges satisfy. */
  readonly answers: readonly Part[];
}

export interface ChosenPlan {
  readonly ranges: Plan["ranges"];
  /** The conditions to check row by row. */
  readonly rest: readonly Condition[];
}

/** How many entries of each plan are counted before one is chosen. */
const SAMPLE_ENTRIES = 1000;
const SAMPLE_ENTRIES_EACH_MIN = 16;

export function choosePlan(connection: Connection, conditions: Conditions, span: Span): ChosenPlan {
  const plans = possiblePlans(connection, conditions);
  const complete = plans.find(({ answers }) => restOf(conditions, [...answers, "time"]).length === 0);
  const best = complete ?? sparsest(connection, plans, span);
  return { ranges: best.ranges, rest: restOf(conditions, best.answers) };
}

function sparsest(connection: Connection, plans: readonly [Plan, ...Plan[]], span: Span): Plan {
  let [best] = plans;
  if (plans.length === 1) return best;
  let least = Number.POSITIVE_INFINITY;
  for (const plan of plans) {
    const density = densityOf(connection, plan, span);
    if (density < least) {
      best = plan;
      least = density;
    }
  }
  return best;
}

function densityOf(connection: Connection, { ranges }: Plan, span: Span): number {
  if (ranges === "leased") return countLeases(connection, LIST_ROWS_PER_REQUEST) / (span.high - span.low);
  const entriesEach = Math.max(SAMPLE_ENTRIES_EACH_MIN, Math.floor(SAMPLE_ENTRIES / ranges.length));
  const densities = readTogether(ranges.map((range) => rangeDensity(connection, range, span, entriesEach)));
  return densities.reduce((sum, density) => sum + density, 0);
}

/** The narrowest plan first: it is chosen among equally sparse ones. */
function possiblePlans(connection: Connection, conditions: Conditions): [Plan, ...Plan[]] {
  const { tenantSeq, state, endpoint, event, delivery, type } = conditions;
  if (delivery !== null) return [{ ranges: [between(delivery, delivery + 1)], answers: ["delivery"] }];
  if (event !== null) {
    const original = between(event.firstDelivery, event.firstDelivery + event.deliveryCount);
    return [{ ranges: [original, { index: "later", keys: [event.seq] }], answers: [] }];
  }
  const plans = [
    state === null ? null : endpoint === null ? planState(connection, tenantSeq, state) : planEndpointState(conditions),
    state === "IN_PROGRESS" ? planLeased(connection) : null,
    type === null || type.seqs === null ? null : planTypes(type.seqs),
    endpoint === null ? null : planEndpoint(endpoint.seq),
  ].filter((plan) => plan !== null);
  const [first, ...others] = plans;
  return first === undefined ? [planTenant(tenantSeq)] : [first, ...others];
}

const between = (from: Seq, end: Seq): Range => ({ index: "sequence", keys: [from, end] });

function planTenant(tenantSeq: Seq): Plan {
  return { ranges: [{ index: "tenant", keys: [tenantSeq] }], answers: ["tenant"] };
}

function planEndpoint(endpointSeq: Seq): Plan {
  return { ranges: [{ index: "endpoint", keys: [endpointSeq] }], answers: ["tenant", "endpoint"] };
}

function planTypes(types: readonly Seq[]): Plan {
  return { ranges: types.map((seq) => ({ index: "type", keys: [seq] })), answers: ["tenant", "type"] };
}

/** Null when more deliveries are leased than one request may look at. */
function planLeased(connection: Connection): Plan | null {
  return countLeases(connection, LIST_ROWS_PER_REQUEST + 1) > LIST_ROWS_PER_REQUEST
    ? null
    : { ranges: "leased", answers: ["state"] };
}

/** The stored states that make up this state at this endpoint; null when there is no index for them. */
function planEndpointState({ endpoint, state }: Conditions): Plan | null {
  if (endpoint === null || state === null || state === "DELIVERED" || state === "IN_PROGRESS") return null;
  const waitingAs = endpoint.deleted ? "CANCELLED" : endpoint.status === "ACTIVE" ? "ACTIVE" : "HELD";
  const waiting =
    state === waitingAs
      ? [STATE.waitingNew, STATE.waitingRetry]
      : waitingAs === "ACTIVE" && (state === "PENDING" || state === "SCHEDULED")
        ? [DELIVERY_STATE.number(state)]
        : [];
  const ended =
    state === "FAILED" || state === "EXPIRED" || state === "CANCELLED" ? [DELIVERY_STATE.number(state)] : [];
  const ranges = [...waiting, ...ended].map(
    (stored): Range => ({ index: "endpointState", keys: [endpoint.seq, stored] }),
  );
  return { ranges, answers: ["tenant", "endpoint", "state"] };
}

/** A state over the whole tenant; null when there is no index for it. */
function planState(connection: Connection, tenantSeq: Seq, state: DeliveryState): Plan | null {
  const { active, held, deleted } = controlsOf(connection, tenantSeq);
  switch (state) {
    case "FAILED":
    case "EXPIRED":
      return { ranges: [ofTenant(tenantSeq, DELIVERY_STATE.number(state))], answers: ["tenant", "state"] };
    case "CANCELLED":
      return planCancelled(connection, tenantSeq, deleted);
    case "PENDING":
      return planWaiting(connection, tenantSeq, [STATE.waitingNew], { those: active, others: [...held, ...deleted] });
    case "SCHEDULED":
      return planWaiting(connection, tenantSeq, [STATE.waitingRetry], { those: active, others: [...held, ...deleted] });
    case "HELD":
      return planWaiting(connection, tenantSeq, [STATE.waitingNew, STATE.waitingRetry], {
        those: held,
        others: [...active, ...deleted],
      });
    default:
      return null;
  }
}

const ofTenant = (tenantSeq: Seq, stored: number): Range => ({ index: "tenantState", keys: [tenantSeq, stored] });

type Waiting = typeof STATE.waitingNew | typeof STATE.waitingRetry;

interface Split {
  /** The endpoints whose waiting deliveries are to be listed. */
  readonly those: readonly Seq[];
  readonly others: readonly Seq[];
}

/**
 * Waiting deliveries of some endpoints. A list must not scan a million held deliveries to find three pending ones. So
 * it reads the range of each endpoint, unless nothing else waits or there are too many endpoints; then it reads the
 * tenant's range.
 */
function planWaiting(connection: Connection, tenantSeq: Seq, states: readonly Waiting[], split: Split): Plan {
  const whole = states.map((state) => ofTenant(tenantSeq, state));
  const alone = states.every((state) => waitingIn(connection, split.others, state, 0)?.length === 0);
  if (alone) return { ranges: whole, answers: ["tenant", "state"] };
  const ranges = rangesOf(connection, split.those, states, LIST_SOURCES_MAX);
  return ranges === null ? { ranges: whole, answers: ["tenant"] } : { ranges, answers: ["tenant", "state"] };
}

function planCancelled(connection: Connection, tenantSeq: Seq, deleted: readonly Seq[]): Plan {
  const waiting = [STATE.waitingNew, STATE.waitingRetry];
  const written = ofTenant(tenantSeq, STATE.cancelled);
  const derived = rangesOf(connection, deleted, waiting, LIST_SOURCES_MAX - 1);
  return derived === null
    ? { ranges: [written, ...waiting.map((state) => ofTenant(tenantSeq, state))], answers: ["tenant"] }
    : { ranges: [written, ...derived], answers: ["tenant", "state"] };
}

/** One range for each endpoint and state with a delivery; null when there are more than `countMax`. */
function rangesOf(
  connection: Connection,
  endpoints: readonly Seq[],
  states: readonly Waiting[],
  countMax: number,
): Range[] | null {
  const ranges: Range[] = [];
  for (const state of states) {
    const found = waitingIn(connection, endpoints, state, countMax - ranges.length);
    if (found === null) return null;
    for (const seq of found) ranges.push({ index: "endpointState", keys: [seq, state] });
  }
  return ranges;
}

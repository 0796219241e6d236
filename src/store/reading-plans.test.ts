import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf } from "../../test/fixtures/inbound.ts";
import { openRows, type Rows, START, STORED } from "../../test/fixtures/sqlite-rows.ts";
import type { Uuid } from "../domain/ids.ts";
import { INBOUND_COUNTED_ROWS_MAX } from "../domain/limits.ts";
import type { AuditFilter, DeliveryFilter, InboundFilter, PauseFilter } from "../ports/store.ts";
import { listAudit } from "./access/audit-views.ts";
import { findKey, findTenant, listKeys, listTenants } from "./access/lookups.ts";
import { findQuotas, getTenant } from "./access/tenant-views.ts";
import { cursorOf } from "./cursors.ts";
import { findEndpoints, matchTypes } from "./endpoints/endpoint-filters.ts";
import {
  countEndpointStates,
  getEndpoint,
  listEndpoints,
  listEndpointsFrom,
  loadDestinations,
} from "./endpoints/endpoint-views.ts";
import { getDelivery } from "./history/delivery-views.ts";
import { listEvents } from "./history/events/event-list.ts";
import { listEventTypes } from "./history/events/event-types.ts";
import { getEvent } from "./history/events.ts";
import { findDeliveryFacts } from "./history/explain/delivery-facts.ts";
import { countTypes, findEventFacts, findSubscribers } from "./history/explain/event-facts.ts";
import { listDeliveries } from "./history/lists.ts";
import {
  countEndpointAttempts,
  countEndpointHealth,
  countLatency,
  countVolume,
} from "./history/statistics/statistics.ts";
import { tail } from "./history/tail.ts";
import { countInbound } from "./inbound/counts.ts";
import { getCredentials } from "./inbound/credentials.ts";
import { findSource, getDeletedSource, getSource, hadSource, listSources } from "./inbound/source-views.ts";
import { findInboundOfEvent, getInbound, listInbound, listRejected } from "./inbound/views.ts";
import { countPauseEndings } from "./pauses/pause-statistics.ts";
import { countPauses, getPause, listPauses } from "./pauses/pause-views.ts";
import type { ReadConnection } from "./read-connection.ts";
import { uuidBytes } from "./rows.ts";
import { getJob, listJobs } from "./upkeep/job-views.ts";

interface Plan {
  readonly sql: string;
  readonly details: readonly string[];
}

/** The query plans of all statements that a verb runs. */
function plansOf(rows: Rows, verb: (connection: ReadConnection) => unknown): Plan[] {
  const statements = new Set<string>();
  verb({
    ...rows.connection,
    prepare(sql) {
      statements.add(sql);
      return rows.connection.prepare(sql);
    },
  });
  return [...statements].map((sql) => {
    const steps = rows.connection.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    return { sql, details: steps.map((step) => String(step.detail)) };
  });
}

/** What a plan may scan without a key, because it limits itself. */
const BOUNDED_SCANS = ["VIRTUAL TABLE", "CONSTANT ROW", "SCAN chain", "deliveries_leased"];
/** The groups of one limited step. */
const GROUPED = [
  "c.hour IN (SELECT",
  "INDEXED BY deliveries_leased",
  "AS state, count(*) AS count",
  `LIMIT ${INBOUND_COUNTED_ROWS_MAX}`,
];

function assertBounded({ sql, details }: Plan): void {
  for (const detail of details) {
    const [, scanned] = /^SCAN (\S+)/.exec(detail) ?? [];
    const isBounded = sql.includes(`) AS ${scanned}`) || BOUNDED_SCANS.some((bounded) => detail.includes(bounded));
    assert.ok(scanned === undefined || isBounded, `${detail}\n${sql}`);
    const grouped = detail === "USE TEMP B-TREE FOR GROUP BY" && GROUPED.some((text) => sql.includes(text));
    assert.ok(grouped || !detail.includes("TEMP B-TREE"), `${detail}\n${sql}`);
  }
}

/** The indexes of the statements that scan deliveries. */
function walkedIndexes(plans: readonly Plan[]): string[] {
  const details = plans
    .filter(({ sql }) => /d\.seq < \? AND \+?d\.seq >= \?/.test(sql))
    .flatMap((plan) => plan.details);
  const names = details.flatMap((detail) => {
    if (!/^(SEARCH|SCAN) d /.test(detail)) return [];
    return [/INDEX (\w+)/.exec(detail)?.[1] ?? (detail.includes("INTEGER PRIMARY KEY") ? "primary key" : detail)];
  });
  return [...new Set(names)].sort();
}

const rows = openRows();
const tenantSeq = rows.tenant();
const active = rows.endpoint({ tenant_seq: tenantSeq });
rows.insert("endpoint_filters", { tenant_seq: tenantSeq, filter: "*", endpoint_seq: active.seq });
const paused = rows.endpoint({ tenant_seq: tenantSeq, status: "PAUSED" });
const deleted = rows.endpoint({ tenant_seq: tenantSeq, deleted_at: START });
const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid", first_delivery_seq: 1, delivery_count: 1 });
const first = rows.delivery({ event_seq: event.seq, endpoint_seq: active.seq, state: STORED.DELIVERED });
for (const endpoint of [active, paused, deleted]) {
  for (const state of Object.values(STORED)) {
    const lease = state === STORED.IN_PROGRESS ? 100 + endpoint.seq : null;
    rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state, lease, later: 1 });
  }
}
const attempt = rows.attempt({ delivery_seq: first.seq, number: 1 });
rows.connection.db.prepare("UPDATE deliveries SET last_attempt_seq = ? WHERE seq = ?").run(attempt.seq, first.seq);

const TENANT = "deliveries_of_tenant";
const ENDPOINT = "deliveries_of_endpoint";
const TYPE = "deliveries_of_type";
const LEASED = "deliveries_leased";
const TENANT_STATE = "deliveries_exceptional_of_tenant";
const ENDPOINT_STATE = "deliveries_exceptional_of_endpoint";

const order = { kind: "typePrefix", prefix: "order" } as const;
const lists: readonly (readonly [string, Partial<DeliveryFilter>, readonly string[]])[] = [
  ["everything", {}, [TENANT]],
  ["a time span", { from: START - 1, to: START + 1 }, [TENANT]],
  ["PENDING beside others that wait", { state: "PENDING" }, [ENDPOINT_STATE]],
  ["SCHEDULED beside others that wait", { state: "SCHEDULED" }, [ENDPOINT_STATE]],
  ["HELD beside others that wait", { state: "HELD" }, [ENDPOINT_STATE]],
  ["IN_PROGRESS", { state: "IN_PROGRESS" }, [LEASED]],
  ["DELIVERED", { state: "DELIVERED" }, [TENANT]],
  ["FAILED", { state: "FAILED" }, [TENANT_STATE]],
  ["EXPIRED", { state: "EXPIRED" }, [TENANT_STATE]],
  ["CANCELLED with a deleted endpoint's", { state: "CANCELLED" }, [ENDPOINT_STATE, TENANT_STATE]],
  ["an endpoint", { endpointId: active.id }, [ENDPOINT]],
  ["an endpoint by search", { search: { kind: "endpoint", id: active.id } }, [ENDPOINT]],
  ["an endpoint's PENDING", { endpointId: active.id, state: "PENDING" }, [ENDPOINT_STATE]],
  ["an endpoint's FAILED since", { endpointId: active.id, state: "FAILED", from: START }, [ENDPOINT_STATE]],
  ["an endpoint's HELD", { endpointId: paused.id, state: "HELD" }, [ENDPOINT_STATE]],
  ["an endpoint's DELIVERED", { endpointId: active.id, state: "DELIVERED" }, [ENDPOINT]],
  ["a deleted endpoint's CANCELLED", { endpointId: deleted.id, state: "CANCELLED" }, [ENDPOINT_STATE]],
  ["an event", { eventId: event.id }, ["deliveries_later", "primary key"]],
  ["an event's FAILED", { eventId: event.id, state: "FAILED" }, ["deliveries_later", "primary key"]],
  ["a delivery", { search: { kind: "delivery", id: first.id } }, ["primary key"]],
  ["a type", { search: order }, [TYPE]],
  ["an exact type", { eventType: "order.paid" }, [TYPE]],
  ["types by a filter", { eventType: "order.*", state: "DELIVERED" }, [TYPE]],
  ["a type's DELIVERED", { search: order, state: "DELIVERED" }, [TYPE]],
];

for (const [name, filter, indexes] of lists) {
  test(`a list of ${name} walks over ${indexes.join(" and ")} and sorts nothing`, () => {
    const whole = {
      state: null,
      endpointId: null,
      eventId: null,
      eventType: null,
      search: null,
      from: null,
      to: null,
      tenantSeq,
    };
    const plans = plansOf(rows, (connection) => {
      assert.ok(listDeliveries(connection, { ...whole, ...filter }, null, 20).rows.length > 0);
    });
    plans.forEach(assertBounded);
    // To choose between two plans, the entries of both are counted in their indexes.
    assert.deepEqual(walkedIndexes(plans), [...indexes].sort());
  });
}

test("of two possible plans the sparser one is chosen", () => {
  const filter = {
    state: "FAILED",
    endpointId: null,
    eventId: null,
    eventType: null,
    search: order,
    from: null,
    to: null,
  } as const;
  const plans = plansOf(rows, (connection) => listDeliveries(connection, { ...filter, tenantSeq }, null, 20));
  plans.forEach(assertBounded);
  const hits = plans.filter(({ sql }) => sql.includes("SELECT d.seq") && sql.trimEnd().endsWith("LIMIT ?"));
  assert.deepEqual(walkedIndexes(hits), [TENANT_STATE]);
});

const source = { id: rows.newId() };
const sourceSeq = rows.insert("sources", {
  id: uuidBytes(source.id),
  tenant_seq: tenantSeq,
  name: "nhf",
  scheme: "jcs",
  settings: '{"eventType":{"place":null,"prefix":"","fallback":null},"hmac":null,"basic":null}',
  created_at: START,
  updated_at: START,
});
function received(columns: { tenant_seq: number | null; valid: number; kind?: number }): { id: Uuid; seq: number } {
  const id = rows.newId();
  const seq = rows.insert("inbound", {
    id: uuidBytes(id),
    kind: 0,
    source_seq: columns.tenant_seq === null ? null : sourceSeq,
    source_name: "nhf",
    event_type: "member.status.changed",
    direction: columns.valid === 1 ? 0 : null,
    address: "192.0.2.1",
    received_at: START,
    body_bytes: 2,
    url: "/",
    headers: "{}",
    body: new Uint8Array(2),
    ...columns,
  });
  return { id, seq };
}
const inbound = received({ tenant_seq: tenantSeq, valid: 1 });
const refused = received({ tenant_seq: tenantSeq, valid: 0 });
received({ tenant_seq: null, valid: 0 });
for (const valid of [1, 0]) received({ tenant_seq: tenantSeq, valid, kind: 1 });
rows.insert("inbound_events", { event_seq: event.seq, inbound_seq: inbound.seq, published_at: START });

const nobody = rows.newId();
const PAUSED = { states: ["paused"], text: null, eventType: "a", now: START } as const;
const SPAN = { from: START, to: START + 7_200_000, stepMs: 3_600_000 };
const anySource = { eventType: null, from: null, to: null, sourceId: null };
const anyEvent = { tenantSeq, ...anySource, undelivered: false, payloadText: "{" };
const verbs: readonly (readonly [string, (connection: ReadConnection) => unknown])[] = [
  ["getDelivery", (connection) => getDelivery(connection, tenantSeq, first.id)],
  ["getEvent", (connection) => getEvent(connection, tenantSeq, event.id)],
  ["listEvents", (connection) => assert.equal(listEvents(connection, anyEvent, null, 10).rows.length, 1)],
  ["findDeliveryFacts", (connection) => assert.notEqual(findDeliveryFacts(connection, tenantSeq, first.id), null)],
  [
    "findEventFacts",
    (connection) => assert.ok(typeof findEventFacts(connection, tenantSeq, event.id, active.id) === "object"),
  ],
  ["findSubscribers", (connection) => assert.equal(findSubscribers(connection, tenantSeq, "order.paid").count, 1)],
  ["countTypes", (connection) => countTypes(connection, tenantSeq, START)],
  ["listEvents of a type", (connection) => listEvents(connection, { ...anyEvent, eventType: "order.*" }, null, 10)],
  ["listEvents of a source", (connection) => listEvents(connection, { ...anyEvent, sourceId: source.id }, null, 10)],
  [
    "listEventTypes",
    (connection) =>
      assert.equal(listEventTypes(connection, { tenantSeq, prefix: "", now: START }, null, 9).rows.length, 1),
  ],
  ["tail", (connection) => [tail(connection, tenantSeq, null, 10), tail(connection, tenantSeq, 0, 10)]],
  ["countVolume", (connection) => countVolume(connection, tenantSeq, START, START + 7_200_000)],
  ["countLatency", (connection) => countLatency(connection, tenantSeq, START, START + 7_200_000)],
  ["countEndpointHealth", (connection) => countEndpointHealth(connection, tenantSeq, START, START + 7_200_000)],
  ["countEndpointAttempts", (connection) => countEndpointAttempts(connection, tenantSeq, [active.seq], START, START)],
  ["matchTypes", (connection) => assert.equal(matchTypes(connection, tenantSeq, ["order.paid"]).found[0]?.count, 1)],
  ["findEndpoints", (connection) => assert.equal(findEndpoints(connection, tenantSeq, [active.id]).found.length, 1)],
  ["loadDestinations", (connection) => loadDestinations(connection, tenantSeq, [active.seq])],
  ["getEndpoint", (connection) => getEndpoint(connection, tenantSeq, active.id)],
  ["listEndpoints", (connection) => listEndpoints(connection, tenantSeq, null, 10)],
  ["listEndpoints with a filter", (connection) => listEndpoints(connection, tenantSeq, null, 10, PAUSED)],
  ["countEndpointStates", (connection) => countEndpointStates(connection, tenantSeq, START)],
  ["listEndpointsFrom", (connection) => listEndpointsFrom(connection, tenantSeq, 1, 10)],
  ["findKey", (connection) => findKey(connection, "00".repeat(32))],
  ["findTenant", (connection) => findTenant(connection, nobody)],
  ["listKeys", (connection) => listKeys(connection, tenantSeq, null, 10)],
  ["getTenant", (connection) => getTenant(connection, listTenants(connection, null, 1).tenants[0]?.id ?? nobody)],
  ["findQuotas", (connection) => findQuotas(connection, tenantSeq)],
  ["listTenants", (connection) => listTenants(connection, null, 10)],
  ["countPauseEndings", (connection) => countPauseEndings(connection, tenantSeq, SPAN)],
  ["countInbound", (connection) => countInbound(connection, { tenantSeq, includeUnattributed: true, ...SPAN })],
  ["countPauses", (connection) => countPauses(connection, tenantSeq)],
  ["getPause", (connection) => getPause(connection, tenantSeq, nobody)],
  ["getSource", (connection) => getSource(connection, tenantSeq, nobody)],
  ["hadSource", (connection) => assert.equal(hadSource(connection, tenantSeq, source.id), true)],
  ["getDeletedSource", (connection) => assert.equal(getDeletedSource(connection, tenantSeq, source.id), null)],
  ["listSources", (connection) => listSources(connection, tenantSeq, cursorOf(1), 10)],
  ["findSource", (connection) => [findSource(connection, { id: nobody }), findSource(connection, { name: "nobody" })]],
  ["getInbound", (connection) => getInbound(connection, null, inbound.id)],
  ["getCredentials", (connection) => assert.deepEqual(getCredentials(connection, refused.id), { kind: "none" })],
  ["listRejected", (connection) => listRejected(connection, tenantSeq, source.id, null, 10)],
  ["findInboundOfEvent", (connection) => findInboundOfEvent(connection, tenantSeq, event.id)],
  ["getJob", (connection) => getJob(connection, tenantSeq, nobody as Uuid)],
  ["listJobs", (connection) => listJobs(connection, { tenantSeq, state: null, kind: null }, null, 10)],
];

const pauseId = rows.newId();
const idBytes = uuidBytes(pauseId);
rows.insert("pauses", {
  id: idBytes,
  tenant_seq: tenantSeq,
  message: "?",
  options: "[]",
  allow_text_response: 0,
  expires_at: START,
  created_at: START,
  notification: 0,
});
const entry = { tenant_seq: tenantSeq, event_type: "pause.opened", actor_kind: "human", data: "{}", created_at: START };
rows.insert("audit", { ...entry, id: idBytes, pause_id: idBytes });

const pauseLists: readonly (readonly [string, string, (connection: ReadConnection) => number])[] = [
  ["pauses", "pauses_of_tenant", (connection) => listPauses(connection, pauses({}), null, 5).pauses.length],
  [
    "pending pauses",
    "pauses_of_status",
    (connection) => listPauses(connection, pauses({ status: "pending" }), cursorOf(9), 5).pauses.length,
  ],
  [
    "pauses by deadline",
    "pauses_by_deadline",
    (connection) => listPauses(connection, pauses({ order: "deadline" }), null, 5).pauses.length,
  ],
  [
    "pauses with a text",
    "pauses_of_status",
    (connection) => listPauses(connection, pauses({ status: "pending", text: "?" }), cursorOf(9), 5).pauses.length,
  ],
  ["the audit", "audit_of_tenant", (connection) => listAudit(connection, audited({ from: START }), 0, 5).total],
  [
    "one type's audit",
    "audit_of_type",
    (connection) => listAudit(connection, audited({ type: "pause.opened" }), 0, 5).total,
  ],
  ["a pause's audit", "audit_of_pause", (connection) => listAudit(connection, audited({ pauseId }), 0, 5).total],
  [
    "one type of a pause's audit",
    "audit_of_pause",
    (connection) => listAudit(connection, audited({ pauseId, type: "pause.opened", to: START + 1 }), 0, 5).total,
  ],
];

function pauses(filter: Partial<PauseFilter>): PauseFilter {
  return { tenantSeq, status: null, order: "newest", channel: null, text: null, ...filter };
}

function audited(filter: Partial<AuditFilter>): AuditFilter {
  return { tenantSeq, pauseId: null, type: null, from: null, to: null, ...filter };
}

for (const [name, index, list] of pauseLists) {
  test(`a list of ${name} walks over ${index} and sorts nothing`, () => {
    const plans = plansOf(rows, (connection) => assert.equal(list(connection), 1));
    plans.forEach(assertBounded);
    for (const { details } of plans) assert.ok(details[0]?.includes(index) === true, details.join());
  });
}

test("a tenant's audit is counted without reading a row", () => {
  for (const filter of [audited({}), audited({ type: "pause.opened", from: START })]) {
    const counts = plansOf(rows, (connection) => listAudit(connection, filter, 0, 5)).filter(({ sql }) =>
      sql.includes("count(*)"),
    );
    assert.equal(counts.length, 1);
    assert.ok(counts[0]?.details[0]?.includes("COVERING INDEX") === true, "not by the index alone");
  }
});

const OF_TENANT = "inbound_of_tenant";
const REFUSED = "inbound_refused_of_tenant";
const inboundLists: readonly (readonly [string, Partial<InboundFilter>, string, number])[] = [
  ["everything", {}, OF_TENANT, 2],
  ["valid ones", { valid: true }, OF_TENANT, 1],
  ["refused ones", { valid: false }, REFUSED, 1],
  ["refused ones with nobody's", { valid: false, includeUnattributed: true, to: START + 1 }, REFUSED, 2],
  ["everything with nobody's", { includeUnattributed: true, from: START }, OF_TENANT, 3],
  ["a source", { sourceId: source.id, direction: "PAUSE_ACTIVATED" }, OF_TENANT, 1],
  ["a name and a type of refused ones", { valid: false, sourceName: "nhf", eventType: "none" }, REFUSED, 0],
  [
    "a name and a type",
    { sourceName: "nhf", eventType: "member.status.changed", includeUnattributed: true },
    OF_TENANT,
    3,
  ],
  ["refused ones of a reason", { rejection: "loop_detected" }, REFUSED, 0],
  ["both kinds", { kind: null }, OF_TENANT, 4],
  [
    "both kinds of a source with nobody's",
    { kind: null, sourceId: source.id, includeUnattributed: true },
    OF_TENANT,
    4,
  ],
  ["refused ones of both kinds with nobody's", { kind: null, valid: false, includeUnattributed: true }, REFUSED, 3],
];

for (const [name, filter, index, total] of inboundLists) {
  test(`a list of inbound events, ${name}, is counted and skipped in ${index} alone, without a sort`, () => {
    const plans = plansOf(rows, (connection) => {
      const page = listInbound(connection, filterOf(tenantSeq, filter), 0, 5);
      assert.deepEqual([page.rows.length, page.total], [total, total]);
    });
    plans.forEach(assertBounded);
    const walks = plans.filter(({ sql }) => sql.includes("received_at >= ?"));
    const owners = filter.includeUnattributed === true ? 2 : 1;
    const kinds = filter.kind === null ? 2 : 1;
    assert.equal(walks.length, 1 + owners, "a page, and a count for each owner, the same for each kind");
    const searches = walks.flatMap(({ details }) => details.filter((detail) => detail.startsWith("SEARCH")));
    assert.equal(searches.length, kinds * owners + owners);
    for (const detail of searches) assert.ok(detail.includes(`COVERING INDEX ${index} (kind=? AND`), detail);
  });
}

for (const [name, verb] of verbs) {
  test(`${name} finds rows by key, and scans nothing that grows`, () => {
    plansOf(rows, verb).forEach(assertBounded);
  });
}

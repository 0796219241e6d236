/** Invariants that must hold at the end of the simulation, when all work is done. */

import { ANY_DELIVERY, LEDGER_ORDERS, LEDGER_STATUSES, STATES_OF_STATUS } from "../../src/domain/history/ledger.ts";
import type { Uuid } from "../../src/domain/ids.ts";
import { LIST_PAGE_MAX, STORED_BYTES_PER_ROW } from "../../src/domain/limits.ts";
import { createKeeping, LEDGER_VERBS } from "../../src/store/history/ledger/verbs.ts";
import { PAUSE_CONTENT_BYTES } from "../../src/store/pauses/pauses.ts";
import { all } from "../../src/store/read-connection.ts";
import { uuidBytes, uuidText } from "../../src/store/rows.ts";
import { STATE } from "../../src/store/stored-enums.ts";
import { verify } from "../../src/store/upkeep/verify/verify.ts";
import { expectations } from "../fixtures/ledger.ts";
import { checkInbound } from "./inbound/inbound-checker.ts";
import type { Process, World } from "./machine.ts";
import type { KnownEvent } from "./model.ts";
import type { Sent } from "./network.ts";
import { checkPauses } from "./pauses/pause-checker.ts";
import { deliveryIdOf, eventIdOf, isTest } from "./watch.ts";

export function checkEnd(world: World): void {
  for (const event of world.model.events.values()) checkEvent(world, event);
  const sends = groupSends(world);
  for (const row of deliveries(world)) checkDelivery(world, row, sends);
  checkAttempts(world);
  checkPauses(world);
  checkInbound(world);
  checkSums(world);
  checkLedger(world);
  checkRows(world);
  checkLeftovers(world);
}

/** What `admin verify` checks. */
function checkRows({ disk, fault }: World): void {
  for (const { rule, wrong, first } of verify(disk))
    if (wrong > 0) fault(`${wrong} rows break "${rule}", first ${first}`);
}

/** The ledger, together with the changes since it was last written, matches the deliveries. */
function checkLedger({ disk, fault }: World): void {
  const keeping = createKeeping(disk);
  const expected = expectations(disk);
  for (const { seq: tenantSeq } of all<{ seq: number }>(disk, "SELECT seq FROM tenants")) {
    for (const status of [null, ...LEDGER_STATUSES]) {
      const states = status === null ? null : STATES_OF_STATUS[status];
      const filter = { ...ANY_DELIVERY, tenantSeq, states };
      for (const by of LEDGER_ORDERS) {
        const order = { by, direction: "desc" } as const;
        const question = { filter, order, offset: 0, limit: LIST_PAGE_MAX, asOf: null, now: 0 };
        const { rows, total } = LEDGER_VERBS.listLedger(keeping, question);
        const found = JSON.stringify({ ids: rows.map(({ id }) => id), total });
        if (found !== JSON.stringify(expected(question)))
          fault(`tenant ${tenantSeq}'s history of ${status} by ${by}: ${found}`);
      }
    }
  }
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Every accepted event and its deliveries are stored. */
function checkEvent({ disk, fault }: World, event: KnownEvent): void {
  const row = disk.prepare("SELECT payload FROM events WHERE id = ?").get(uuidBytes(event.id));
  if (row === undefined) fault(`event ${event.id} was accepted but is missing`);
  else if (row.payload !== event.payload) fault(`event ${event.id} has another payload`);
  for (const { deliveryId, endpointId } of event.deliveries) {
    const found = disk
      .prepare(
        "SELECT e.id FROM deliveries d JOIN endpoints e ON e.seq = d.endpoint_seq JOIN events v ON v.seq = d.event_seq WHERE d.id = ? AND v.id = ?",
      )
      .get(uuidBytes(deliveryId), uuidBytes(event.id));
    if (found === undefined) fault(`delivery ${deliveryId} of event ${event.id} was confirmed but is missing`);
    else if (uuidText(found.id as Uint8Array) !== endpointId) fault(`delivery ${deliveryId} is for another endpoint`);
  }
}

// ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Row {
  readonly seq: number;
  readonly id: Uuid;
  readonly eventId: Uuid;
  readonly type: string;
  readonly site: number;
  readonly scheduleLength: number;
  readonly deleted: boolean;
  readonly state: number;
  readonly lease: number | null;
  readonly attempts: number;
  readonly runAttempts: number;
  readonly reason: string | null;
}

const DELIVERIES = `
  SELECT d.seq, d.id, v.id AS event_id, t.name AS type, e.url, e.retry_schedule_seconds, e.deleted_at, d.state, d.lease,
    d.attempts, d.attempts_before_run, d.reason
  FROM deliveries d
  JOIN events v ON v.seq = d.event_seq
  JOIN event_types t ON t.seq = d.type_seq
  JOIN endpoints e ON e.seq = d.endpoint_seq
  ORDER BY d.seq`;

function deliveries({ disk }: World): Row[] {
  return disk
    .prepare(DELIVERIES)
    .all()
    .map((row) => ({
      seq: Number(row.seq),
      id: uuidText(row.id as Uint8Array),
      eventId: uuidText(row.event_id as Uint8Array),
      type: String(row.type),
      site: Number(/site-(\d+)/.exec(String(row.url))?.[1]),
      scheduleLength: (JSON.parse(String(row.retry_schedule_seconds)) as number[]).length,
      deleted: row.deleted_at !== null,
      state: Number(row.state),
      lease: row.lease as number | null,
      attempts: Number(row.attempts),
      runAttempts: Number(row.attempts) - Number(row.attempts_before_run),
      reason: row.reason as string | null,
    }));
}

interface Sends {
  /** By delivery id, for formats that contain it. */
  readonly byDelivery: ReadonlyMap<string, readonly Sent[]>;
  /** By event id and site. */
  readonly byEvent: ReadonlyMap<string, readonly Sent[]>;
}

function groupSends({ network }: World): Sends {
  const real = network.sent.filter((sent) => !isTest(sent));
  return {
    byDelivery: Map.groupBy(real, (sent) => String(deliveryIdOf(sent))),
    byEvent: Map.groupBy(real, (sent) => `${eventIdOf(sent)} ${sent.site}`),
  };
}

const TEST_TYPE = "test";

function checkDelivery(world: World, row: Row, sends: Sends): void {
  if (row.type === TEST_TYPE) return;
  const wrong = (what: string) => world.fault(`delivery ${row.seq} (site ${row.site}, ${row.id}): ${what}`);
  const toReceiver = sends.byEvent.get(`${row.eventId} ${row.site}`) ?? [];
  const own = sends.byDelivery.get(row.id);
  if (row.state < STATE.delivered) wrong(`it has not ended: state ${row.state}`);
  if (row.lease !== null) wrong("it has ended but is still leased");
  // The late results of nodes that were taken for dead are stored too.
  const late = (own ?? toReceiver).filter(({ node }) => world.endOf(node) === "gone").length;
  if (row.runAttempts > row.scheduleLength + 1 + late)
    wrong(`${row.runAttempts} attempts are more than the schedule allows`);
  if (row.state === STATE.delivered && !(own ?? toReceiver).some(wasTaken))
    wrong("DELIVERED, but no receiver accepted it");
  checkReason(world, row, own ?? toReceiver, wrong);
  if (own !== undefined) checkOwnSends(world, row, own, wrong);
}

function wasTaken({ httpStatus, arrivedMs }: Sent): boolean {
  return arrivedMs !== null && httpStatus !== null && httpStatus >= 200 && httpStatus < 300;
}

function checkReason(world: World, row: Row, sent: readonly Sent[], wrong: (what: string) => void): void {
  const { model, processes } = world;
  switch (row.reason) {
    case "attempts_exhausted":
      if (row.runAttempts < row.scheduleLength + 1) wrong(`given up after ${row.runAttempts} attempts`);
      return;
    case "gone":
      if (!sent.some(({ httpStatus }) => httpStatus === 410)) wrong("failed as gone, but no receiver answered 410");
      return;
    case "cancelled":
      if (!model.cancelAsked.has(row.id)) wrong("cancelled, but no request cancelled it");
      return;
    case "endpoint_deleted":
      if (!row.deleted) wrong("cancelled because of a deleted endpoint, which is not deleted");
      return;
    case "expired":
      if (model.aheadMs < 6 * 86_400_000 || row.runAttempts === 0) wrong(`expired after ${row.runAttempts} attempts`);
      return;
    case "crashed":
      if (processes.length < 10) wrong("failed as a payload that crashes the process, after too few crashes");
  }
}

function checkOwnSends(world: World, row: Row, own: readonly Sent[], wrong: (what: string) => void): void {
  const endOf = (sent: Sent) => world.endOf(sent.node);
  // A node that crashed, or stopped during a store outage, may not have stored the outcomes.
  const isLost = (sent: Sent) => endOf(sent) === "crashed" || endOf(sent) === "gone";
  const unspent = own.filter((sent) => isLost(sent) || sent.heard?.kind === "aborted");
  const unwritten = own.filter((sent) => endOf(sent) === "stoppedWithoutStore");
  const least = own.length - new Set([...unspent, ...unwritten]).size;
  if (row.attempts > own.length) wrong(`${row.attempts} attempts are stored, but only ${own.length} were sent`);
  if (row.attempts < least) wrong(`${row.attempts} attempts are stored, but ${least} were sent and ended`);
  const isConfirmed = own.some(
    (sent) => sent.heard?.kind === "answered" && wasTaken(sent) && (endOf(sent) === null || endOf(sent) === "stopped"),
  );
  if (isConfirmed && row.state !== STATE.delivered) wrong(`its receiver accepted it, but it is in state ${row.state}`);
}

// ── Sums ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const NUMBERING = `
  SELECT d.seq, d.attempts, count(a.seq) AS rows, count(DISTINCT a.number) AS numbers, coalesce(max(a.number), 0) AS last
  FROM deliveries d LEFT JOIN attempts a ON a.delivery_seq = d.seq
  GROUP BY d.seq
  HAVING rows <> d.attempts OR numbers <> d.attempts OR last <> d.attempts`;

function checkAttempts({ disk, fault }: World): void {
  for (const row of disk.prepare(NUMBERING).all())
    fault(`the attempts are not numbered consecutively: ${JSON.stringify(row)}`);
}

/** A tenant's stored bytes, computed from its rows. */
const STORED = `
  (SELECT ifnull(sum(octet_length(payload) + ${STORED_BYTES_PER_ROW} * (1 + delivery_count)), 0)
   FROM events WHERE tenant_seq = t.seq)
  + (SELECT ifnull(sum(octet_length(body) + ${STORED_BYTES_PER_ROW}), 0)
     FROM inbound WHERE tenant_seq = t.seq AND valid = 1)
  + (SELECT ifnull(sum(${PAUSE_CONTENT_BYTES} + ${STORED_BYTES_PER_ROW}), 0) FROM pauses WHERE tenant_seq = t.seq)`;

const SUMS: readonly (readonly [what: string, sql: string])[] = [
  [
    "the counter of deliveries",
    "SELECT (SELECT sum(total) FROM counters WHERE endpoint_seq = 0) AS a, (SELECT count(*) FROM deliveries) AS b",
  ],
  [
    "the counters of deliveries by endpoint",
    "SELECT (SELECT sum(total) FROM counters WHERE endpoint_seq <> 0) AS a, (SELECT count(*) FROM deliveries) AS b",
  ],
  [
    "the counter of delivered deliveries",
    "SELECT (SELECT sum(delivered) FROM counters WHERE endpoint_seq = 0) AS a, (SELECT count(*) FROM deliveries WHERE state = 3) AS b",
  ],
  [
    "the counters of attempts by lane",
    "SELECT (SELECT sum(attempts_ok + attempts_failed) FROM lanes) AS a, (SELECT count(*) FROM attempts) AS b",
  ],
  [
    "held bytes of lanes that are not held",
    "SELECT coalesce(sum(l.held_bytes), 0) AS a, 0 AS b FROM lanes l JOIN endpoints e ON e.seq = l.endpoint_seq WHERE e.status = 'ACTIVE'",
  ],
  [
    "tenants whose stored bytes differ from the sum of their rows",
    `SELECT count(*) AS a, 0 AS b FROM tenants t WHERE t.stored_bytes <> ${STORED}`,
  ],
  [
    "tenants whose open pauses differ from the number of pending pauses",
    "SELECT count(*) AS a, 0 AS b FROM tenants t WHERE t.open_pauses <> (SELECT count(*) FROM pauses p WHERE p.tenant_seq = t.seq AND p.status = 0)",
  ],
  [
    "lanes that are ready although nothing waits",
    "SELECT count(*) AS a, 0 AS b FROM lanes WHERE ready_at IS NOT NULL AND owner IS NULL AND ready_at < (SELECT value - 120000 FROM marks WHERE name = 'latest_time')",
  ],
];

function checkSums({ disk, fault }: World): void {
  for (const [what, sql] of SUMS) {
    const row = disk.prepare(sql).get();
    if (Number(row?.a ?? 0) !== Number(row?.b ?? 0)) fault(`${what}: ${row?.a}, should be ${row?.b}`);
  }
}

/** Whether the process is up and holds nothing. */
export function isEmpty({ engine }: Process): boolean {
  if (engine === null) return false;
  const { inFlight, deliveriesInMemory, payloadBytesInMemory, lanes, publishQueue, settleQueue } =
    engine.status.gauges();
  const held = [inFlight, deliveriesInMemory, payloadBytesInMemory, lanes, publishQueue, settleQueue];
  return held.every((count) => count === 0);
}

const DISABLED_EVENTS = `
  SELECT v.payload
  FROM events v JOIN event_types t ON t.seq = v.type_seq
  WHERE t.name = 'endpoint.disabled'`;

/** Nothing is left in memory, and no endpoint was disabled more often than it became active. */
function checkLeftovers({ running, disk, model, fault }: World): void {
  if (running.length === 0) fault("the server is down at the end");
  for (const process of running) {
    if (!isEmpty(process))
      fault(`left in the memory of process ${process.number}: ${JSON.stringify(process.engine?.status.gauges())}`);
  }
  const times = new Map<string, number>();
  for (const { payload } of disk.prepare(DISABLED_EVENTS).all()) {
    const id = String((JSON.parse(String(payload)) as { endpoint_id: string }).endpoint_id).slice("ep_".length);
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  for (const { id, site, activations } of model.endpoints) {
    if ((times.get(id) ?? 0) > activations + 1) fault(`site ${site} was disabled ${times.get(id)} times`);
  }
}

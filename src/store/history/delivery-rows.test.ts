import assert from "node:assert/strict";
import { test } from "node:test";
import { openRows, START, STORED } from "../../../test/fixtures/sqlite-rows.ts";
import { readDeliveryRow } from "./delivery-rows.ts";
import { getDelivery } from "./delivery-views.ts";

function openOne() {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
  const endpoint = rows.endpoint({ tenant_seq: tenantSeq, name: "Orders" });
  const change = (sql: string, ...values: (string | number | null)[]) => rows.connection.db.prepare(sql).run(...values);
  return { rows, tenantSeq, event, endpoint, change, connection: rows.connection };
}

test("a delivered row says when and why it ended, and has no next attempt", () => {
  const { rows, connection, event, endpoint } = openOne();
  const delivery = rows.delivery({
    event_seq: event.seq,
    endpoint_seq: endpoint.seq,
    state: STORED.DELIVERED,
    attempts: 2,
    last_attempt_at: START + 50,
    ended_at: START + 60,
  });
  assert.deepEqual(readDeliveryRow(connection, delivery.seq), {
    seq: delivery.seq,
    id: delivery.id,
    eventId: event.id,
    eventType: "order.paid",
    endpointId: endpoint.id,
    endpointName: "Orders",
    endpointDeleted: false,
    state: "DELIVERED",
    attempts: 2,
    nextAttemptAt: null,
    firstScheduledAt: START,
    lastAttemptAt: START + 50,
    lastAttempt: null,
    endedAt: START + 60,
    reason: "delivered",
    createdAt: START,
    updatedAt: START + 60,
  });
});

test("a waiting row shows its due time, also while it is held", () => {
  const { rows, connection, event, endpoint, change } = openOne();
  const { seq } = rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: 1, due_at: START + 900 });
  const scheduled = readDeliveryRow(connection, seq);
  assert.deepEqual([scheduled?.state, scheduled?.nextAttemptAt], ["SCHEDULED", START + 900]);
  change("UPDATE endpoints SET status = 'PAUSED'");
  const held = readDeliveryRow(connection, seq);
  assert.deepEqual([held?.state, held?.nextAttemptAt], ["HELD", START + 900]);
});

test("an ordered row's next attempt is when its lane's wait ends", () => {
  const { rows, connection, event, endpoint, change } = openOne();
  const columns = { event_seq: event.seq, endpoint_seq: endpoint.seq, ordered: 1 };
  const retried = rows.delivery({ ...columns, state: 1 });
  const behind = rows.delivery({ ...columns, state: 0 });
  change("UPDATE lanes SET wait_until = ?", START + 5000);
  assert.equal(readDeliveryRow(connection, retried.seq)?.nextAttemptAt, START + 5000);
  assert.equal(readDeliveryRow(connection, behind.seq)?.nextAttemptAt, START);
});

test("a delivery that waits for a deleted endpoint reads as cancelled before the job has updated it", () => {
  const { rows, connection, event, endpoint, change } = openOne();
  const { seq } = rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: 0 });
  change("UPDATE endpoints SET deleted_at = ?", START + 70);
  const row = readDeliveryRow(connection, seq);
  assert.deepEqual(
    [
      row?.state,
      row?.reason,
      row?.endedAt,
      row?.nextAttemptAt,
      row?.updatedAt,
      row?.endpointName,
      row?.endpointDeleted,
    ],
    ["CANCELLED", "endpoint_deleted", START + 70, null, START + 70, "Orders", true],
  );
});

test("a delivery comes with its attempts, oldest first, and only to its own tenant", () => {
  const { rows, connection, tenantSeq, event, endpoint, change } = openOne();
  const { seq, id } = rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: STORED.DELIVERED });
  const failed = rows.attempt({
    delivery_seq: seq,
    number: 1,
    outcome: 1,
    classification: "http_status",
    http_status: 500,
    snippet: "no",
  });
  rows.attempt({ delivery_seq: 99, number: 1 });
  const succeeded = rows.attempt({
    delivery_seq: seq,
    number: 2,
    previous_seq: failed.seq,
    started_at: START + 5,
    http_status: 200,
  });
  change("UPDATE deliveries SET last_attempt_seq = ?", succeeded.seq);
  const attempts = getDelivery(connection, tenantSeq, id)?.attempts;
  assert.deepEqual(
    attempts?.map((attempt) => [attempt.id, attempt.number, attempt.outcome, attempt.classification, attempt.endedAt]),
    [
      [failed.id, 1, "RETRYABLE_FAILURE", "http_status", START + 10],
      [succeeded.id, 2, "SUCCESS", "success", START + 15],
    ],
  );
  assert.deepEqual([attempts?.[0]?.httpStatus, attempts?.[0]?.snippet], [500, "no"]);
  const last = { startedAt: START + 5, httpStatus: 200, classification: "success", errorDetail: null };
  assert.deepEqual(getDelivery(connection, tenantSeq, id)?.row.lastAttempt, last);
  change("UPDATE deliveries SET last_attempt_seq = ?", failed.seq);
  assert.deepEqual(readDeliveryRow(connection, seq)?.lastAttempt, {
    startedAt: START,
    httpStatus: 500,
    classification: "http_status",
    errorDetail: null,
  });
  assert.equal(getDelivery(connection, rows.tenant(), id), null);
  assert.equal(getDelivery(connection, tenantSeq, rows.newId()), null);
});

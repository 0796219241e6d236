import assert from "node:assert/strict";
import { test } from "node:test";
import { openRows, STORED } from "../../../test/fixtures/sqlite-rows.ts";
import type { Seq } from "../../domain/ids.ts";
import { getEvent } from "./events.ts";

/** A store with endpoints that had the given statuses, each from after one event on. */
function openStore() {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  return {
    rows,
    tenantSeq,
    connection: rows.connection,
    endpoint(history: readonly { after: Seq; status: string; filters?: readonly string[] }[]) {
      const endpoint = rows.endpoint({ tenant_seq: tenantSeq });
      for (const { after, status, filters } of history) {
        rows.insert("endpoint_history", {
          endpoint_seq: endpoint.seq,
          after_event_seq: after,
          status,
          event_types: filters === undefined ? null : JSON.stringify(filters),
        });
      }
      return endpoint;
    },
  };
}

test("an event has its deliveries, and why each other endpoint of its time got none", () => {
  const { rows, tenantSeq, connection, endpoint } = openStore();
  const reached = endpoint([{ after: 0, status: "ACTIVE", filters: ["order.*"] }]);
  const filtered = endpoint([{ after: 0, status: "DISABLED", filters: ["user.*"] }]);
  const disabled = endpoint([
    { after: 0, status: "ACTIVE" },
    { after: 4, status: "DISABLED" },
    { after: 5, status: "ACTIVE" },
  ]);
  endpoint([{ after: 5, status: "DISABLED" }]); // created after the event
  endpoint([
    { after: 0, status: "DISABLED" },
    { after: 4, status: "DELETED" },
  ]);
  const replayed = endpoint([{ after: 0, status: "DISABLED" }]);
  const event = rows.event({
    seq: 5,
    tenant_seq: tenantSeq,
    type: "order.paid",
    payload: '{"n":1.0}',
    first_delivery_seq: 1,
    delivery_count: 1,
  });
  const delivery = rows.delivery({ event_seq: 5, endpoint_seq: reached.seq, state: STORED.DELIVERED });
  const later = rows.delivery({ event_seq: 5, endpoint_seq: replayed.seq, state: STORED.PENDING, later: 1 });
  const view = getEvent(connection, tenantSeq, event.id);
  assert.equal(view?.payload, '{"n":1.0}');
  assert.deepEqual(
    view?.deliveries.map((row) => row.id),
    [delivery.id, later.id],
  );
  assert.deepEqual(view?.notDelivered, [
    { endpointId: filtered.id, endpointName: "Endpoint", endpointDeleted: false, reason: "filter" },
    { endpointId: disabled.id, endpointName: "Endpoint", endpointDeleted: false, reason: "disabled" },
  ]);
  assert.equal(getEvent(connection, rows.tenant(), event.id), null);
});

test("for an event with named endpoints, disabled ones are reported as disabled and others as not named", () => {
  const { rows, tenantSeq, connection, endpoint } = openStore();
  const named = endpoint([{ after: 0, status: "ACTIVE" }]);
  const disabled = endpoint([{ after: 0, status: "DISABLED" }]);
  const other = endpoint([{ after: 0, status: "DISABLED" }]);
  const event = rows.event({
    tenant_seq: tenantSeq,
    type: "order.paid",
    first_delivery_seq: 1,
    delivery_count: 1,
    named: 1,
    named_disabled: JSON.stringify([disabled.seq]),
  });
  rows.delivery({ event_seq: event.seq, endpoint_seq: named.seq, state: STORED.DELIVERED });
  assert.deepEqual(getEvent(connection, tenantSeq, event.id)?.notDelivered, [
    { endpointId: disabled.id, endpointName: "Endpoint", endpointDeleted: false, reason: "disabled" },
    { endpointId: other.id, endpointName: "Endpoint", endpointDeleted: false, reason: "not_named" },
  ]);
});

test("at most a thousand endpoints without a delivery are reported", () => {
  const { rows, tenantSeq, connection, endpoint } = openStore();
  rows.connection.db.exec("BEGIN");
  for (let count = 0; count < 1010; count += 1) endpoint([{ after: 0, status: "DISABLED" }]);
  rows.connection.db.exec("COMMIT");
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid", first_delivery_seq: 1 });
  assert.equal(getEvent(connection, tenantSeq, event.id)?.notDelivered.length, 1000);
});

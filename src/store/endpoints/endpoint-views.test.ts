import assert from "node:assert/strict";
import { test } from "node:test";
import { openRows, START, STORED } from "../../../test/fixtures/sqlite-rows.ts";
import { destinationOf } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import { WAITING_COUNT_MAX } from "../../domain/limits.ts";
import { getEndpoint, listEndpoints, loadDestinations } from "./endpoint-views.ts";

function openStore() {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
  function deliver(endpointSeq: Seq, state: number, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const lease = state === STORED.IN_PROGRESS ? 1000 * endpointSeq + index : null;
      rows.delivery({ event_seq: event.seq, endpoint_seq: endpointSeq, state, lease });
    }
  }
  return { rows, tenantSeq, deliver, connection: rows.connection };
}

test("an endpoint is read with its secrets and headers decrypted", () => {
  const { rows, tenantSeq, connection } = openStore();
  const made = rows.endpoint({
    tenant_seq: tenantSeq,
    event_types: '["order.*"]',
    headers_sealed: connection.vault.seal('{"X-Api":"k"}'),
    secret_sealed: connection.vault.seal("the second secret"),
    previous_secret_sealed: connection.vault.seal("the first secret"),
    previous_secret_until: START + 9,
  });
  const endpoint = getEndpoint(connection, tenantSeq, made.id)?.endpoint;
  assert.deepEqual(loadDestinations(connection, tenantSeq, [made.seq]).found, [endpoint && destinationOf(endpoint)]);
  assert.deepEqual(endpoint?.secrets, {
    current: "the second secret",
    previous: { secret: "the first secret", expiresAt: START + 9 },
  });
  assert.deepEqual([endpoint?.headers, endpoint?.eventTypes], [{ "X-Api": "k" }, ["order.*"]]);
  assert.deepEqual(endpoint?.retryScheduleSeconds, [5, 300]);
});

test("a secret that changes within the same millisecond is not read from the cache", () => {
  const { rows, tenantSeq, connection } = openStore();
  const { id, seq } = rows.endpoint({ tenant_seq: tenantSeq });
  const secret = () => getEndpoint(connection, tenantSeq, id)?.endpoint.secrets.current;
  assert.equal(secret(), "whsec_0123456789abcdef");
  const change = "UPDATE endpoints SET secret_sealed = ? WHERE seq = ?";
  rows.connection.db.prepare(change).run(connection.vault.seal("another secret here"), seq);
  assert.equal(secret(), "another secret here");
});

test("an endpoint counts what waits and what is leased, and its lane's attempts", () => {
  const { rows, tenantSeq, deliver, connection } = openStore();
  const { id, seq } = rows.endpoint({ tenant_seq: tenantSeq });
  const other = rows.endpoint({ tenant_seq: tenantSeq });
  deliver(seq, STORED.PENDING, 2);
  deliver(seq, STORED.SCHEDULED, 3);
  deliver(seq, STORED.IN_PROGRESS, 4);
  deliver(seq, STORED.DELIVERED, 5);
  deliver(other.seq, STORED.IN_PROGRESS, 6);
  const lane = "UPDATE lanes SET attempts_ok = 7, attempts_failed = 8, last_attempt_at = 9 WHERE endpoint_seq = ?";
  rows.connection.db.prepare(lane).run(seq);
  const view = getEndpoint(connection, tenantSeq, id);
  assert.deepEqual(view?.waiting, { count: 9, more: false });
  assert.deepEqual([view?.successCount, view?.failureCount, view?.lastAttemptAt], [7, 8, 9]);
});

test("a long backlog is counted up to the limit, and reported as longer", () => {
  const { rows, tenantSeq, deliver, connection } = openStore();
  const { id, seq } = rows.endpoint({ tenant_seq: tenantSeq, status: "PAUSED" });
  rows.connection.db.exec("BEGIN");
  deliver(seq, STORED.PENDING, WAITING_COUNT_MAX);
  rows.connection.db.exec("COMMIT");
  assert.deepEqual(getEndpoint(connection, tenantSeq, id)?.waiting, { count: WAITING_COUNT_MAX, more: false });
  deliver(seq, STORED.IN_PROGRESS, 1);
  assert.deepEqual(getEndpoint(connection, tenantSeq, id)?.waiting, { count: WAITING_COUNT_MAX, more: true });
});

test("endpoints are listed in creation order, page by page, without deleted ones and other tenants'", () => {
  const { rows, tenantSeq, connection } = openStore();
  const other = rows.tenant();
  const ids = Array.from({ length: 5 }, (_, index) => {
    rows.endpoint({ tenant_seq: other });
    const deleted_at = index === 2 ? START : null;
    return rows.endpoint({ tenant_seq: tenantSeq, deleted_at }).id;
  });
  const kept = ids.filter((_, index) => index !== 2);
  const first = listEndpoints(connection, tenantSeq, null, 3);
  assert.deepEqual(
    first.views.map(({ endpoint }) => endpoint.id),
    kept.slice(0, 3),
  );
  const second = listEndpoints(connection, tenantSeq, first.next, 3);
  assert.deepEqual(
    second.views.map(({ endpoint }) => endpoint.id),
    kept.slice(3),
  );
  assert.equal(second.next, null);
  assert.equal(getEndpoint(connection, tenantSeq, ids[2] ?? rows.newId()), null);
  assert.equal(getEndpoint(connection, other, ids[0] ?? rows.newId()), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { openRows, STORED } from "../../../test/fixtures/sqlite-rows.ts";
import { LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import { tail } from "./tail.ts";

function openTwo() {
  const rows = openRows();
  const [ours, others] = [rows.tenant(), rows.tenant()].map((tenantSeq) => {
    const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
    const endpoint = rows.endpoint({ tenant_seq: tenantSeq });
    return {
      tenantSeq,
      ...rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: STORED.SCHEDULED }),
    };
  });
  assert.ok(ours !== undefined && others !== undefined);
  return { rows, connection: rows.connection, ours, others };
}

test("without a position the tail returns only where the end is", () => {
  const { rows, connection, ours } = openTwo();
  assert.deepEqual(tail(connection, ours.tenantSeq, null, 10), { outcomes: [], upTo: 0, more: false });
  rows.attempt({ seq: 7, delivery_seq: ours.seq, number: 1 });
  assert.deepEqual(tail(connection, ours.tenantSeq, null, 10), { outcomes: [], upTo: 7, more: false });
  assert.deepEqual(tail(connection, ours.tenantSeq, 7, 10), { outcomes: [], upTo: 7, more: false });
  assert.deepEqual(tail(connection, ours.tenantSeq, 999, 10), { outcomes: [], upTo: 7, more: false });
});

test("the tail holds the tenant's outcomes in order, each as its delivery is now", () => {
  const { rows, connection, ours, others } = openTwo();
  for (const [index, delivery] of [ours, others, ours, others, ours, others].entries()) {
    rows.attempt({ delivery_seq: delivery.seq, number: index + 1 });
  }
  const first = tail(connection, ours.tenantSeq, 0, 2);
  assert.deepEqual(
    first.outcomes.map(({ attemptSeq, row }) => [attemptSeq, row.id, row.state]),
    [
      [1, ours.id, "SCHEDULED"],
      [3, ours.id, "SCHEDULED"],
    ],
  );
  assert.deepEqual([first.upTo, first.more], [3, true]);
  const second = tail(connection, ours.tenantSeq, first.upTo, 2);
  assert.deepEqual(
    second.outcomes.map(({ attemptSeq }) => attemptSeq),
    [5],
  );
  assert.deepEqual([second.upTo, second.more], [6, false]);
});

test("the tail skips other tenants' attempts and what retention deleted, in limited steps", () => {
  const { rows, connection, ours, others } = openTwo();
  const start = 1_000_000;
  rows.connection.db.exec("BEGIN");
  for (let index = 0; index <= LIST_ROWS_PER_STATEMENT; index += 1) {
    rows.attempt({ seq: start + index, delivery_seq: others.seq, number: 1 });
  }
  rows.connection.db.exec("COMMIT");
  rows.attempt({ seq: start + 5000, delivery_seq: ours.seq, number: 1 });
  const first = tail(connection, ours.tenantSeq, 3, 10);
  assert.deepEqual(first, { outcomes: [], upTo: start + LIST_ROWS_PER_STATEMENT - 1, more: true });
  const second = tail(connection, ours.tenantSeq, first.upTo, 10);
  assert.deepEqual([second.outcomes.length, second.more], [0, true]);
  const third = tail(connection, ours.tenantSeq, second.upTo, 10);
  assert.deepEqual([third.outcomes.length, third.upTo, third.more], [1, start + 5000, false]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore, START } from "../../../../test/fixtures/sqlite-writing.ts";
import { enter } from "../nodes.ts";
import { verify } from "./verify.ts";

/** A store with a delivery that has two attempts, one that is leased, and one that waits. */
function open() {
  const store = openStore();
  const endpoint = store.endpoint();
  const { deliverySeqs } = store.publish([endpoint, endpoint, endpoint]);
  const [delivered = 0, leased = 0] = deliverySeqs;
  const node = store.run((w) => enter(w, START).node);
  const attempt = (seq: number, previous: number | null) =>
    store.run((w) =>
      w
        .prepare(
          `INSERT INTO attempts
             (seq, delivery_seq, previous_seq, id, number, started_at, latency_ms, outcome, classification, url_seq)
           VALUES (?, ?, ?, ?, 1, 0, 0, 0, 'success', 1)`,
        )
        .run(seq, delivered, previous, new Uint8Array([seq])),
    );
  attempt(1, null);
  attempt(2, 1);
  store.set(delivered, { state: 3, ended_at: START, attempts: 2, last_attempt_seq: 2 });
  store.set(leased, { state: 2, lease: node * 2 ** 32 + 1, claims: 1 });
  const broken = () => {
    store.w.begin("read");
    const found = verify(store.w).filter(({ wrong }) => wrong > 0);
    store.w.commit();
    return found.map(({ rule, wrong, first }) => ({ rule, wrong, first }));
  };
  return { ...store, broken };
}

test("nothing is wrong with what verbs have written", () => {
  assert.deepEqual(open().broken(), []);
});

const BREAKS: readonly (readonly [sql: string, rule: RegExp])[] = [
  ["UPDATE deliveries SET lease = NULL WHERE seq = 2", /^a delivery has a lease exactly while/],
  ["UPDATE deliveries SET lease = 99 * 4294967296 WHERE seq = 2", /^a lease is that of a node/],
  ["UPDATE nodes SET is_void = 1", /^a lease is that of a node/],
  ["UPDATE deliveries SET ended_at = 1 WHERE seq = 3", /^a delivery has an end exactly/],
  ["UPDATE deliveries SET endpoint_seq = 99 WHERE seq = 2", /^a delivery is of an event and an endpoint/],
  ["UPDATE deliveries SET attempts = 1 WHERE seq = 1", /^a delivery has as many attempts/],
  ["UPDATE deliveries SET attempts = 3 WHERE seq = 1", /^a delivery has as many attempts/],
  ["UPDATE attempts SET previous_seq = 2 WHERE seq = 1", /^a delivery has as many attempts/],
  ["DELETE FROM attempts WHERE seq = 1", /^a delivery has as many attempts/],
  [
    "INSERT INTO attempts SELECT 3, 9, 2, id, 1, 0, 0, 0, 'gone', null, null, null, 1, null, null FROM attempts WHERE seq = 1",
    /^an attempt is of a delivery/,
  ],
  ["DELETE FROM deliveries WHERE seq = 3", /^an event has as many deliveries/],
  ["UPDATE lanes SET ready_at = NULL", /^the deliveries of an ACTIVE endpoint are sent/],
  ["UPDATE lanes SET held_bytes = 1", /^an ACTIVE endpoint holds nothing/],
  ["UPDATE tenants SET stored_bytes = stored_bytes - 1", /^a tenant stores as many bytes/],
  ["UPDATE tenants SET open_pauses = 1", /^a tenant has as many open pauses/],
];

for (const [sql, rule] of BREAKS) {
  test(`found: ${sql}`, () => {
    const store = open();
    store.run((w) => w.prepare(sql).run());
    const [first, ...more] = store.broken();
    assert.match(first?.rule ?? "", rule);
    assert.deepEqual(more, []);
  });
}

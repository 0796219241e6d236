import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { EndPauseResult, SettleNotification } from "../../ports/store.ts";
import type { Writing } from "../writing.ts";
import { claimNotifications, settleNotification, voidNotifications } from "./notifications.ts";
import { endDuePauses, endPause } from "./pause-endings.ts";
import { createPause, recordOpening } from "./pauses.ts";

const ADDRESS = "https://hooks.example.com/services/T0/B0/secret";

function open() {
  const store = openStore();
  const { w, actor, tenantSeq, newId, run } = store;
  return {
    ...store,
    ask(metadata: string | null = null) {
      const made = run(() =>
        createPause(w, {
          actor,
          tenantSeq,
          id: newId(),
          signIn: null,
          plan: null,
          tellsApprovers: false,
          question: {
            message: "?",
            options: ["a", "b"],
            details: [],
            allowTextResponse: false,
            timeoutDefault: null,
            metadata,
          },
          recipient: { channel: "slack", address: ADDRESS },
          notification: { status: "pending", reason: null },
          expiresAt: START + HOUR,
          idempotency: null,
          trace: null,
          now: START,
        }),
      );
      if (made.kind !== "created") throw new Error(made.kind);
      return made.pause;
    },
    answer: ({ id }: { id: EndPauseOf }): EndPauseResult =>
      run(() => endPause(w, { id, by: "human", choice: "a", text: null, now: START })),
  };
}

type EndPauseOf = Parameters<typeof endPause>[1]["id"];

test("an address is encrypted, and appears nowhere else in the file", () => {
  const { ask, answer, rows } = open();
  const pause = ask();
  answer(pause);
  assert.equal(pause.recipient?.address, ADDRESS);
  const stored = ["pauses", "audit", "events"].flatMap((table) => rows(`SELECT * FROM ${table}`));
  const text = stored
    .flatMap((row) => Object.values(row))
    .map((value) => Buffer.from(String(value)).toString("latin1"));
  assert.ok(text.every((value) => !value.includes("hooks.example.com")));
  assert.ok(!Buffer.from(stored[0]?.recipient_sealed as Uint8Array).includes("hooks.example.com"));
});

test("the event of an ended pause counts towards the held bytes of a paused endpoint", () => {
  const { w, ask, answer, endpoint, lane, tenantSeq, rows } = open();
  const [paused, active] = [endpoint({}), endpoint({})];
  w.db.exec(`UPDATE endpoints SET status = 'PAUSED' WHERE seq = ${paused.seq}`);
  w.memory.heldBytes.set(tenantSeq, 10);
  const result = answer(ask('{"note":"ü"}'));
  assert.ok(result.kind === "ended");
  assert.deepEqual(result.woken, [{ endpointSeq: active.seq, readyAt: START }]);
  const bytes = Buffer.byteLength(String(rows("SELECT payload FROM events")[0]?.payload));
  assert.deepEqual([lane(paused).held_bytes, lane(active).held_bytes], [bytes, 0]);
  assert.equal(w.memory.heldBytes.get(tenantSeq), 10 + bytes);
});

test("an endpoint whose secret does not decrypt does not keep a pause from ending", () => {
  const { w, run, ask, endpoint, count } = open();
  const broken = endpoint({});
  run(() => w.db.exec(`UPDATE endpoints SET secret_sealed = zeroblob(40) WHERE seq = ${broken.seq}`));
  ask();
  assert.equal(run(() => endDuePauses(w, START + HOUR, 10)).ended.length, 1);
  assert.equal(count("deliveries", `endpoint_seq = ${broken.seq}`), 1);
});

test("an ending that is rolled back leaves the pause as it was", () => {
  const { w, run, ask, count, row } = open();
  const pause = ask();
  assert.throws(() =>
    run(() => {
      endPause(w, { id: pause.id, by: "human", choice: "a", text: null, now: START });
      throw new Error("a mistake of ours");
    }),
  );
  assert.equal(row("SELECT status FROM pauses")?.status, 0);
  assert.deepEqual([count("events"), count("audit", "event_type = 'pause.responded'")], [0, 0]);
});

test("every statement that ends, claims or counts pauses uses an index, and none sorts", () => {
  const { w, run, ask, endpoint } = open();
  endpoint({});
  const statements = new Set<string>();
  const watched: Writing = {
    ...w,
    prepare(sql) {
      statements.add(sql);
      return w.prepare(sql);
    },
  };
  const outcomes: SettleNotification["outcome"][] = [
    { kind: "sent" },
    { kind: "failed", reason: "no" },
    { kind: "again", at: START + 1, reason: "later" },
    { kind: "released" },
  ];
  const pauses = outcomes.map(() => ask());
  run(() => {
    claimNotifications(watched, { channel: "slack", now: START, limit: 10, afterTenant: 0 });
    for (const [index, { id }] of pauses.entries()) {
      settleNotification(watched, { pauseId: id, now: START, outcome: outcomes[index] ?? { kind: "sent" } });
      recordOpening(watched, { pauseId: id, method: "GET", userAgent: null, now: START });
    }
    voidNotifications(watched, watched.self.node, START);
    endPause(watched, { id: pauses[0]?.id as EndPauseOf, by: "human", choice: "a", text: null, now: START });
    endPause(watched, { id: pauses[0]?.id as EndPauseOf, by: "human", choice: "b", text: null, now: START });
    endDuePauses(watched, START + HOUR, 10);
  });
  assert.ok(statements.size > 15);
  for (const sql of statements) {
    const details = w.db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail));
    // Partial indexes of exceptional rows, of which the statements need all entries, and a table of at most 100 rows.
    const bounded = /pauses_due|pauses_steps|notifications_due|notifications_claimed|receipt_keys/;
    for (const detail of details) {
      assert.ok(!detail.startsWith("SCAN ") || bounded.test(detail), `${detail}\n${sql}`);
      assert.ok(!detail.includes("TEMP B-TREE"), `${detail}\n${sql}`);
    }
  }
});

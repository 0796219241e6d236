import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DAY, HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import { ENDPOINTS_PER_TENANT_MAX, LANE_POOL_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { PatchEndpoint } from "../../ports/store.ts";
import { updateLane } from "../delivery/lane-rows.ts";
import { changeStatus, createEndpoint, deleteEndpoint, patchEndpoint } from "./endpoints.ts";

type Patch = Omit<PatchEndpoint, "actor" | "tenantSeq" | "id" | "now">;

function open() {
  const store = openStore();
  const { w, actor, tenantSeq } = store;
  const version = () =>
    Number(store.row("SELECT endpoint_version FROM tenants WHERE seq = ?", tenantSeq)?.endpoint_version);
  return {
    ...store,
    version,
    patch(endpoint: { id: Parameters<typeof deleteEndpoint>[1]["id"] }, patch: Patch, now = START) {
      const patched = store.run(() => patchEndpoint(w, { actor, tenantSeq, id: endpoint.id, now, ...patch }));
      assert.ok(patched);
      return patched;
    },
    remove(endpoint: { id: Parameters<typeof deleteEndpoint>[1]["id"] }, now = START) {
      return store.run(() => deleteEndpoint(w, { actor, tenantSeq, id: endpoint.id, now }));
    },
  };
}

test("a new endpoint is ACTIVE, has a lane, and makes earlier matches stale", () => {
  const { endpoint, lane, version, rows } = open();
  const before = version();
  const made = endpoint({ name: "Orders", headers: { "x-team": "a" }, eventTypes: ["order.*"] });
  assert.equal(made.status, "ACTIVE");
  assert.deepEqual(made.headers, { "x-team": "a" });
  assert.equal(made.secrets.current, "whsec_0123456789abcdef");
  assert.equal(lane(made).ready_at, null);
  assert.equal(version(), before + 1);
  const audit = rows("SELECT event_type, data FROM audit WHERE event_type = 'webhook.created'");
  assert.deepEqual(JSON.parse(String(audit[0]?.data)), { endpointId: made.id, url: made.url });
});

test("a repeated creation makes one endpoint", () => {
  const { w, run, endpoint, actor, tenantSeq, count } = open();
  const made = endpoint();
  const again = run(() =>
    createEndpoint(w, {
      actor,
      tenantSeq,
      id: made.id,
      settings: made,
      secret: "other",
      createdThrough: "endpoints",
      now: START,
    }),
  );
  assert.deepEqual(again, { kind: "created", endpoint: made });
  assert.equal(count("endpoints"), 1);
});

test("a tenant has at most so many endpoints, not counting deleted ones", () => {
  const { w, run, endpoint, actor, tenantSeq, newId, remove } = open();
  const first = endpoint();
  run(() =>
    w.db.exec(`
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ENDPOINTS_PER_TENANT_MAX - 1})
      INSERT INTO endpoints (id, tenant_seq, made_by, name, url, format, timeout_seconds, retry_schedule_seconds,
        max_in_flight, ordered, status, created_at, updated_at)
      SELECT randomblob(16), ${tenantSeq}, 'endpoints', 'n', 'u', 'plain', 10, '[]', 32, 0, 'ACTIVE', 0, 0 FROM n`),
  );
  const create = () =>
    run(() =>
      createEndpoint(w, {
        actor,
        tenantSeq,
        id: newId(),
        settings: first,
        secret: "s",
        createdThrough: "endpoints",
        now: START,
      }),
    );
  assert.deepEqual(create(), { kind: "quotaExceeded", quota: "endpoints", limit: ENDPOINTS_PER_TENANT_MAX });
  remove(first);
  assert.equal(create().kind, "created");
});

test("a patch changes what is present, all at once, and nothing else", () => {
  const { endpoint, patch } = open();
  const made = endpoint({ headers: { a: "b" }, description: "kept" });
  const { endpoint: patched } = patch(
    made,
    { settings: { name: "New", timeoutSeconds: 3, eventTypes: ["a.b"] }, status: "PAUSED" },
    START + 5,
  );
  assert.deepEqual(patched, {
    ...made,
    name: "New",
    timeoutSeconds: 3,
    eventTypes: ["a.b"],
    status: "PAUSED",
    pausedAt: START + 5,
    generation: made.generation + 1,
    updatedAt: START + 5,
  });
});

test("an empty patch changes nothing, not even the version", () => {
  const { endpoint, patch, version } = open();
  const made = endpoint();
  const before = version();
  assert.deepEqual(patch(made, { settings: {} }, START + 5).endpoint, made);
  assert.equal(version(), before);
});

test("another tenant's endpoint cannot be patched or deleted", () => {
  const { w, run, endpoint, tenant } = open();
  const { id } = endpoint();
  const actor = tenant();
  const request = { actor, tenantSeq: actor.tenantSeq, id, now: START };
  assert.equal(
    run(() => patchEndpoint(w, { ...request, status: "PAUSED" })),
    null,
  );
  assert.equal(
    run(() => deleteEndpoint(w, request)),
    null,
  );
});

test("a change of `ordered` or of the rate limit shows in the lane at once", () => {
  const { w, run, endpoint, actor, tenantSeq } = open();
  const { id, seq } = endpoint();
  run(() => {
    const before = w.lanes.get(seq);
    assert.equal(before.ordered, false);
    updateLane(before, { attemptsOk: 7 });
    patchEndpoint(w, { actor, tenantSeq, id, settings: { ordered: true, rateLimitPerSecond: 5 }, now: START });
    const { ordered, rateLimited, attemptsOk } = w.lanes.get(seq);
    assert.deepEqual({ ordered, rateLimited, attemptsOk }, { ordered: true, rateLimited: true, attemptsOk: 7 });
  });
});

test("pausing holds the lane, pausing again keeps the time of the hold, and resuming counts the time held", () => {
  const { endpoint, publish, patch, lane } = open();
  const made = endpoint();
  publish([made]);
  const paused = patch(made, { status: "PAUSED" }, START + HOUR);
  assert.equal(paused.lane.held, true);
  assert.equal(paused.lane.readyAt, null);
  assert.equal(patch(made, { status: "PAUSED" }, START + 2 * HOUR).endpoint.pausedAt, START + HOUR);
  const resumed = patch(made, { status: "ACTIVE" }, START + 3 * HOUR);
  assert.equal(resumed.endpoint.pausedAt, null);
  assert.deepEqual(
    { ready: resumed.lane.readyAt, heldMs: resumed.lane.heldMs, since: lane(made).held_since },
    { ready: START, heldMs: 2 * HOUR, since: null },
  );
});

test("disabling a paused endpoint keeps the time of the hold, and stores the reason", () => {
  const { endpoint, patch, lane } = open();
  const made = endpoint();
  patch(made, { status: "PAUSED" }, START + 1);
  const disabled = patch(made, { status: "DISABLED" }, START + 2).endpoint;
  assert.deepEqual([disabled.pausedAt, disabled.disabledReason], [null, "manual"]);
  assert.equal(lane(made).held_since, START + 1);
});

test("disabling what is already disabled keeps the first reason", () => {
  const { w, run, endpoint, patch } = open();
  const made = endpoint();
  run(() => changeStatus(w, made.seq, "DISABLED", "gone", START + 1));
  assert.equal(patch(made, { status: "DISABLED" }, START + 2).endpoint.disabledReason, "gone");
  assert.equal(patch(made, { status: "ACTIVE" }, START + 3).endpoint.disabledReason, null);
});

test("toggle disables an ACTIVE endpoint and activates a PAUSED or DISABLED one", () => {
  const { endpoint, patch } = open();
  const made = endpoint();
  const toggle = () => patch(made, { status: "toggle" }).endpoint.status;
  assert.deepEqual([toggle(), toggle()], ["DISABLED", "ACTIVE"]);
  patch(made, { status: "PAUSED" });
  assert.equal(toggle(), "ACTIVE");
});

for (const [what, patch] of Object.entries<Patch>({
  url: { settings: { url: "https://example.org/other" } },
  secret: { secret: { value: "a-new-signing-secret", previousUntil: null } },
  status: { status: "ACTIVE" },
})) {
  test(`a new ${what} raises the generation and ends rest and streak`, () => {
    const store = open();
    const made = store.endpoint();
    store.publish([made]);
    store.run(() => {
      const health = { failureStreak: 25, streakSinceActiveMs: START, restUntil: START + HOUR, restMs: 30_000 };
      updateLane(store.w.lanes.get(made.seq), { health, readyAt: START + HOUR });
    });
    const { endpoint, lane } = store.patch(made, patch, START + 1);
    assert.equal(endpoint.generation, made.generation + 1);
    assert.deepEqual([lane.health.failureStreak, lane.health.restUntil, lane.readyAt], [0, null, START]);
  });
}

test("a new name leaves generation, rest and streak alone", () => {
  const store = open();
  const made = store.endpoint();
  const health = { failureStreak: 25, streakSinceActiveMs: START, restUntil: START + HOUR, restMs: 30_000 };
  store.run(() => updateLane(store.w.lanes.get(made.seq), { health }));
  const { endpoint, lane } = store.patch(made, { settings: { name: "n" } });
  assert.equal(endpoint.generation, made.generation);
  assert.deepEqual(lane.health, health);
});

test("a receiver's Retry-After outlasts a pause, but not a move to another URL", () => {
  const { w, run, endpoint, patch, publish } = open();
  const made = endpoint();
  publish([made]);
  run(() => updateLane(w.lanes.get(made.seq), { waitUntil: START + HOUR }));
  patch(made, { status: "PAUSED" }, START + 1);
  assert.equal(patch(made, { status: "ACTIVE" }, START + 2).lane.readyAt, START + HOUR);
  assert.equal(patch(made, { settings: { url: "https://example.org/" } }, START + 3).lane.readyAt, START);
});

test("rotating a secret keeps the previous one for the overlap; null drops it at once", () => {
  const { endpoint, patch } = open();
  const made = endpoint();
  const rotated = patch(made, { secret: { value: "second-signing-secret", previousUntil: START + DAY } }).endpoint;
  assert.deepEqual(rotated.secrets, {
    current: "second-signing-secret",
    previous: { secret: "whsec_0123456789abcdef", expiresAt: START + DAY },
  });
  const switched = patch(made, { secret: { value: "third-signing-secret", previousUntil: null } }).endpoint;
  assert.deepEqual(switched.secrets, { current: "third-signing-secret", previous: null });
});

test("secrets and headers are not in the file in plain text", () => {
  const { endpoint, row } = open();
  const { seq } = endpoint({ headers: { authorization: "Bearer open-sesame" } });
  const stored = row("SELECT secret_sealed, headers_sealed FROM endpoints WHERE seq = ?", seq);
  assert.ok(!Buffer.from(stored?.secret_sealed as Uint8Array).includes("whsec_"));
  assert.ok(!Buffer.from(stored?.headers_sealed as Uint8Array).includes("sesame"));
});

test("the history has the status and filter that each event was matched with", () => {
  const { endpoint, patch, publish, rows } = open();
  const made = endpoint();
  const first = publish([made]).eventSeq;
  patch(made, { status: "DISABLED" });
  patch(made, { settings: { eventTypes: ["a.*"] } });
  patch(made, { settings: { name: "no filter, no status" } });
  const second = publish([]).eventSeq;
  patch(made, { status: "ACTIVE" });
  const history = rows("SELECT after_event_seq AS after, status, event_types FROM endpoint_history");
  assert.deepEqual(
    history.map((row) => ({ ...row })),
    [
      { after: first - 1, status: "ACTIVE", event_types: null },
      { after: first, status: "DISABLED", event_types: '["a.*"]' },
      { after: second, status: "ACTIVE", event_types: '["a.*"]' },
    ],
  );
});

test("deleting erases the secret and headers, keeps the name and URL, and holds the lane permanently", () => {
  const { endpoint, publish, remove, row, lane, version, patch, count } = open();
  const made = endpoint({ name: "Orders", headers: { a: "b" } });
  patch(made, { secret: { value: "second-signing-secret", previousUntil: START + DAY } });
  publish([made]);
  const before = version();
  const state = remove(made, START + 5);
  assert.deepEqual([state?.held, state?.readyAt, lane(made).ready_at], [true, null, null]);
  const stored = row("SELECT * FROM endpoints");
  assert.deepEqual(
    [stored?.name, stored?.url, stored?.deleted_at, stored?.secret_sealed, stored?.headers_sealed],
    ["Orders", made.url, START + 5, null, null],
  );
  assert.equal(stored?.previous_secret_sealed, null);
  assert.equal(version(), before + 1);
  assert.equal(count("audit", "event_type = 'webhook.deleted'"), 1);
  assert.equal(remove(made), null);
});

test("deleting starts a job when something waits, and none otherwise", () => {
  const { endpoint, publish, remove, count } = open();
  const [idle, busy] = [endpoint(), endpoint()];
  publish([busy]);
  remove(idle);
  assert.equal(count("jobs"), 0);
  remove(busy);
  assert.equal(count("jobs", "kind = 'cancel_backlog'"), 1);
});

test("bytes held no longer count against the tenant's quota once the endpoint is resumed or deleted", () => {
  const { w, run, endpoint, patch, remove, tenantSeq, lane } = open();
  const [a, b] = [endpoint(), endpoint()];
  for (const made of [a, b]) {
    patch(made, { status: "PAUSED" });
    run(() => updateLane(w.lanes.get(made.seq), { heldBytes: 100 }));
  }
  w.memory.heldBytes.set(tenantSeq, 200);
  patch(a, { status: "ACTIVE" });
  assert.deepEqual([w.memory.heldBytes.get(tenantSeq), lane(a).held_bytes], [100, 0]);
  remove(b);
  assert.deepEqual([w.memory.heldBytes.get(tenantSeq), lane(b).held_bytes], [0, 0]);
});

test("holding, resuming and deleting change no delivery, however large the backlog is", () => {
  const { w, endpoint, publish, patch, remove, row } = open();
  const made = endpoint();
  publish(Array.from({ length: 2000 }, () => made));
  assert.ok(LANE_POOL_DELIVERIES_MAX > 2000);
  const changes = () => Number(row("SELECT total_changes() AS n")?.n);
  for (const act of [
    () => patch(made, { status: "PAUSED" }),
    () => patch(made, { status: "ACTIVE" }),
    () => patch(made, { status: "DISABLED" }),
    () => remove(made),
  ]) {
    const before = changes();
    act();
    assert.ok(changes() - before < 10);
  }
  assert.equal(Number(w.prepare("SELECT count(*) AS n FROM deliveries WHERE state = 0").get()?.n), 2000);
});

test("after any sequence of changes, the time held is the time not ACTIVE, and a held lane is never ready", () => {
  const statuses = fc.constantFrom("ACTIVE", "PAUSED", "DISABLED", "toggle") as fc.Arbitrary<Patch["status"]>;
  fc.assert(
    fc.property(fc.array(fc.tuple(statuses, fc.integer({ min: 0, max: HOUR })), { maxLength: 12 }), (changes) => {
      const { endpoint, publish, patch, lane } = open();
      const made = endpoint();
      publish([made]);
      let now = START;
      let heldMs = 0;
      let status = "ACTIVE";
      for (const [wanted, wait] of changes) {
        now += wait;
        if (status !== "ACTIVE") heldMs += wait;
        const patched = patch(made, { status: wanted as "ACTIVE" }, now);
        status = patched.endpoint.status;
        assert.equal(patched.lane.held, status !== "ACTIVE");
        assert.equal(patched.lane.readyAt, status === "ACTIVE" ? START : null);
        assert.equal(patched.endpoint.pausedAt !== null, status === "PAUSED");
        if (status === "ACTIVE") assert.equal(lane(made).held_ms, heldMs);
      }
    }),
    { numRuns: 50 },
  );
});

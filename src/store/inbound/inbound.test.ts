import assert from "node:assert/strict";
import { test } from "node:test";
import {
  againOf,
  createSourceOf,
  digestOf,
  type Given,
  receiveOf,
  refuseOf,
  SOURCE_SECRET,
  verifiedOf,
} from "../../../test/fixtures/inbound.ts";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { REFUSED_KEPT_COUNT_MAX } from "../../domain/limits.ts";
import type { Receive, ReceiveResult } from "../../ports/store.ts";
import { each } from "../group.ts";
import { sweep } from "../upkeep/sweep.ts";
import { createVault } from "../vault.ts";
import { WRITER_VERBS } from "../verbs.ts";
import type { Writing } from "../writing.ts";
import { getCredentials } from "./credentials.ts";
import { findDigest } from "./digests.ts";
import { receiveOne } from "./receive.ts";
import { Refusals } from "./refusals.ts";
import { refuseOne } from "./refuse.ts";
import { deleteInbound, noteInbound, reprocess } from "./reprocess.ts";
import { createSource, deleteSource, ensureSources, patchSource } from "./sources.ts";
import { getInbound, listRejected } from "./views.ts";

function open() {
  const store = openStore();
  const { w, actor, newId, run } = store;
  const ground = { newId, now: START };
  let names = 0;
  return {
    ...store,
    ground,
    source(): Source {
      names += 1;
      const made = run(() => createSource(w, createSourceOf(ground, actor, { name: `source ${names}` })));
      if (made.kind !== "created") throw new Error(made.kind);
      return made.source;
    },
    receive: (requests: readonly Receive[]): ReceiveResult[] =>
      run(() => each(w, requests, (request) => receiveOne(w, request))),
    refuse(from: Source | null, given: Given = {}) {
      const request = refuseOf(ground, from, given);
      run(() => refuseOne(w, request));
      return request;
    },
  };
}

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a source's secrets are encrypted, appear nowhere else, and are erased with the source", () => {
  const { w, run, source, rows, row, actor, tenantSeq } = open();
  const { id } = source();
  const secret = { value: "another secret", previousUntil: START + 1 };
  run(() => patchSource(w, { actor, tenantSeq, id, settings: {}, secret, now: START }));
  const texts = ["sources", "audit"]
    .flatMap((table) => rows(`SELECT * FROM ${table}`))
    .flatMap((each) => Object.values(each))
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value)));
  for (const text of [SOURCE_SECRET, secret.value]) assert.ok(texts.every((value) => !value.includes(text)));
  run(() => deleteSource(w, { actor, tenantSeq, id, now: START }));
  const tombstone = row("SELECT * FROM sources");
  assert.deepEqual(
    [tombstone?.secret_sealed, tombstone?.previous_secret_sealed, tombstone?.previous_secret_until, tombstone?.name],
    [null, null, null, "source 1"],
  );
});

test("a deleted source's number is never used again", () => {
  const { w, run, source, actor, tenantSeq, row } = open();
  const { id, seq } = source();
  run(() => deleteSource(w, { actor, tenantSeq, id, now: START }));
  run(() => w.db.exec("DELETE FROM sources"));
  assert.ok(source().seq > seq);
  assert.equal(row("SELECT count(*) AS count FROM sources")?.count, 1);
});

// ── Receipt ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a failing receipt does not affect others, and leaves nothing", () => {
  const { source, receive, ground, newId, count, w, run } = open();
  const from = source();
  const taken = receiveOf(ground, from, { same: "a" });
  // Its event's id exists already.
  run(() => receiveOne(w, receiveOf(ground, from, { same: "before" })));
  const eventId = run(() => w.prepare("SELECT id FROM events").get())?.id as Uint8Array;
  const hex = Buffer.from(eventId).toString("hex");
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  const broken = receiveOf(ground, from, { same: "b" });
  const event = { ...(broken.event ?? assert.fail()), id: id as ReturnType<typeof newId> };
  const results = receive([taken, { ...broken, event }, receiveOf(ground, from, { same: "c" })]);
  assert.deepEqual(
    results.map(({ kind }) => kind),
    ["received", "broken", "received"],
  );
  for (const table of ["inbound", "inbound_digests", "inbound_events", "events"]) assert.equal(count(table), 3, table);
});

test("digests with the same beginning are distinguished", () => {
  const { w, source, receive, ground, run } = open();
  const from = source();
  const request = receiveOf(ground, from, { same: "a" });
  receive([request]);
  const twin = `${digestOf("a").slice(0, 12)}${"0".repeat(52)}`;
  assert.equal(
    run(() => findDigest(w, { sourceSeq: from.seq, digest: twin })),
    null,
  );
  assert.equal(receive([{ ...receiveOf(ground, from), digest: twin }])[0]?.kind, "received");
  const found = run(() => findDigest(w, { sourceSeq: from.seq, digest: digestOf("a") }));
  assert.equal(found?.id, request.id);
});

test("received requests count towards the held bytes of a paused endpoint", () => {
  const { w, source, receive, endpoint, ground, lane } = open();
  const paused = endpoint();
  w.db.exec(`UPDATE endpoints SET status = 'PAUSED' WHERE seq = ${paused.seq}`);
  const request = receiveOf(ground, source());
  assert.deepEqual(receive([request]), [{ kind: "received", woken: [] }]);
  assert.equal(lane(paused).held_bytes, Buffer.byteLength(request.event?.payload ?? ""));
});

test("the endpoints of an event are read again only after a change, including one that was rolled back", () => {
  const { w, source, receive, endpoint, ground, run, count, tenantSeq } = open();
  const from = source();
  const send = () => receive([receiveOf(ground, from, { same: null })]);
  endpoint();
  send();
  const targets = () => w.memory.subscriptions.targets(tenantSeq, "pause_status.activated");
  const before = targets();
  send();
  assert.equal(targets(), before);
  assert.throws(() =>
    run(() => {
      w.db.exec("UPDATE tenants SET endpoint_version = endpoint_version + 1");
      w.db.exec("UPDATE endpoints SET event_types = '[\"none\"]'");
      receiveOne(w, receiveOf(ground, from, { same: null }));
      throw new Error("a mistake of ours");
    }),
  );
  run(() => w.db.exec("UPDATE tenants SET endpoint_version = endpoint_version + 1"));
  send();
  assert.equal(count("deliveries"), 3);
});

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a full bucket loses the oldest of the address with the most, then of the one that came first", () => {
  const { refuse, rows } = open();
  const addresses = () =>
    rows("SELECT address, count(*) AS count FROM inbound GROUP BY address ORDER BY address").map(
      ({ address, count }) => [address, count],
    );
  const half = REFUSED_KEPT_COUNT_MAX / 2;
  for (let index = 0; index < half; index += 1) {
    refuse(null, { address: "a" });
    refuse(null, { address: "b" });
  }
  const oldest = rows("SELECT seq, address FROM inbound ORDER BY seq LIMIT 2");
  refuse(null, { address: "c" });
  assert.deepEqual(addresses(), [
    ["a", half - 1],
    ["b", half],
    ["c", 1],
  ]);
  refuse(null, { address: "c" });
  assert.deepEqual(addresses(), [
    ["a", half - 1],
    ["b", half - 1],
    ["c", 2],
  ]);
  const left = rows("SELECT seq FROM inbound ORDER BY seq LIMIT 1")[0]?.seq;
  assert.ok(Number(left) > Number(oldest[1]?.seq));
  refuse(null, { address: "a" });
  assert.deepEqual(addresses()[0], ["a", half - 1], "the sender that fills it loses its own requests");
});

test("an IPv6 network of 64 bits counts as one address, and its flood displaces no other address", () => {
  const { refuse, rows } = open();
  for (let index = 0; index < 3; index += 1) refuse(null, { address: "192.0.2.1" });
  for (let index = 0; index < REFUSED_KEPT_COUNT_MAX; index += 1) {
    refuse(null, { address: `2001:db8::${index.toString(16)}` });
  }
  assert.equal(rows("SELECT seq FROM inbound").length, REFUSED_KEPT_COUNT_MAX);
  assert.equal(rows("SELECT seq FROM inbound WHERE address = '192.0.2.1'").length, 3);
});

test("the counts match the rows after rollbacks and retention", () => {
  const { w, run, refuse, source, ground, count } = open();
  const from = source();
  refuse(from);
  assert.throws(() =>
    run(() => {
      for (let index = 0; index < 10; index += 1) refuseOne(w, refuseOf(ground, from));
      throw new Error("a mistake of ours");
    }),
  );
  for (let index = 1; index < REFUSED_KEPT_COUNT_MAX; index += 1) refuse(from, { now: START + 10 });
  assert.equal(count("inbound"), REFUSED_KEPT_COUNT_MAX);
  run(() => sweep(w, { now: START + 10, retentionMs: 5 }));
  assert.equal(count("inbound"), REFUSED_KEPT_COUNT_MAX - 1);
  refuse(from);
  refuse(from);
  assert.equal(count("inbound"), REFUSED_KEPT_COUNT_MAX);
});

test("a flood counts no rows: they are read once, and again only after other rows were deleted", () => {
  const { w, refuse } = open();
  for (let index = 0; index < 5; index += 1) refuse(null);
  let reads = 0;
  const refusals = new Refusals({
    ...w,
    prepare(sql) {
      reads += 1;
      return w.prepare(sql);
    },
  });
  for (let seq = 6; seq < 6 + REFUSED_KEPT_COUNT_MAX; seq += 1) refusals.entered(null, "192.0.2.9", seq);
  assert.equal(reads, 1);
  assert.deepEqual(refusals.entered(null, "192.0.2.9", 9999).length, 1);
  refusals.left(1);
  assert.equal(reads, 1);
  refusals.left(null);
  assert.deepEqual(refusals.entered(null, "192.0.2.1", 5), []);
  assert.equal(reads, 2);
});

// ── Credentials ─────────────────────────────────────────────────────────────────────────────────────────────────────

const PASSWORD = "Basic dTpwYXNzd29yZA==";

test("credentials are encrypted, appear nowhere else, and are deleted with their record", () => {
  const { w, run, source, refuse, rows, count, actor, tenantSeq } = open();
  const from = source();
  const [verified, deleted] = [refuse(from, { credentials: PASSWORD }), refuse(from, { credentials: PASSWORD })];
  const values = ["inbound", "inbound_credentials"].flatMap((table) =>
    rows(`SELECT * FROM ${table}`).map(Object.values),
  );
  for (const value of values.flat()) {
    const text = value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value);
    assert.ok(!text.includes("dTpwYXNzd29yZA"), text);
  }
  const of = (count: number) => assert.equal(rows("SELECT * FROM inbound_credentials").length, count);
  of(2);
  run(() => reprocess(w, verifiedOf({ newId: w.newId, now: START }, actor, from, verified)));
  of(1);
  run(() => deleteInbound(w, { actor, tenantSeq, id: deleted.id, now: START }));
  of(0);
  for (let index = 0; index <= REFUSED_KEPT_COUNT_MAX; index += 1) refuse(from, { credentials: PASSWORD });
  of(REFUSED_KEPT_COUNT_MAX);
  while (run(() => sweep(w, { now: START + 10, retentionMs: 5 })).more);
  of(0);
  assert.equal(count("inbound"), 0);
});

test("credentials that do not decrypt affect nothing else", () => {
  const { w, source, refuse, rows, tenantSeq } = open();
  const from = source();
  const { id } = refuse(from, { credentials: PASSWORD });
  w.prepare("UPDATE inbound_credentials SET sealed = ?").run(createVault(Buffer.alloc(32)).seal(PASSWORD));
  assert.deepEqual(getCredentials(w, id), { kind: "unopenable" });
  w.prepare("UPDATE inbound_credentials SET sealed = x'00'").run();
  assert.deepEqual(getCredentials(w, id), { kind: "unopenable" });
  assert.equal(getInbound(w, null, id)?.id, id);
  assert.equal(listRejected(w, tenantSeq, from.id, null, 10).records.length, 1);
  assert.equal(rows("SELECT * FROM inbound_credentials").length, 1);
});

// ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────────────

test("fewer records with large bodies are deleted per step", () => {
  const { w, run, refuse, source, count } = open();
  const from = source();
  const body = "0".repeat(256 * 1024);
  for (let index = 0; index < 60; index += 1) refuse(from, { body });
  const step = () => run(() => sweep(w, { now: START + 10, retentionMs: 5 }));
  assert.ok(step().more);
  assert.ok(count("inbound") > 20, String(count("inbound")));
  let steps = 1;
  while (step().more) steps += 1;
  assert.ok(count("inbound") === 0 && steps < 10);
});

test("links are deleted by age, and lead nowhere once their record is deleted", () => {
  const { w, run, receive, source, ground, count, actor } = open();
  const request = receiveOf(ground, source());
  receive([request]);
  run(() => deleteInbound(w, { actor, tenantSeq: null, id: request.id, now: START }));
  assert.equal(count("inbound_events"), 1);
  const later = receiveOf(ground, source());
  receive([later]);
  assert.deepEqual(getInbound(w, null, later.id)?.eventIds, [later.event?.id]);
  while (run(() => sweep(w, { now: START + 10, retentionMs: 5 })).more);
  for (const table of ["inbound", "inbound_events", "inbound_digests"]) assert.equal(count(table), 0, table);
});

// ── Plans ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test("every statement that writes uses an index, and none sorts", () => {
  const { w, run, source, ground, actor, tenantSeq, endpoint } = open();
  endpoint();
  const statements = new Set<string>();
  const watched: Writing = {
    ...w,
    prepare(sql) {
      statements.add(sql);
      return w.prepare(sql);
    },
  };
  const from = source();
  const kept = receiveOf(ground, from);
  const refused = [refuseOf(ground, from, { credentials: PASSWORD }), refuseOf(ground, null)];
  run(() => {
    createSource(watched, createSourceOf(ground, actor));
    ensureSources(watched, [{ id: ground.newId(), name: "wanted", secret: SOURCE_SECRET }], START);
    for (const value of ["another secret", "another secret"]) {
      const change = { settings: { name: "renamed" }, secret: { value, previousUntil: START } };
      patchSource(watched, { actor, tenantSeq, id: from.id, ...change, now: START });
    }
    for (let time = 0; time < 2; time += 1) {
      WRITER_VERBS.receive(watched, [kept, receiveOf(ground, from), receiveOf(ground, from, { same: null })]);
    }
    WRITER_VERBS.refuse(watched, refused);
    reprocess(watched, againOf(ground, actor, from, kept.id));
    reprocess(watched, verifiedOf(ground, actor, from, refused[0] ?? assert.fail(), { same: "other" }));
    noteInbound(watched, { actor, tenantSeq, id: kept.id, notes: "n", now: START });
    deleteInbound(watched, { actor, tenantSeq, id: kept.id, now: START });
    deleteSource(watched, { actor, tenantSeq, id: from.id, now: START });
  });
  assert.ok(statements.size > 20);
  for (const sql of statements) {
    for (const { detail } of w.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
      const text = String(detail);
      // The first row of a table in the order of its rows.
      const bounded = text === "SCAN tenants" && sql.includes("LIMIT 1");
      assert.ok(bounded || !text.startsWith("SCAN "), `${text}\n${sql}`);
      assert.ok(!text.includes("TEMP B-TREE"), `${text}\n${sql}`);
    }
  }
});

test("the kept requests of a flood are read by their index alone", () => {
  const { w } = open();
  for (const source of ["= 1", "IS NULL"]) {
    const sql = `SELECT seq, address FROM inbound INDEXED BY inbound_refused WHERE source_seq ${source} AND valid = 0 ORDER BY seq`;
    const details = w.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    assert.deepEqual(
      details.map(({ detail }) => detail),
      ["SEARCH inbound USING COVERING INDEX inbound_refused (source_seq=?)"],
    );
  }
});

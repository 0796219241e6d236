import assert from "node:assert/strict";
import { test } from "node:test";
import { insertEventAndDeliveries, openStore, START } from "../../test/fixtures/sqlite-writing.ts";
import { updateLane } from "./delivery/lane-rows.ts";
import { commitGroup, each } from "./group.ts";
import { newTotals, readTotals } from "./totals.ts";
import { enter, leave } from "./upkeep/nodes.ts";
import type { Writing } from "./writing.ts";

const note = (w: Writing, name: string) => w.prepare("INSERT INTO meta VALUES (?, '1')").run(name).changes;
const notes = (w: Writing) =>
  w
    .prepare("SELECT name FROM meta WHERE name GLOB 'note *' ORDER BY name")
    .all()
    .map(({ name }) => name);

test("a failing verb is rolled back alone, and answers so", () => {
  const { w } = openStore();
  const answers = commitGroup<unknown>(w, [
    () => note(w, "note 1"),
    () => {
      note(w, "note 2");
      throw new Error("a mistake of ours");
    },
    () => note(w, "note 3"),
  ]);
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ["ok", "broken", "ok"],
  );
  assert.deepEqual(notes(w), ["note 1", "note 3"]);
});

test("only what is committed is counted", () => {
  const memory = newTotals();
  const store = openStore(":memory:", memory);
  const { w } = store;
  const endpoint = store.endpoint();
  store.publish([endpoint, endpoint]);
  const publishes = () =>
    void insertEventAndDeliveries(w, { ...store, owner: store.actor, endpoints: [endpoint], options: {} });
  const fails = () => {
    publishes();
    throw new Error("a mistake of ours");
  };
  const { events, deliveries } = readTotals(memory);
  assert.deepEqual([events.publish, deliveries.publish, deliveries.replay], [1, 2, 0]);
  commitGroup<unknown>(w, [publishes, fails, publishes]);
  assert.equal(readTotals(memory).events.publish, 3);
  w.db.exec(`PRAGMA max_page_count = ${Number(w.prepare("PRAGMA page_count").get()?.page_count) + 2}`);
  commitGroup<unknown>(w, [publishes, () => note(w, `note ${"x".repeat(100_000)}`)]);
  assert.equal(readTotals(memory).events.publish, 3);
});

test("an element that violates a constraint does not affect the others of its array", () => {
  const { w } = openStore();
  const [answer] = commitGroup(w, [() => each(w, ["note 1", "note 1", "note 2"], (name) => note(w, name))]);
  assert.ok(answer?.kind === "ok");
  assert.equal(answer.value.filter((result) => typeof result === "object").length, 1);
  assert.deepEqual(notes(w), ["note 1", "note 2"]);
});

test("a group on a full disk is rolled back completely, and the next one succeeds", () => {
  const store = openStore();
  const { w } = store;
  const { seq } = store.endpoint();
  const pages = Number(w.prepare("PRAGMA page_count").get()?.page_count);
  w.db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const fill = () => note(w, `note ${"x".repeat(100_000)}`);
  const wait = () => updateLane(w.lanes.get(seq), { waitUntil: 1 });
  const answers = commitGroup<unknown>(w, [() => note(w, "note 1"), wait, fill]);
  assert.deepEqual(
    answers.map((answer) => answer.kind === "unavailable" && answer.full),
    [true, true, true],
  );
  assert.deepEqual(notes(w), []);
  w.db.exec("PRAGMA max_page_count = 100000");
  assert.equal(commitGroup(w, [() => note(w, "note 4")])[0]?.kind, "ok");
  assert.deepEqual(notes(w), ["note 4"]);
  assert.equal(store.row("SELECT wait_until FROM lanes WHERE endpoint_seq = ?", seq)?.wait_until, null);
});

test("a node whose commit fails has neither entered nor left", () => {
  const { w, run } = openStore();
  const { node } = run(() => enter(w, START));
  const pages = Number(w.prepare("PRAGMA page_count").get()?.page_count);
  w.db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  for (const verb of [() => enter(w, START), () => leave(w, START)]) {
    const answers = commitGroup<unknown>(w, [verb, () => note(w, `note ${"x".repeat(100_000)}`)]);
    assert.equal(answers[0]?.kind, "unavailable");
    assert.equal(w.self.node, node);
  }
});

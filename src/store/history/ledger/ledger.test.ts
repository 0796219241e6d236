import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { expectations } from "../../../../test/fixtures/ledger.ts";
import { openStore, START, type Store } from "../../../../test/fixtures/sqlite-writing.ts";
import { ANY_DELIVERY, STATES_OF_STATUS } from "../../../domain/history/ledger.ts";
import type { Seq } from "../../../domain/ids.ts";
import { LEDGER_UNREAD_STEPS_COUNT } from "../../../domain/limits.ts";
import type { LedgerQuery } from "../../../ports/store.ts";
import { all } from "../../read-connection.ts";
import { noteChanged } from "../ledger-changes.ts";
import { createKeeping, type Keeping, LEDGER_VERBS } from "./verbs.ts";
import { writeLedger } from "./write.ts";

/** More rows than one segment can have. */
const MADE_AT_ONCE = 1500;

interface World {
  readonly store: Store;
  readonly cache: Parameters<typeof createKeeping>[1];
  keeping: Keeping;
  /** That of another node. */
  other: Keeping;
  now: number;
}

/** More than the columns of one segment take, and less than those of two. */
const CACHE_BYTES = 300_000;

function createWorld(cache: World["cache"] = {}): World {
  const store = openStore();
  store.publish([store.endpoint()]);
  const open = () => createKeeping(shared(store), cache);
  return { store, cache, keeping: open(), other: open(), now: START };
}

/** Copies of the first delivery, created a millisecond later. */
function make(world: World): void {
  world.now += 1;
  const { store, now } = world;
  store.w.db.exec(`
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${MADE_AT_ONCE})
    INSERT INTO deliveries
      (id, event_seq, endpoint_seq, tenant_seq, type_seq, state, format, ordered, created_at, due_at, claims, attempts,
       attempts_before_run, claims_before_run, cancel_requested, later)
    SELECT unhex(printf('%012x7%03x8%03x%012x', ${now}, 0, 0, n)), event_seq, endpoint_seq, tenant_seq, type_seq, 0,
      format, ordered, ${now}, due_at, 0, 0, 0, 0, 0, 1
    FROM n CROSS JOIN (SELECT * FROM deliveries LIMIT 1)`);
}

/** Some of the deliveries, but never the last one: its number would be used again. */
function some({ store }: World, luck: number, most: number): Seq[] {
  const sql = `SELECT seq FROM deliveries WHERE ${BETWEEN} AND seq % 17 = ? ORDER BY seq % 1009 LIMIT ?`;
  return all<{ seq: Seq }>(store.w, sql, luck % 17, most).map(({ seq }) => seq);
}

const BETWEEN = "seq > 1 AND seq < (SELECT max(seq) FROM deliveries)";

const ATTEMPT = `
  INSERT INTO attempts (delivery_seq, id, number, started_at, latency_ms, outcome, classification, url_seq)
  VALUES (?, zeroblob(16), 1, 0, 0, 0, 'success', 0)`;

const deeds: Readonly<Record<string, (world: World, luck: number) => void>> = {
  make,
  deliver(world, luck) {
    for (const seq of some(world, luck, 50)) {
      world.store.set(seq, { state: 3, attempts: 1 + (luck % 3), ended_at: world.now + (seq % 10) });
      world.store.w.prepare(ATTEMPT).run(seq);
    }
  },
  cancel(world, luck) {
    for (const seq of some(world, luck, 50)) {
      world.store.set(seq, { state: 5, ended_at: world.now });
      noteChanged(world.store.w, world.store.tenantSeq, seq);
    }
  },
  retry(world, luck) {
    for (const seq of some(world, luck, 50)) {
      world.store.set(seq, { state: 0, ended_at: null });
      noteChanged(world.store.w, world.store.tenantSeq, seq);
    }
  },
  delete(world, luck) {
    const { store } = world;
    const oldest = `SELECT seq FROM deliveries WHERE ${BETWEEN} ORDER BY seq LIMIT ?`;
    const old = all<{ seq: Seq }>(store.w, oldest, luck * 100).map(({ seq }) => seq);
    store.w.db.exec("BEGIN");
    for (const seq of [...old, ...some(world, luck, 20)]) {
      store.w.prepare("DELETE FROM deliveries WHERE seq = ?").run(seq);
      noteChanged(store.w, store.tenantSeq, seq);
    }
    store.w.db.exec("COMMIT");
  },
  /** Another node becomes the one that stores the ledger. This one does not know it at once. */
  swap(world) {
    [world.keeping, world.other] = [world.other, world.keeping];
  },
  step({ keeping }, luck) {
    for (let steps = luck; steps >= 0 && LEDGER_VERBS.stepLedger(keeping).more; steps -= 1);
  },
  /** Write one part. The next parts may never be written. */
  write({ keeping, store }) {
    const write = LEDGER_VERBS.nextWrite(keeping);
    LEDGER_VERBS.noteWritten(keeping, { write, isStored: writeLedger(store.w, write) });
  },
  /** Write a part whose answer is lost. */
  writeUnheard: ({ keeping, store }) => writeLedger(store.w, LEDGER_VERBS.nextWrite(keeping)),
  restart(world) {
    world.keeping = createKeeping(shared(world.store), world.cache);
  },
};

/** As on PostgreSQL: several nodes may store the ledger. */
const shared = ({ w }: Store) => ({ ...w, isShared: true });

const orders: readonly LedgerQuery["order"][] = [
  { by: "createdAt", direction: "desc" },
  { by: "deliveredAt", direction: "asc" },
  { by: "attempts", direction: "desc" },
];

function check({ store, keeping }: World, expected: ReturnType<typeof expectations>): void {
  for (const [index, status] of ([null, "pending", "delivered", "failed"] as const).entries()) {
    const asked: LedgerQuery = {
      filter: {
        ...ANY_DELIVERY,
        tenantSeq: store.tenantSeq,
        states: status === null ? null : STATES_OF_STATUS[status],
      },
      order: orders[index % orders.length] ?? { by: "createdAt", direction: "asc" },
      offset: 0,
      limit: 60,
      asOf: null,
      now: START,
    };
    const page = LEDGER_VERBS.listLedger(keeping, asked);
    assert.deepEqual({ ids: page.rows.map(({ id }) => id), total: page.total }, expected(asked));
  }
}

test("the ledger agrees with the deliveries after any sequence of changes, deletions and crashes", () => {
  const deed = fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.nat({ max: 30 }));
  fc.assert(
    fc.property(fc.array(deed, { minLength: 15, maxLength: 40, size: "max" }), (done) => {
      const world = createWorld({ bytesMax: CACHE_BYTES, unreadBytesMax: 0 });
      make(world);
      for (const [name, luck] of done) {
        world.now += 1;
        deeds[name]?.(world, luck);
      }
      const expected = expectations(world.store.w);
      check(world, expected);
      deeds.restart?.(world, 0);
      check(world, expected);
      world.store.w.db.close();
    }),
    { numRuns: 6 },
  );
});

function writeAll({ keeping, store }: World): void {
  while (LEDGER_VERBS.stepLedger(keeping).more);
  let write = LEDGER_VERBS.nextWrite(keeping);
  for (; write.progress === null; write = LEDGER_VERBS.nextWrite(keeping)) {
    LEDGER_VERBS.noteWritten(keeping, { write, isStored: writeLedger(store.w, write) });
  }
  LEDGER_VERBS.noteWritten(keeping, { write, isStored: writeLedger(store.w, write) });
}

test("a node that has read the ledger before another one stored a part stores nothing", () => {
  const world = createWorld();
  make(world);
  while (LEDGER_VERBS.stepLedger(world.keeping).more);
  const late = LEDGER_VERBS.nextWrite(world.keeping);
  deeds.swap?.(world, 0);
  writeAll(world);
  deeds.deliver?.(world, 1);
  writeAll(world);
  assert.equal(writeLedger(world.store.w, late), false);
  check(world, expectations(world.store.w));
  deeds.restart?.(world, 0);
  check(world, expectations(world.store.w));
});

test("a query between two parts that a node stores does not read the ledger again", () => {
  const world = createWorld();
  make(world);
  while (LEDGER_VERBS.stepLedger(world.keeping).more);
  const { ledger } = world.keeping;
  const write = LEDGER_VERBS.nextWrite(world.keeping);
  const isStored = writeLedger(world.store.w, write);
  check(world, expectations(world.store.w));
  LEDGER_VERBS.noteWritten(world.keeping, { write, isStored });
  check(world, expectations(world.store.w));
  assert.equal(world.keeping.ledger, ledger);
});

test("the stored ledger is small: one segment per 4096 deliveries, and no change note that it includes", () => {
  const world = createWorld();
  for (let times = 0; times < 6; times += 1) make(world);
  writeAll(world);
  assert.equal(world.store.count("ledger_segments"), Math.ceil((6 * MADE_AT_ONCE + 1) / 4096));
  assert.equal(world.store.count("ledger_changes"), 0);
  assert.deepEqual(LEDGER_VERBS.nextWrite(world.keeping).segments, []);
});

test("columns stay in memory after somebody has read them, and most of them go when nobody does for long", () => {
  const world = createWorld({ unreadBytesMax: CACHE_BYTES });
  const { keeping } = world;
  const bytes = () => keeping.ledger?.bytes ?? 0;
  for (let times = 0; times < 6; times += 1) make(world);
  writeAll(world);
  LEDGER_VERBS.stepLedger(keeping);
  assert.ok(bytes() < CACHE_BYTES, `${bytes()} before the first read`);
  const expected = expectations(world.store.w);
  check(world, expected);
  for (let steps = 0; steps < LEDGER_UNREAD_STEPS_COUNT; steps += 1) LEDGER_VERBS.stepLedger(keeping);
  assert.ok(bytes() > CACHE_BYTES, `${bytes()} after it`);
  LEDGER_VERBS.stepLedger(keeping);
  assert.ok(bytes() < CACHE_BYTES, `${bytes()} later`);
  check(world, expected);
});

test("once retention has deleted all of a segment, nothing of it is left", () => {
  const world = createWorld();
  for (let times = 0; times < 6; times += 1) make(world);
  writeAll(world);
  while (world.store.count("deliveries") > 2) deeds.delete?.(world, 30);
  writeAll(world);
  // The first and the last delivery, each next to at most one that is deleted.
  const counts = world.store.rows("SELECT count FROM ledger_segments").map(({ count }) => Number(count));
  assert.equal(counts.length, 2);
  assert.ok(Math.max(...counts) <= 2, String(counts));
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runHere } from "../../test/fixtures/threads-here.ts";
import { openSqliteStore } from "./sqlite/store.ts";
import type { ThreadName } from "./threads/thread-files.ts";

test("a store that nobody reads has one thread, and two calls at once start one more", async (t) => {
  const dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-store-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const started: ThreadName[] = [];
  const store = await openSqliteStore({
    dataDir,
    masterKey: null,
    onDeath: assert.ifError,
    startRunner: (name, start) => {
      started.push(name);
      return runHere(name, start);
    },
  });
  assert.deepEqual(await store.listTenants(null, 1), { tenants: [], next: null });
  await store.keepLedger(true);
  assert.deepEqual(started, ["writer-thread"]);
  await Promise.all([store.listNodes(), store.stats()]);
  assert.deepEqual(started, ["writer-thread", "reader-thread"]);
  await store.close();
});

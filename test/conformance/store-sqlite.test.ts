/** The conformance suite on the SQLite store, with a real file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { dataFiles } from "../../src/store/sqlite/files/files.ts";
import { openSqliteStore, type SqliteOptions } from "../../src/store/sqlite/store.ts";
import { verifySqlite } from "../../src/store/upkeep/verify/verify-store.ts";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { endTracking } from "../processes/test-tracking.ts";
import { describeStore, SPECIAL_CALLS, USUAL_CALLS } from "./store/suite.ts";
import type { OpenedStore } from "./store/world.ts";

async function openInTempDir(startRunner?: SqliteOptions["startRunner"]): Promise<OpenedStore> {
  const dataDir = mkdtempSync(join(tmpdir(), "signalbox-store-"));
  // Migrations and the ballast have their own tests.
  prepareDataDir(dataDir);
  const onDeath = (error: Error) => assert.fail(`a thread died: ${error.message}`);
  const open = () => openSqliteStore({ dataDir, masterKey: null, onDeath, ...(startRunner && { startRunner }) });
  let store = await open();
  return {
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async writeFromOutside() {
      const db = new DatabaseSync(dataFiles(dataDir).database, { timeout: 5000 });
      db.exec("INSERT OR REPLACE INTO meta VALUES ('written_from_outside', 1)");
      db.close();
    },
    async dispose() {
      await store.close();
      const broken = verifySqlite(dataDir).filter(({ wrong }) => wrong > 0);
      assert.deepEqual(broken, [], "what the cases have written is verified, as by `admin verify`");
      rmSync(dataDir, { recursive: true });
    },
  };
}

describeStore("the SQLite store with its threads", () => openInTempDir(), SPECIAL_CALLS);
// Starting threads for each of its stores and restarts takes two thirds of the suite.
describeStore("the SQLite store in one thread", () => openInTempDir(runHere), USUAL_CALLS);
endTracking();

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { prepareDataDir } from "../../../test/fixtures/empty-store.ts";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { FOREIGN_CHANGES_KEPT_COUNT } from "../../domain/limits.ts";
import { dataFiles } from "../sqlite/files/files.ts";
import { changesSince, type NotedChange, noteForeignChange } from "./foreign-changes.ts";

const ANYTHING = { kind: "anything" } as const;
const KEYS = { kind: "keys" } as const;

/** Two connections to one file, like a server and the command line. */
function open(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-changes-"));
  t.after(() => rmSync(dir, { recursive: true }));
  prepareDataDir(dir);
  const { database } = dataFiles(dir);
  const [server, other] = [openStore(database), openStore(database)];
  let { mark } = server.run((w) => changesSince(w, null));
  return {
    note: (...changes: NotedChange[]) =>
      other.run((w) => {
        for (const change of changes) noteForeignChange(w, change);
      }),
    /** Commit without a record, as another program would. */
    write: (sql = "INSERT OR REPLACE INTO meta VALUES ('written', random())") => other.run((w) => w.db.exec(sql)),
    ask(since = mark) {
      const answer = server.run((w) => changesSince(w, since));
      mark = answer.mark;
      return answer.changes;
    },
    mark: () => mark,
  };
}

test("recorded changes are returned once, in order, and again for the old mark", (t) => {
  const { note, ask, mark } = open(t);
  const before = mark();
  assert.deepEqual(ask(), []);
  note(KEYS);
  const cancel = { kind: "cancel", endpointSeq: 3, deliverySeq: 2 ** 40 + 1 } as const;
  note({ kind: "quotas", tenantSeq: 7 }, { kind: "sessions" }, cancel);
  const noted = [KEYS, { kind: "quotas", tenantSeq: 7 }, { kind: "sessions" }, cancel];
  assert.deepEqual(ask(), noted);
  assert.deepEqual(ask(), []);
  assert.deepEqual(ask(before), noted);
  assert.deepEqual(ask(), []);
});

test("after a commit without a record, or with an unknown one, anything may have changed", (t) => {
  const { note, write, ask } = open(t);
  note(KEYS);
  ask();
  write();
  assert.deepEqual(ask(), [ANYTHING]);
  assert.deepEqual(ask(), []);
  write("INSERT INTO foreign_changes (kind) VALUES ('moons')");
  note(KEYS);
  assert.deepEqual(ask(), [ANYTHING, KEYS]);
});

test("if records were deleted before they were read, anything may have changed", (t) => {
  const { note, ask } = open(t);
  note(KEYS);
  ask();
  note(...Array.from({ length: FOREIGN_CHANGES_KEPT_COUNT }, () => KEYS));
  assert.equal(ask().length, FOREIGN_CHANGES_KEPT_COUNT);
  note(...Array.from({ length: FOREIGN_CHANGES_KEPT_COUNT + 1 }, () => KEYS));
  assert.deepEqual(ask(), [ANYTHING]);
});

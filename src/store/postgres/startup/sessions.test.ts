import assert from "node:assert/strict";
import { test } from "node:test";
import type pg from "pg";
import { checkSessions } from "./sessions.ts";

/** A connection that each query finds in the next of these processes. */
function connection(...pids: readonly number[]): Pick<pg.Client, "query"> {
  let asked = 0;
  const query = async (text: string) => {
    if (!text.startsWith("SELECT")) return { rows: [] };
    asked += 1;
    return { rows: [{ pid: pids[asked - 1] }] };
  };
  return { query } as unknown as Pick<pg.Client, "query">;
}

test("two connections that keep their own process have sessions", () => checkSessions(connection(1, 1), connection(2)));

test("a pooler in transaction mode is refused: the other connection gets the process, or each query gets another", async () => {
  const refused = { name: "StartupError", message: /pool_mode to session/ };
  await assert.rejects(checkSessions(connection(1, 2), connection(1)), refused);
  await assert.rejects(checkSessions(connection(1, 3), connection(2)), refused);
  await assert.rejects(checkSessions(connection(1, 1), connection(1)), refused);
});

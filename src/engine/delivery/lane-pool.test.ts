import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { createSystemClock } from "../../clock/system.ts";
import { createLanePool } from "./lane-pool.ts";

test("an open lane follows a newer endpoint and never an older one", () => {
  const lanePool = createLanePool(createSystemClock());
  const first = openStore().endpoint();
  const renamed = { ...first, name: "Renamed", updatedAt: first.updatedAt + 1 };
  const moved = { ...renamed, url: "https://example.com/moved", generation: first.generation + 1 };
  const lane = lanePool.open(first);
  for (const [given, kept] of [
    [renamed, renamed],
    [first, renamed],
    [moved, moved],
    [renamed, moved],
    [first, moved],
  ] as const) {
    assert.equal(lanePool.open(given), lane);
    assert.equal(lane.endpoint, kept);
  }
});

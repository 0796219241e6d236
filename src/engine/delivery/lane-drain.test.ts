import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptMade, destination, laneState, leased, NOW } from "../../../test/fixtures/lanes.ts";
import { Lane } from "./lane.ts";

const SUCCESS = attemptMade("success");

test("while only this node leases from the lane, it may use what the others do not use of the limit", () => {
  const lane = new Lane(destination({ maxInFlight: 9 }), NOW, { count: 3 });
  for (let passed = 1; passed <= 9; passed += 1) {
    lane.enqueue(leased(passed));
    const delivery = lane.start(NOW);
    lane.land(SUCCESS);
    lane.settle(delivery, SUCCESS);
    lane.remove(delivery);
  }
  const state = { owner: "self", readyAt: NOW } as const;
  lane.applyState(laneState(state));
  assert.equal(lane.window, 3);
  lane.setDrain({ others: 4, isLast: false });
  assert.equal(lane.window, 5);
  lane.setDrain({ others: 8, isLast: false });
  assert.equal(lane.window, 3, "never less than its share");
  lane.setDrain({ others: 0, isLast: false });
  assert.equal(lane.window, 9);
  lane.applyState(laneState({ ...state, revision: 2 }));
  assert.equal(lane.window, 9);
  lane.applyState(laneState({ ...state, revision: 3, readyAt: null }));
  assert.equal(lane.window, 3);
});

test("the last due delivery is claimed when the node holds less than its share", () => {
  const lane = new Lane(destination({ maxInFlight: 4 }), NOW, { count: 2 });
  lane.applyState(laneState({ owner: "self", readyAt: NOW }));
  for (const number of [1, 2]) lane.enqueue(leased(number));
  lane.setDrain({ others: 0, isLast: true });
  const first = lane.start(NOW);
  lane.start(NOW);
  assert.equal(lane.wantsClaim(NOW), false);
  lane.land(SUCCESS);
  assert.equal(lane.wantsClaim(NOW), false, "its result is not stored yet");
  lane.settle(first, SUCCESS);
  assert.equal(lane.wantsClaim(NOW), true);
});

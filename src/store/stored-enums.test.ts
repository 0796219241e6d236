import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CHANNEL,
  DELIVERY_STATE,
  DIRECTION,
  FORMAT,
  INBOUND_KIND,
  NOTIFICATION,
  OUTCOME,
  PAUSE_STATUS,
  type StoredEnum,
} from "./stored-enums.ts";

/** Written out by hand, because stored rows contain these numbers. Add numbers here, but never change one. */
const PINNED: readonly (readonly [StoredEnum<string>, Readonly<Record<string, number>>])[] = [
  [DELIVERY_STATE, { PENDING: 0, SCHEDULED: 1, IN_PROGRESS: 2, DELIVERED: 3, FAILED: 4, CANCELLED: 5, EXPIRED: 6 }],
  [OUTCOME, { SUCCESS: 0, RETRYABLE_FAILURE: 1, NON_RETRYABLE_FAILURE: 2 }],
  [FORMAT, { plain: 0, pausepoint: 1, pacspace: 2, standard: 3 }],
  [PAUSE_STATUS, { pending: 0, responded: 1, timed_out: 2, cancelled: 3 }],
  [CHANNEL, { email: 0, slack: 1, sms: 2 }],
  [NOTIFICATION, { none: 0, pending: 1, sent: 2, failed: 3 }],
  [INBOUND_KIND, { pauseStatus: 0, any: 1 }],
  [DIRECTION, { PAUSE_ACTIVATED: 0, PAUSE_DEACTIVATED: 1, NONE: 2 }],
];

test("every stored name keeps its number, and the number leads back to it", () => {
  for (const [stored, numbers] of PINNED) {
    assert.deepEqual(Object.fromEntries(stored.names.map((name) => [name, stored.number(name)])), numbers);
    for (const name of stored.names) assert.equal(stored.name(stored.number(name)), name);
  }
});

test("a number without a name is refused", () => {
  for (const number of [-1, 7, 0.5, Number.NaN]) assert.throws(() => DELIVERY_STATE.name(number), RangeError);
});

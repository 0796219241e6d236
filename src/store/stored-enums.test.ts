import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CHANNEL,
  CLASSIFICATION,
  DELIVERY_STATE,
  DIRECTION,
  FORMAT,
  INBOUND_KIND,
  NOTIFICATION,
  OUTCOME,
  PAUSE_STATUS,
  REASON,
  type StoredEnum,
} from "./stored-enums.ts";

/** Written out by hand, because stored rows contain these numbers. Add numbers here, but never change one. */
const PINNED: readonly (readonly [StoredEnum<string>, Readonly<Record<string, number>>])[] = [
  [DELIVERY_STATE, { PENDING: 0, SCHEDULED: 1, IN_PROGRESS: 2, DELIVERED: 3, FAILED: 4, CANCELLED: 5, EXPIRED: 6 }],
  [OUTCOME, { SUCCESS: 0, RETRYABLE_FAILURE: 1, NON_RETRYABLE_FAILURE: 2 }],
  [
    CLASSIFICATION,
    {
      success: 1,
      http_status: 2,
      gone: 3,
      internal_error: 4,
      url_refused: 5,
      dns_not_found: 6,
      dns_timeout: 7,
      dns_error: 8,
      address_refused: 9,
      connect_refused: 10,
      connect_timeout: 11,
      connect_error: 12,
      tls_error: 13,
      reset: 14,
      response_timeout: 15,
      answer_head_too_large: 16,
      protocol_error: 17,
    },
  ],
  [
    REASON,
    {
      delivered: 1,
      attempts_exhausted: 2,
      gone: 3,
      crashed: 4,
      cancelled: 5,
      endpoint_deleted: 6,
      expired: 7,
      listener_full: 8,
    },
  ],
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

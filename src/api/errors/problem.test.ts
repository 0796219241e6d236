import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "../../domain/errors.ts";
import { envelope as pausesEnvelope } from "./pauses-errors.ts";
import { commonEnvelope, INTERNAL, invalid, problemOf, Refusal, UNAUTHORIZED, unreadable } from "./problem.ts";

const FAULTS = [
  { field: "url", rule: "must be a URL" },
  { field: "name", rule: "is required" },
];

test("a store that cannot commit is 503 with Retry-After and without the reason", () => {
  const why = problemOf(new StoreUnavailable("SQLITE_FULL: INSERT INTO event"), 0);
  assert.deepEqual([why?.status, why?.headers], [503, { "retry-after": "1" }]);
  assert.doesNotMatch(JSON.stringify(why), /SQLITE|INSERT/);
});

test("an internal error is left to be logged, and the response has no detail", () => {
  for (const error of [new Error("secret"), "secret", null, { code: "EWHATEVER" }])
    assert.equal(problemOf(error, 0), null);
  assert.deepEqual(commonEnvelope(INTERNAL).body, {
    error: {
      code: "INTERNAL",
      message: "The server failed to handle the request. The error has been logged.",
      details: [],
    },
  });
});

test("a body over its limit is an error that names the limit", () => {
  const why = problemOf({ code: "FST_ERR_CTP_BODY_TOO_LARGE" }, 65_536);
  assert.deepEqual([why?.status, why?.message], [413, "body must be at most 65536 bytes"]);
});

test("invalid input lists every field in the message and in the details", () => {
  assert.deepEqual(commonEnvelope(problemOf(new Refusal(invalid(FAULTS)), 0) ?? INTERNAL), {
    status: 400,
    body: { error: { code: "VALIDATION_ERROR", message: "url must be a URL; name is required", details: FAULTS } },
  });
});

test("the pauses surface sends 422 for invalid input, 400 for an unreadable body, and its own code for a bad key", () => {
  assert.deepEqual(pausesEnvelope(invalid(FAULTS)), {
    status: 422,
    body: {
      error: "VALIDATION_ERROR",
      message: "url must be a URL; name is required",
      status_code: 422,
      details: FAULTS,
    },
  });
  assert.equal(pausesEnvelope(unreadable("must be valid JSON")).status, 400);
  assert.deepEqual(pausesEnvelope(UNAUTHORIZED).body, {
    error: "INVALID_API_KEY",
    message: UNAUTHORIZED.message,
    status_code: 401,
  });
});

test("too few file descriptors are a 503 that says when to try again, and not the server's fault", () => {
  const errors = [{ code: "EMFILE" }, { code: "ENFILE" }, { code: "ERR_SYSTEM_ERROR", info: { code: "EMFILE" } }];
  for (const error of errors) {
    const why = problemOf(error, 0);
    assert.deepEqual([why?.status, why?.code, why?.headers], [503, "OVERLOADED", { "retry-after": "1" }]);
  }
});

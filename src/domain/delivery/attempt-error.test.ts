import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptError } from "./attempt-error.ts";

const answered = (httpStatus: number) => attemptError({ classification: "http_status", httpStatus, errorDetail: null });

test("a failed response is described by its status, with a hint where one helps", () => {
  assert.equal(answered(301), "HTTP 301: redirects are not followed, so register the URL that it redirects to");
  assert.match(answered(401) ?? "", /^HTTP 401: check the secret/);
  assert.equal(answered(404), "HTTP 404: check the path of the URL");
  assert.equal(answered(405), "HTTP 405: the receiver must accept POST requests");
  assert.equal(
    attemptError({ classification: "gone", httpStatus: 410, errorDetail: null }),
    "HTTP 410: the receiver reports that it is permanently gone",
  );
  assert.equal(answered(503), "HTTP 503");
});

test("without a response the error is the stored detail, and a success has no error", () => {
  const ended = { httpStatus: null, errorDetail: "the receiver refused the connection" } as const;
  assert.equal(attemptError({ ...ended, classification: "connect_refused" }), "the receiver refused the connection");
  assert.equal(attemptError({ ...ended, errorDetail: null, classification: "dns_not_found" }), "dns not found");
  assert.equal(attemptError({ classification: "success", httpStatus: 200, errorDetail: null }), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { CHECKED_HEADER_NAMES_COUNT_MAX } from "../domain/limits.ts";
import { prepare, wireRequest } from "./request.ts";

const LINES = "POST / HTTP/1.1\r\n";
const headOf = (...headers: string[]) =>
  wireRequest(LINES, prepare({ url: "", headers, body: "ü", timeoutMs: 1 })).head;

test("headers are sent as they are, followed by the length of the body in bytes", () => {
  assert.equal(headOf("X-A", "1", "x-b", "ä"), `${LINES}X-A: 1\r\nx-b: ä\r\ncontent-length: 2\r\n\r\n`);
});

test("a name that is not allowed is refused each time", () => {
  for (const name of ["Host", "content-length", "Proxy-Connection", "x y", "x:", "x\r\ny", "ü", ""]) {
    for (let times = 0; times < 2; times++) assert.throws(() => headOf(name, "1"), /name is not allowed/);
  }
});

test("a value that is not allowed is refused, whatever its name was sent with before", () => {
  assert.ok(headOf("X-C", "1"));
  for (const value of ["1\r\nHost: x", "1\n", "\0", "€"])
    assert.throws(() => headOf("X-C", value), /X-C has a character/);
});

test("more names than are remembered are still checked", () => {
  for (let i = 0; i <= CHECKED_HEADER_NAMES_COUNT_MAX; i++) assert.ok(headOf(`X-Own-${i}`, "1"));
  assert.ok(headOf("X-Last", "1"));
  assert.throws(() => headOf("X Last", "1"), /name is not allowed/);
});

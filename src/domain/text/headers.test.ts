import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import { FORMAT_HEADERS } from "../formats/index.ts";
import { customHeaderFaults } from "./headers.ts";

const fields = (headers: unknown): string[] => customHeaderFaults(headers).map(({ field }) => field);
const many = (count: number, value: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, value]));

describe("custom headers", () => {
  it("may be absent, ordinary, empty or Latin-1", () => {
    const headers = { Authorization: "Bearer abc", "X-Team": "Ärger & Söhne", "x-empty": "", "x-tab": "a\tb" };
    assert.deepEqual(customHeaderFaults(headers), []);
    assert.deepEqual(customHeaderFaults({}), []);
    assert.deepEqual(customHeaderFaults(many(20, "v")), []);
  });

  it("must be an object of strings", () => {
    for (const headers of [null, [], "a", 1, undefined]) assert.deepEqual(fields(headers), ["headers_json"]);
    const values = { a: 1, b: null, c: ["x"], d: { toString: 1, valueOf: 1 }, e: "ok" };
    assert.deepEqual(fields(values), ["headers_json.a", "headers_json.b", "headers_json.c", "headers_json.d"]);
  });

  it("must not be headers of the connection, in any letter case", () => {
    const names = [
      "Host",
      "content-length",
      "CONNECTION",
      "Keep-Alive",
      "Proxy-Authorization",
      "proxy-connection",
      "TE",
    ];
    for (const name of [...names, "Trailer", "Transfer-Encoding", "Upgrade", "Expect"]) {
      assert.deepEqual(fields({ [name]: "x" }), [`headers_json.${name}`]);
    }
  });

  it("must not be headers of a format, in any letter case", () => {
    for (const name of FORMAT_HEADERS) {
      assert.deepEqual(fields({ [name]: "x" }), [`headers_json.${name}`]);
      assert.deepEqual(fields({ [name.toUpperCase()]: "x" }), [`headers_json.${name.toUpperCase()}`]);
    }
  });

  it("must have tokens as names", () => {
    for (const name of ["", "a b", "a:", "a\r\nb", "naïve", "a(b)", "x\u0000"]) {
      assert.deepEqual(fields({ [name]: "x" }), [`headers_json.${name}`]);
    }
  });

  it("cannot smuggle a line break or any other control character into the request", () => {
    for (const value of ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\u0000b", "\u007f", "\u0085", "€", "😀"]) {
      assert.deepEqual(fields({ "x-a": value }), ["headers_json.x-a"]);
    }
  });

  it("are at most 20, and 4 KB of names and values together", () => {
    assert.deepEqual(fields(many(21, "v")), ["headers_json"]);
    assert.deepEqual(fields({ "x-a": "v".repeat(4096 - 3) }), []);
    assert.deepEqual(fields({ "x-a": "v".repeat(4096 - 2) }), ["headers_json"]);
  });

  it("must not repeat a name in another letter case", () => {
    assert.deepEqual(fields({ "x-a": "1", "X-A": "2" }), ["headers_json.X-A"]);
  });

  it("are accepted by the platform when no fault was found", () => {
    const name = fc.oneof(fc.stringMatching(/^[!-~]{1,6}$/), fc.string({ unit: anyCharacter }));
    const value = fc.oneof(fc.stringMatching(/^[\t -~\u00a0-\u00ff]{0,9}$/), fc.string({ unit: anyCharacter }));
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 3 }), (headers) => {
        if (customHeaderFaults(headers).length === 0) new Headers(headers);
      }),
    );
  });

  it("are checked without throwing for any JSON value", () => {
    fc.assert(fc.property(fc.jsonValue(), (headers) => Array.isArray(customHeaderFaults(headers))));
  });

  it("are all listed when several are wrong", () => {
    const faults = fields({ Host: "a", "x-ok": "b", "bad name": "c", "x-b": "\n" });
    assert.deepEqual(faults, ["headers_json.Host", "headers_json.bad name", "headers_json.x-b"]);
  });
});

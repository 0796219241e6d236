import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeArray } from "./arrays.ts";

const hex = (bytes: Buffer) => bytes.toString("hex");
/** One dimension, which may contain nulls, and its lower bound is 1. */
const header = (oid: string, count: string) => `00000001${"00000001"}${oid}${count}00000001`;

test("arrays have the bytes that PostgreSQL's array_recv reads", () => {
  assert.equal(
    hex(encodeArray("int8", [1, null, -2n])),
    `${header("00000014", "00000003")}000000080000000000000001ffffffff00000008fffffffffffffffe`,
  );
  assert.equal(hex(encodeArray("text", ["é", ""])), `${header("00000019", "00000002")}00000002c3a900000000`);
  assert.equal(hex(encodeArray("bytea", [new Uint8Array([0, 255])])), `${header("00000011", "00000001")}0000000200ff`);
  assert.equal(hex(encodeArray("float8", [1.5])), `${header("000002bd", "00000001")}000000083ff8000000000000`);
});

test("a sequence beyond 2^31 keeps its value", () => {
  assert.equal(hex(encodeArray("int8", [2 ** 53 - 1])).slice(-16), "001fffffffffffff");
  assert.equal(hex(encodeArray("int8", [-(2 ** 53) + 1])).slice(-16), "ffe0000000000001");
  assert.equal(hex(encodeArray("int8", [2 ** 31])).slice(-16), "0000000080000000");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { typedNumber } from "../../../console/src/parts/form/typed-number.ts";

test("a number field reads whole numbers, alone or in groups of three", () => {
  const typed = ["0", " 500 ", "-1", "5,000", "5 000", "5_000", "5\u202f000", "1,234,567"];
  assert.deepEqual(typed.map(typedNumber), [0, 500, -1, 5000, 5000, 5000, 5000, 1_234_567]);
});

test("what is no whole number stays text, and never becomes NaN, Infinity or a number that nobody typed", () => {
  const others = [
    "",
    "5k",
    "５０",
    "1e3",
    "0x10",
    "5.5",
    "5.000",
    "1,5",
    "50,00",
    "NaN",
    "Infinity",
    "--1",
    "9".repeat(400),
  ];
  assert.deepEqual(others.map(typedNumber), others);
  assert.equal(typedNumber("9007199254740993"), "9007199254740993");
});

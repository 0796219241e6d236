import assert from "node:assert/strict";
import { test } from "node:test";
import { traceContextIn, traceparentIn, tracestateIn, withParent } from "./trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const VALID = `00-${TRACE}-${PARENT}-01`;

test("a valid traceparent is kept as it is, and one of a later version as version 00", () => {
  for (const [header, kept] of [
    [VALID, VALID],
    [`00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
    [`00-${TRACE}-${PARENT}-03`, `00-${TRACE}-${PARENT}-03`],
    [`cc-${TRACE}-${PARENT}-01`, VALID],
    [`01-${TRACE}-${PARENT}-03-what-the-future-will-be-like`, VALID],
    [`fe-${TRACE}-${PARENT}-02-`, `00-${TRACE}-${PARENT}-00`],
  ] as const) {
    assert.equal(traceContextIn({ traceparent: header }), kept, header);
  }
});

test("an invalid traceparent counts as none", () => {
  for (const header of [
    "",
    "00",
    VALID.toUpperCase(),
    ` ${VALID}`,
    `${VALID} `,
    `${VALID}\n`,
    `${VALID}-`,
    `${VALID}-extra`,
    `${VALID}, ${VALID}`,
    `ff-${TRACE}-${PARENT}-01`,
    `0-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-1`,
    `00-${TRACE}-${PARENT}-0g`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
    `00-${"0".repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}.${PARENT}-01`,
    `01-${TRACE}-${PARENT}-01.x`,
  ]) {
    assert.equal(traceContextIn({ traceparent: header, tracestate: "a=1" }), null, JSON.stringify(header));
  }
  assert.equal(traceContextIn({ tracestate: "a=1" }), null);
});

test("a valid tracestate comes along, and an invalid or long one is left out", () => {
  const stateOf = (tracestate: string) => {
    const context = traceContextIn({ traceparent: VALID, tracestate });
    assert.ok(context !== null && traceparentIn(context) === VALID);
    return tracestateIn(context);
  };
  for (const [header, kept] of [
    ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
    [" a=1 ,\t, fw529a3039@dt=FfAAAQ== ", null],
    ["a=1 ,\t, fw529a3039@dt=FfAAAQ ", "a=1,fw529a3039@dt=FfAAAQ"],
    ["a=x y", "a=x y"],
    ["a*/_-0=1", "a*/_-0=1"],
    ["", null],
    [",", null],
    ["a", null],
    ["A=1", null],
    ["a=", null],
    ["a=1=2", null],
    ["a=1;b\u0007", null],
    [`a=${"x".repeat(256)}`, `a=${"x".repeat(256)}`],
    [`a=${"x".repeat(257)}`, null],
    [`a=${"x".repeat(256)},b=${"x".repeat(251)}`, `a=${"x".repeat(256)},b=${"x".repeat(251)}`],
    [`a=${"x".repeat(256)},b=${"x".repeat(252)}`, null],
    [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(), null],
  ] as const) {
    assert.equal(stateOf(header), kept, JSON.stringify(header));
  }
});

test("a context keeps its tracestate when it gets another parent", () => {
  const context = traceContextIn({ traceparent: VALID, tracestate: "a=1" });
  const parent = `00-${TRACE}-${"1".repeat(16)}-01`;
  assert.equal(withParent(context, parent), `${parent} a=1`);
  assert.equal(withParent(null, parent), parent);
});

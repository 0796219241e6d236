import assert from "node:assert/strict";
import { test } from "node:test";
import { LOOP_HOPS_COUNT_MAX } from "../limits.ts";
import { hopsIn, loopValue } from "./loops.ts";

test("each server adds one element, up to one more than a server accepts", () => {
  for (let hops = 0; hops <= LOOP_HOPS_COUNT_MAX; hops += 1) assert.equal(hopsIn(loopValue(hops)), hops + 1);
  assert.equal(hopsIn(loopValue(1000)), LOOP_HOPS_COUNT_MAX + 1);
});

test("proxies may add elements, parameters and white space", () => {
  const headers: readonly (readonly [string | undefined, number])[] = [
    [undefined, 0],
    ["", 0],
    ["cloudflare; loops=1", 0],
    ["signalbox", 1],
    [' Signalbox ;a="b" ,\tfastly, signalbox', 2],
    ["signalboxes, my-signalbox, signalbox.example.com", 0],
    [",,signalbox,,", 1],
    [Array(2000).fill("signalbox").join(), 2000],
  ];
  for (const [header, hops] of headers) assert.equal(hopsIn(header), hops, String(header));
});

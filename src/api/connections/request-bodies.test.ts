import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { FastifyRequest } from "fastify";
import { Refusal } from "../errors/problem.ts";
import { createBodyReader } from "./request-bodies.ts";

const KB = 1024;

interface Sent {
  readonly limit?: number;
  readonly contentLength?: number;
  readonly caller?: object;
  readonly expecting?: { writeContinue(): void };
}

/** Reads bodies that the test writes chunk by chunk, with limits of 100 KB for callers and 40 KB for others. */
function reading() {
  let nowMs = 0;
  const read = createBodyReader({ monotonicMs: () => nowMs }, { callersBytesMax: 100 * KB, othersBytesMax: 40 * KB });
  return {
    pass(ms: number) {
      nowMs += ms;
    },
    begin({ limit = 256 * KB, contentLength, caller, expecting }: Sent = {}) {
      const payload = new PassThrough({ highWaterMark: 1024 * KB });
      const request = {
        headers: contentLength === undefined ? {} : { "content-length": String(contentLength) },
        routeOptions: { bodyLimit: limit },
        caller: caller ?? null,
        expecting: expecting ?? null,
      };
      const over = new EventEmitter();
      let outcome: Buffer | number | null = null;
      read(request as unknown as FastifyRequest, payload as unknown as IncomingMessage, (error, bytes) => {
        outcome = error instanceof Refusal ? error.problem.status : (bytes ?? null);
        over.emit("over");
      });
      return {
        /** The body, or the status of its refusal. Null before either. */
        get outcome() {
          return outcome;
        },
        async write(bytes: number | Buffer) {
          const took = once(payload, "data");
          payload.write(typeof bytes === "number" ? Buffer.alloc(bytes, "x") : bytes);
          await took;
        },
        async end() {
          const ended = once(over, "over");
          payload.end();
          await ended;
          return outcome;
        },
      };
    },
  };
}

test("a body equals what was sent, in one chunk or in many of any size", async () => {
  const { begin } = reading();
  const whole = Buffer.from(Array.from({ length: 20 * KB }, (_, index) => index & 255));
  for (const contentLength of [undefined, whole.length]) {
    for (const pieceBytes of [whole.length, 7000, 64, 1]) {
      const body = begin({ ...(contentLength !== undefined && { contentLength }) });
      const most = pieceBytes === 1 ? 2000 : whole.length;
      for (let at = 0; at < most; at += pieceBytes)
        await body.write(whole.subarray(at, Math.min(most, at + pieceBytes)));
      assert.deepEqual(await body.end(), whole.subarray(0, most), `${contentLength} in pieces of ${pieceBytes}`);
    }
  }
  assert.deepEqual(await begin().end(), Buffer.alloc(0));
});

test("a body over its limit is refused because of its content-length, or when it exceeds the limit", async () => {
  const { begin } = reading();
  assert.equal(begin({ limit: 100, contentLength: 101 }).outcome, 413);
  const body = begin({ limit: 100 });
  await body.write(60);
  assert.equal(body.outcome, null);
  await body.write(41);
  assert.equal(body.outcome, 413);
});

test("a client that expects 100 Continue gets it unless its content-length is too large", () => {
  const { begin } = reading();
  let asked = 0;
  const expecting = {
    writeContinue() {
      asked += 1;
    },
  };
  begin({ limit: 100, contentLength: 101, expecting });
  assert.equal(asked, 0);
  begin({ limit: 100, contentLength: 100, expecting });
  assert.equal(asked, 1);
});

test("when too much arrives at the same time the slowest body is refused, however much of it has arrived", async () => {
  const { begin, pass } = reading();
  const stalled = begin({ contentLength: 30 * KB });
  await stalled.write(29 * KB);
  pass(10_000);
  const steady = begin();
  await steady.write(5 * KB);
  pass(10);
  await steady.write(3 * KB);
  assert.equal(stalled.outcome, null);
  const fresh = begin({ contentLength: 20 * KB });
  await fresh.write(10 * KB);
  assert.deepEqual([stalled.outcome, steady.outcome, fresh.outcome], [503, null, null]);
  await fresh.write(10 * KB);
  assert.equal(((await fresh.end()) as Buffer).length, 20 * KB);
  assert.equal(((await steady.end()) as Buffer).length, 8 * KB);
});

test("complete bodies free their memory, and callers and others have separate limits", async () => {
  const { begin } = reading();
  for (let count = 0; count < 10; count += 1) {
    const body = begin();
    await body.write(30 * KB);
    assert.equal(((await body.end()) as Buffer).length, 30 * KB);
  }
  const caller = begin({ caller: {} });
  await caller.write(90 * KB);
  const other = begin();
  await other.write(30 * KB);
  assert.deepEqual([caller.outcome, other.outcome], [null, null]);
});

test("a single body that exceeds the memory limit is refused", async () => {
  const { begin } = reading();
  const body = begin();
  await body.write(20 * KB);
  await body.write(30 * KB);
  assert.equal(body.outcome, 503);
});

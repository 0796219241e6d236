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
  readonly announced?: number;
  readonly caller?: object;
  readonly expecting?: { writeContinue(): void };
}

/** Receives bodies that the test writes piece by piece, with room for 100 KB of callers and 40 KB of others. */
function receiving() {
  let nowMs = 0;
  const receive = createBodyReader({ monotonicMs: () => nowMs }, { callers: 100 * KB, others: 40 * KB });
  return {
    pass(ms: number) {
      nowMs += ms;
    },
    begin({ limit = 256 * KB, announced, caller, expecting }: Sent = {}) {
      const payload = new PassThrough({ highWaterMark: 1024 * KB });
      const request = {
        headers: announced === undefined ? {} : { "content-length": String(announced) },
        routeOptions: { bodyLimit: limit },
        caller: caller ?? null,
        expecting: expecting ?? null,
      };
      const over = new EventEmitter();
      let outcome: Buffer | number | null = null;
      receive(request as unknown as FastifyRequest, payload as unknown as IncomingMessage, (error, bytes) => {
        outcome = error instanceof Refusal ? error.problem.status : (bytes ?? null);
        over.emit("over");
      });
      return {
        /** The body, or the status of its refusal; null as long as there is neither. */
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

test("a body is what came, in one piece or in many of any size", async () => {
  const { begin } = receiving();
  const whole = Buffer.from(Array.from({ length: 20 * KB }, (_, index) => index & 255));
  for (const announced of [undefined, whole.length]) {
    for (const pieceBytes of [whole.length, 7000, 64, 1]) {
      const body = begin({ ...(announced !== undefined && { announced }) });
      const most = pieceBytes === 1 ? 2000 : whole.length;
      for (let at = 0; at < most; at += pieceBytes)
        await body.write(whole.subarray(at, Math.min(most, at + pieceBytes)));
      assert.deepEqual(await body.end(), whole.subarray(0, most), `${announced} in pieces of ${pieceBytes}`);
    }
  }
  assert.deepEqual(await begin().end(), Buffer.alloc(0));
});

test("a body beyond its limit is refused by its announcement, or when it gets there", async () => {
  const { begin } = receiving();
  assert.equal(begin({ limit: 100, announced: 101 }).outcome, 413);
  const body = begin({ limit: 100 });
  await body.write(60);
  assert.equal(body.outcome, null);
  await body.write(41);
  assert.equal(body.outcome, 413);
});

test("a client that asks may send only what is not refused by its announcement", () => {
  const { begin } = receiving();
  let asked = 0;
  const expecting = {
    writeContinue() {
      asked += 1;
    },
  };
  begin({ limit: 100, announced: 101, expecting });
  assert.equal(asked, 0);
  begin({ limit: 100, announced: 100, expecting });
  assert.equal(asked, 1);
});

test("when too much arrives at once the slowest is refused, however much it has sent", async () => {
  const { begin, pass } = receiving();
  const stalled = begin({ announced: 30 * KB });
  await stalled.write(29 * KB);
  pass(10_000);
  const steady = begin();
  await steady.write(5 * KB);
  pass(10);
  await steady.write(3 * KB);
  assert.equal(stalled.outcome, null);
  const fresh = begin({ announced: 20 * KB });
  await fresh.write(10 * KB);
  assert.deepEqual([stalled.outcome, steady.outcome, fresh.outcome], [503, null, null]);
  await fresh.write(10 * KB);
  assert.equal(((await fresh.end()) as Buffer).length, 20 * KB);
  assert.equal(((await steady.end()) as Buffer).length, 8 * KB);
});

test("bodies that are over make room, and those of callers do not share it with others", async () => {
  const { begin } = receiving();
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

test("a body that alone is more than may arrive is refused itself", async () => {
  const { begin } = receiving();
  const body = begin();
  await body.write(20 * KB);
  await body.write(30 * KB);
  assert.equal(body.outcome, 503);
});

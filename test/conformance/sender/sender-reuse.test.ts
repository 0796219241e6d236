/** The reuse of connections, and attempts on connections that were already lost. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type net from "node:net";
import { type TestContext, test } from "node:test";
import { TLSSocket } from "node:tls";
import { createSystemClock } from "../../../src/clock/system.ts";
import { CONNECTION_IDLE_MS, KEEP_ALIVE_MARGIN_MS } from "../../../src/domain/limits.ts";
import { answer, type Behaviour, OK, post, readPem, startReceiver, startSender } from "../../fixtures/receiver.ts";

const EARLY_408 = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/** The ways in which receivers end an idle connection. */
const GOODBYES: Record<string, (socket: net.Socket) => void> = {
  // A TLS socket cannot send a reset, so it is destroyed without a close notification.
  "a reset": (socket) => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
  "a close": (socket) => void socket.end(),
  "a 408": (socket) => void socket.end(EARLY_408),
  "a 408 without a close": (socket) => void socket.write(EARLY_408),
};

for (const [name, goodbye] of Object.entries(GOODBYES)) {
  test(`${name} on an idle connection fails no attempt, at any moment`, async (context) => {
    const receiver = await startReceiver(context, (socket, { turn }) => {
      if (turn > 1) return;
      // Before the next attempt takes the connection, after that, or together with its request.
      // tidy-allow timer: the receiver's own pace
      socket.write(OK, () => setTimeout(() => goodbye(socket), Math.random() * 3).unref());
    });
    const sender = startSender(context);
    for (let i = 0; i < 200; i++) {
      const outcome = await post(sender, receiver);
      assert.ok(outcome.kind === "answered" && outcome.httpStatus === 200, JSON.stringify(outcome));
      for (let turns = i % 5; turns > 0; turns--) await new Promise(setImmediate);
    }
  });

  test(`${name} in answer to a request on a reused connection repeats the request`, async (context) => {
    for (const certificate of [undefined, "receiver"]) {
      const receiver = await startReceiver(
        context,
        (socket, { turn }) => {
          if (turn === 1) socket.write(OK);
          else goodbye(socket);
        },
        certificate === undefined ? {} : { certificate },
      );
      const scheme = certificate === undefined ? "http" : "https";
      const sender = startSender(context, { trustedCa: readPem("ca") });
      for (let i = 0; i < 2; i++) {
        const outcome = await post(sender, `${scheme}://127.0.0.1:${receiver.port}/`);
        assert.ok(outcome.kind === "answered" && outcome.httpStatus === 200, JSON.stringify(outcome));
      }
      assert.equal(receiver.connections(), 2);
      assert.equal(receiver.requests.length, 3);
    }
  });
}

test("a 408 on a new connection is the result of the attempt", async (context) => {
  const receiver = await startReceiver(context, answer(EARLY_408));
  const outcome = await post(startSender(context), receiver);
  assert.ok(outcome.kind === "answered" && outcome.httpStatus === 408);
  assert.equal(receiver.requests.length, 1);
});

test("a request is repeated once, and only on a new connection", async (context) => {
  let broken = false;
  const receiver = await startReceiver(context, (socket) => {
    if (broken) socket.resetAndDestroy();
    else socket.write(OK);
  });
  const sender = startSender(context);
  await Promise.all(Array.from({ length: 3 }, () => post(sender, receiver)));
  broken = true;
  const outcome = await post(sender, receiver);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "reset");
  assert.equal(receiver.connections(), 4);
  assert.equal(receiver.requests.length, 5);
});

test("a repeat keeps the deadline of its attempt", async (context) => {
  const receiver = await startReceiver(context, (socket, { count }) => {
    if (count === 1) socket.write(OK);
    // tidy-allow timer: the test needs a slow receiver
    if (count === 2) setTimeout(() => socket.resetAndDestroy(), 200).unref();
  });
  const sender = startSender(context);
  await post(sender, receiver);
  const outcome = await post(sender, receiver, { timeoutMs: 1000 });
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "response_timeout");
  assert.match(outcome.detail, /within 1000 ms/);
  assert.equal(receiver.requests.length, 3);
});

test("unrequested bytes close the connection, and are no response to the next request", async (context) => {
  let socketOfFirst: net.Socket | null = null;
  const receiver = await startReceiver(context, (socket, { count }) => {
    socketOfFirst ??= socket;
    socket.write(count === 1 ? OK : "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
  });
  const sender = startSender(context);
  await post(sender, receiver);
  const first = socketOfFirst as unknown as net.Socket;
  first.write(OK);
  await once(first, "close");
  const outcome = await post(sender, receiver);
  assert.ok(outcome.kind === "answered" && outcome.httpStatus === 500);
  assert.equal(receiver.connections(), 2);
});

const ONCE_ONLY: Record<string, Behaviour> = {
  "Connection: close": answer("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"),
  "HTTP/1.0": answer("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"),
  "two equal lengths": answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok"),
  "bare line feeds": answer("HTTP/1.1 200 OK\ncontent-length: 2\n\nok"),
  "bytes after the body": answer(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nextra`),
  "Keep-Alive: timeout=1": answer("HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok"),
};

for (const [name, behaviour] of Object.entries(ONCE_ONLY)) {
  test(`a connection is not reused after ${name}`, async (context) => {
    const receiver = await startReceiver(context, behaviour);
    const sender = startSender(context);
    for (let i = 0; i < 2; i++) {
      const outcome = await post(sender, receiver);
      assert.deepEqual(outcome, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "ok" });
    }
    assert.equal(receiver.connections(), 2);
  });
}

/** The number of connections that two attempts use which are `betweenMs` apart. */
async function connectionsOf(context: TestContext, keepAlive: string, betweenMs: number): Promise<number> {
  const receiver = await startReceiver(context, answer(`HTTP/1.1 200 OK\r\n${keepAlive}content-length: 2\r\n\r\nok`));
  const system = createSystemClock();
  let aheadMs = 0;
  const sender = startSender(context, { clock: { ...system, monotonicMs: () => system.monotonicMs() + aheadMs } });
  await post(sender, receiver);
  aheadMs = betweenMs;
  await post(sender, receiver);
  return receiver.connections();
}

test("an idle connection is reused for the receiver's Keep-Alive time less a margin, or for the default time", async (context) => {
  assert.equal(await connectionsOf(context, "", CONNECTION_IDLE_MS - 1000), 1);
  assert.equal(await connectionsOf(context, "", CONNECTION_IDLE_MS + 100), 2);
  const hint = "Keep-Alive: timeout=20, max=100\r\n";
  assert.equal(await connectionsOf(context, hint, 20_000 - KEEP_ALIVE_MARGIN_MS - 1000), 1);
  assert.equal(await connectionsOf(context, hint, 20_000 - KEEP_ALIVE_MARGIN_MS + 100), 2);
  assert.equal(await connectionsOf(context, "Keep-Alive: timeout=600\r\n", 50_000), 1);
  assert.equal(await connectionsOf(context, "Keep-Alive: timeout=600\r\n", 61_000), 2);
});

test("owners share no connections, so no owner gets an unrequested response from another owner's receiver", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sender = startSender(context);
  for (const owner of ["a", "b", "a", "b"]) await post(sender, receiver, { owner });
  assert.equal(receiver.connections(), 2);
});

test("an unused idle connection is closed", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const system = createSystemClock();
  let aheadMs = 0;
  const clock = {
    ...system,
    monotonicMs: () => system.monotonicMs() + aheadMs,
    after: (ms: number, task: () => void) => system.after(Math.min(ms, 20), task),
  };
  await post(startSender(context, { clock }), receiver);
  assert.equal(receiver.open(), 1);
  aheadMs = CONNECTION_IDLE_MS;
  while (receiver.open() > 0) await new Promise(setImmediate);
});

test("an unrequested 100 Continue is skipped", async (context) => {
  const receiver = await startReceiver(context, answer(`HTTP/1.1 100 Continue\r\n\r\n${OK}`));
  assert.deepEqual(await post(startSender(context), receiver), {
    kind: "answered",
    httpStatus: 200,
    retryAfter: null,
    snippet: "ok",
  });
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { createSystemClock } from "../../../src/clock/system.ts";
import { CONNECTION_AGE_MS_MAX } from "../../../src/domain/limits.ts";
import { answer, OK, post, startReceiver, startSender } from "../../fixtures/receiver.ts";

test("a request is sent byte for byte, and its response is returned", async (context) => {
  const receiver = await startReceiver(context, answer("HTTP/1.1 201 Created\r\ncontent-length: 7\r\n\r\nstored\n"));
  const sender = startSender(context);
  const body = '{"price":1.0,"name":"grüß 👋"}';
  const outcome = await sender.send({
    url: `http://127.0.0.1:${receiver.port}/hooks/a%20b?x=1&y=#part`,
    headers: ["content-type", "application/json", "X-Webhook-Event", "order.created"],
    body,
    timeoutMs: 60_000,
  });
  assert.deepEqual(outcome, { kind: "answered", httpStatus: 201, retryAfter: null, snippet: "stored\n" });
  const [head = "", sent = ""] = (receiver.requests[0] ?? "").split("\r\n\r\n");
  assert.equal(Buffer.from(sent, "latin1").toString("utf8"), body);
  const [line, ...headers] = head.split("\r\n");
  assert.equal(line, "POST /hooks/a%20b?x=1&y= HTTP/1.1");
  assert.deepEqual(headers.sort(), [
    "X-Webhook-Event: order.created",
    "connection: keep-alive",
    `content-length: ${Buffer.byteLength(body)}`,
    "content-type: application/json",
    `host: 127.0.0.1:${receiver.port}`,
  ]);
});

test("a connection is reused once its response was read; concurrent attempts use separate connections", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sender = startSender(context);
  for (let i = 0; i < 5; i++) assert.equal((await post(sender, receiver)).kind, "answered");
  assert.equal(receiver.connections(), 1);
  await Promise.all(Array.from({ length: 20 }, () => post(sender, receiver)));
  assert.equal(receiver.connections(), 20);
  await Promise.all(Array.from({ length: 20 }, () => post(sender, receiver)));
  assert.equal(receiver.connections(), 20);
});

test("a response without a body frees its connection", async (context) => {
  const receiver = await startReceiver(context, answer("HTTP/1.1 204 No Content\r\n\r\n"));
  const sender = startSender(context);
  for (let i = 0; i < 2; i++) {
    const outcome = await post(sender, receiver);
    assert.deepEqual(outcome, { kind: "answered", httpStatus: 204, retryAfter: null, snippet: "" });
  }
  assert.equal(receiver.connections(), 1);
});

test("an old connection is not reused, so that the addresses are checked again", async (context) => {
  // Each response lets the connection be idle for as long as it may get old.
  const longIdle = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=600\r\ncontent-length: 2\r\n\r\nok";
  const receiver = await startReceiver(context, answer(longIdle));
  const system = createSystemClock();
  let aheadMs = 0;
  const sender = startSender(context, { clock: { ...system, monotonicMs: () => system.monotonicMs() + aheadMs } });
  await post(sender, receiver);
  aheadMs = 0.6 * CONNECTION_AGE_MS_MAX;
  await post(sender, receiver);
  assert.equal(receiver.connections(), 1);
  aheadMs = 1.2 * CONNECTION_AGE_MS_MAX;
  await post(sender, receiver);
  assert.equal(receiver.connections(), 2);
});

test("above the limit, the connection that was idle for the longest time is closed", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sender = startSender(context, { idleConnectionsMax: () => 40 });
  const attempts = 50;
  await Promise.all(Array.from({ length: attempts }, () => post(sender, receiver)));
  assert.equal(receiver.connections(), attempts);
  await Promise.all(Array.from({ length: attempts }, () => post(sender, receiver)));
  assert.equal(receiver.connections(), attempts + 10);
});

test("HTTP/1.0 responses and responses that end with the connection are complete", async (context) => {
  const receiver = await startReceiver(context, (socket, { count }) => {
    socket.end(
      count === 1 ? "HTTP/1.0 200 OK\r\n\r\nold and fine" : "HTTP/1.1 500 No\r\nconnection: close\r\n\r\nsorry",
    );
  });
  const sender = startSender(context);
  const first = await post(sender, receiver);
  assert.deepEqual(first, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "old and fine" });
  const second = await post(sender, receiver);
  assert.deepEqual(second, { kind: "answered", httpStatus: 500, retryAfter: null, snippet: "sorry" });
  assert.equal(receiver.connections(), 2);
});

test("a redirect is a result and is never followed", async (context) => {
  const inner = await startReceiver(context, answer(OK));
  const location = `http://127.0.0.1:${inner.port}/latest/meta-data/`;
  for (const status of [301, 302, 303, 307, 308]) {
    const receiver = await startReceiver(
      context,
      answer(`HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`),
    );
    const outcome = await post(startSender(context), receiver);
    assert.deepEqual(outcome, { kind: "answered", httpStatus: status, retryAfter: null, snippet: "" });
  }
  assert.equal(inner.connections(), 0);
});

test("Retry-After is returned unchanged: the first of several, up to a length limit", async (context) => {
  const values = ["120", "Fri, 31 Dec 2027 23:59:59 GMT", `9${"0".repeat(5000)}`, "7\r\nRetry-After: 9", ""];
  const receiver = await startReceiver(context, (socket, { count }) => {
    socket.write(`HTTP/1.1 503 Busy\r\nRetry-After: ${values[count - 1]}\r\ncontent-length: 0\r\n\r\n`);
  });
  const sender = startSender(context);
  const seen: Array<string | null> = [];
  for (const _ of values) {
    const outcome = await post(sender, receiver);
    assert.ok(outcome.kind === "answered" && outcome.httpStatus === 503);
    seen.push(outcome.retryAfter);
  }
  assert.deepEqual(seen, ["120", values[1], `9${"0".repeat(127)}`, "7", ""]);
});

test("the snippet is 1 KB of an error response or 256 bytes of a success, cut between characters", async (context) => {
  const text = `x${"é".repeat(2000)}`;
  const receiver = await startReceiver(context, (socket, { count }) => {
    const status = count === 1 ? "200 OK" : "400 Bad";
    socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  });
  const sender = startSender(context);
  const [good, bad] = [await post(sender, receiver), await post(sender, receiver)];
  assert.ok(good.kind === "answered" && bad.kind === "answered");
  assert.equal(good.snippet, `x${"é".repeat(127)}`);
  assert.equal(bad.snippet, `x${"é".repeat(511)}`);
  assert.equal(receiver.connections(), 1);
});

test("a compressed body is not requested, not decompressed and not shown", async (context) => {
  const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024));
  const receiver = await startReceiver(context, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
    socket.write(bomb);
  });
  const outcome = await post(startSender(context), receiver);
  assert.deepEqual(outcome, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "(binary body)" });
  assert.doesNotMatch(receiver.requests[0] ?? "", /accept-encoding/i);
});

test("an invalid header is refused before anything is sent", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sender = startSender(context);
  const bad: string[][] = [
    ["x-name", "value\r\nx-injected: 1"],
    ["x-name", "value\nx-injected: 1"],
    ["x-name", "value\u0000"],
    ["x-name: 1\r\nx-injected", "1"],
    ["x name", "1"],
    ["", "1"],
    ["x-name"],
    ["content-length", "5"],
    ["transfer-encoding", "chunked"],
  ];
  for (const headers of bad) {
    const url = `http://127.0.0.1:${receiver.port}/`;
    const outcome = await sender.send({ url, headers, body: "{}", timeoutMs: 60_000 });
    assert.equal(outcome.kind, "internal_error", JSON.stringify(headers));
  }
  assert.deepEqual(receiver.requests, []);
});

test("the sender works with Node's HTTP server, large bodies, and responses that arrive before the body was read", async (context) => {
  const server = createServer((request, response) => {
    if (request.url === "/early") return void response.writeHead(413).end("too large");
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => response.end(String(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { port } = server.address() as { port: number };
  const sender = startSender(context);
  const body = "x".repeat(320 * 1024);
  const whole = await post(sender, `http://127.0.0.1:${port}/`, { body });
  assert.ok(whole.kind === "answered" && whole.snippet === String(body.length));
  const early = await post(sender, `http://127.0.0.1:${port}/early`, { body });
  assert.ok(early.kind === "answered" && early.httpStatus === 413);
  const next = await post(sender, `http://127.0.0.1:${port}/`);
  assert.ok(next.kind === "answered" && next.snippet === "7");
});

test("a lack of file descriptors is not the receiver's failure, and an attempt continues when some become free", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const script = new URL("../../fixtures/out-of-descriptors.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)("/bin/sh", [
    "-c",
    'ulimit -n 200 && exec "$@"',
    "sh",
    process.execPath,
    script,
    `http://127.0.0.1:${receiver.port}/`,
  ]);
  const [without, later] = JSON.parse(stdout);
  assert.deepEqual(without, {
    kind: "out_of_resources",
    detail: "this server has too few file descriptors: raise its limit (ulimit -n)",
  });
  assert.deepEqual(later, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "ok" });
  assert.equal(receiver.requests.length, 1);
});

test("aborting ends every attempt in flight and keeps the sender usable; closing ends the sender", async (context) => {
  let reached: () => void = () => undefined;
  const bothReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const receiver = await startReceiver(context, (socket, { count }) => {
    if (count === 2) reached();
    if (count > 2) socket.write(OK);
  });
  const sender = startSender(context);
  const attempts = [post(sender, receiver), post(sender, receiver)];
  await bothReached;
  sender.abortAll();
  assert.deepEqual(await Promise.all(attempts), [{ kind: "aborted" }, { kind: "aborted" }]);
  assert.equal((await post(sender, receiver)).kind, "answered");
  await sender.close();
  assert.deepEqual(await post(sender, receiver), { kind: "aborted" });
});

test("an attempt that is aborted after a 2xx head is a success", async (context) => {
  const receiver = await startReceiver(context, answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"));
  const sender = startSender(context);
  const attempt = post(sender, receiver);
  while (receiver.bytesWritten() === 0) await new Promise(setImmediate);
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  sender.abortAll();
  assert.deepEqual(await attempt, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "half" });
});

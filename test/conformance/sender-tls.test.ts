import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createSystemClock } from "../../src/clock/system.ts";
import { createResolver } from "../../src/sender/resolver.ts";
import { startNameServer } from "../fixtures/name-server.ts";
import { answer, OK, post, readPem, startReceiver, startSender } from "../fixtures/receiver.ts";

async function setUp(context: TestContext) {
  const server = await startNameServer(() => ["127.0.0.1"]);
  context.after(() => server.close());
  const clock = createSystemClock();
  const resolver = createResolver({ clock, nameServers: [server.address], hostsPath: "/nonexistent" });
  return startSender(context, { clock, resolver, trustedCa: readPem("ca") });
}

test("a trusted receiver is reached over TLS, and its connection is used again", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { certificate: "receiver" });
  const sender = await setUp(context);
  for (let i = 0; i < 3; i++) {
    const outcome = await post(sender, `https://receiver.test:${receiver.port}/`);
    assert.deepEqual(outcome, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "ok" });
  }
  assert.equal(receiver.connections(), 1);
  assert.equal((await post(sender, `https://127.0.0.1:${receiver.port}/`)).kind, "answered");
  assert.equal((await post(sender, `https://receiver.test.:${receiver.port}/`)).kind, "answered");
});

test("new connections to a receiver that closes each one work, with and without a resumed session", async (context) => {
  const close = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
  const receiver = await startReceiver(context, (socket) => void socket.end(close), { certificate: "receiver" });
  const sender = await setUp(context);
  for (let i = 0; i < 3; i++) {
    assert.equal((await post(sender, `https://receiver.test:${receiver.port}/`)).kind, "answered");
  }
  assert.equal(receiver.connections(), 3);
});

const UNTRUSTED: ReadonlyArray<readonly [name: string, certificate: string, host: string, detail: RegExp]> = [
  ["an expired certificate", "expired", "receiver.test", /expired/],
  ["a self-signed certificate", "self-signed", "receiver.test", /self-signed/],
  ["a certificate for another name", "receiver", "other.test", /does not name the URL's host/],
];

for (const [name, certificate, host, detail] of UNTRUSTED) {
  test(`${name} is a TLS error that says so, and nothing is sent`, async (context) => {
    const receiver = await startReceiver(context, answer(OK), { certificate });
    const outcome = await post(await setUp(context), `https://${host}:${receiver.port}/`);
    assert.ok(outcome.kind === "unreachable");
    assert.equal(outcome.reason, "tls_error");
    assert.match(outcome.detail, detail);
    assert.deepEqual(receiver.requests, []);
  });
}

test("an authority that is not trusted is a TLS error", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { certificate: "receiver" });
  const outcome = await post(startSender(context), `https://127.0.0.1:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error");
  assert.match(outcome.detail, /issuer/);
});

test("a receiver that does not speak TLS is a TLS error that says so", async (context) => {
  const receiver = await startReceiver(context, () => undefined, {
    onConnection: (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  });
  const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error");
  assert.match(outcome.detail, /does not speak TLS/);
});

test("a handshake that is cut off is a TLS error, one that never ends a connect time-out", async (context) => {
  const cut = await startReceiver(context, () => undefined, {
    onConnection: (socket) => socket.once("data", () => socket.end()),
  });
  const sender = await setUp(context);
  const first = await post(sender, `https://receiver.test:${cut.port}/`);
  assert.ok(first.kind === "unreachable" && first.reason === "tls_error");
  assert.match(first.detail, /during the TLS handshake/);
  const silent = await startReceiver(context, () => undefined);
  const second = await post(sender, `https://receiver.test:${silent.port}/`, { timeoutMs: 150 });
  assert.ok(second.kind === "unreachable" && second.reason === "connect_timeout");
  assert.match(second.detail, /TLS handshake/);
});

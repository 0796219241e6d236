import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { TlsOptions } from "node:tls";
import { createSystemClock } from "../../../src/clock/system.ts";
import { createResolver } from "../../../src/sender/resolver.ts";
import { startNameServer } from "../../fixtures/name-server.ts";
import { answer, OK, post, readPem, startReceiver, startSender } from "../../fixtures/receiver.ts";

async function setUp(context: TestContext) {
  const server = await startNameServer(() => ["127.0.0.1"]);
  context.after(() => server.close());
  const clock = createSystemClock();
  const resolver = createResolver({ clock, nameServers: [server.address], hostsPath: "/nonexistent" });
  return startSender(context, { clock, resolver, trustedCa: readPem("ca") });
}

test("a trusted receiver is reached over TLS, and its connection is reused", async (context) => {
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

test("a receiver that closes every connection is reached, with and without session resumption", async (context) => {
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
  test(`${name} causes a TLS error that names it, and nothing is sent`, async (context) => {
    const receiver = await startReceiver(context, answer(OK), { certificate });
    const outcome = await post(await setUp(context), `https://${host}:${receiver.port}/`);
    assert.ok(outcome.kind === "unreachable");
    assert.equal(outcome.reason, "tls_error");
    assert.match(outcome.detail, detail);
    assert.deepEqual(receiver.requests, []);
  });
}

test("an untrusted certificate authority causes a TLS error", async (context) => {
  const receiver = await startReceiver(context, answer(OK), { certificate: "receiver" });
  const outcome = await post(startSender(context), `https://127.0.0.1:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error");
  assert.match(outcome.detail, /issuer/);
});

test("a receiver that does not speak TLS causes a TLS error that says so", async (context) => {
  const receiver = await startReceiver(context, () => undefined, {
    onConnection: (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  });
  const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error");
  assert.match(outcome.detail, /does not speak TLS/);
});

test("an aborted handshake is a TLS error, and an endless one is a connect timeout", async (context) => {
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
  while (silent.open() > 0) await new Promise(setImmediate);
});

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a required client certificate is reported under ${maxVersion}`, async (context) => {
    const receiver = await startReceiver(context, answer(OK), {
      certificate: "receiver",
      tlsOptions: { requestCert: true, rejectUnauthorized: true, ca: readPem("ca"), maxVersion },
    });
    const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
    assert.deepEqual(outcome, {
      kind: "unreachable",
      reason: "tls_error",
      detail: "the receiver asks for a client certificate, which Signalbox does not have",
    });
    assert.deepEqual(receiver.requests, []);
  });

  test(`a receiver that closes because it got no client certificate is recognized under ${maxVersion}`, async (context) => {
    const receiver = await startReceiver(context, (socket) => socket.destroy(), {
      certificate: "receiver",
      tlsOptions: { requestCert: true, rejectUnauthorized: false, maxVersion },
    });
    const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
    assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error");
    assert.match(outcome.detail, /asks for a client certificate/);
  });
}

test("a receiver with an optional client certificate is reached", async (context) => {
  const receiver = await startReceiver(context, answer(OK), {
    certificate: "receiver",
    tlsOptions: { requestCert: true, rejectUnauthorized: false },
  });
  const sender = await setUp(context);
  for (let i = 0; i < 2; i++) {
    assert.equal((await post(sender, `https://receiver.test:${receiver.port}/`)).kind, "answered");
  }
});

test("a TLS connection that closes without a response is a reset if no client certificate was requested", async (context) => {
  const receiver = await startReceiver(context, (socket) => socket.destroy(), { certificate: "receiver" });
  const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "reset");
});

const REFUSING: ReadonlyArray<readonly [name: string, options: TlsOptions, detail: RegExp]> = [
  ["only an old TLS version", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }, /neither TLS 1.2 nor TLS 1.3/],
  ["no common cipher", { maxVersion: "TLSv1.2", ciphers: "PSK-AES128-CBC-SHA" }, /handshake_failure: it accepts none/],
  ["only HTTP/2", { ALPNProtocols: ["h2"] }, /no_application_protocol: it does not speak HTTP\/1.1/],
  [
    "no certificate for the host",
    { SNICallback: (_name, done) => done(new Error("unknown")) },
    /during the TLS handshake|ended TLS with|handshake failed/,
  ],
];

for (const [name, tlsOptions, detail] of REFUSING) {
  test(`a receiver with ${name} causes a readable TLS error`, async (context) => {
    const receiver = await startReceiver(context, answer(OK), { certificate: "receiver", tlsOptions });
    const outcome = await post(await setUp(context), `https://receiver.test:${receiver.port}/`);
    assert.ok(outcome.kind === "unreachable" && outcome.reason === "tls_error", JSON.stringify(outcome));
    assert.match(outcome.detail, detail);
    assert.doesNotMatch(outcome.detail, /openssl|SSL routines|ERR_/i);
  });
}

test("plain HTTP to a TLS port reports which URL to use", async (context) => {
  const receiver = await startReceiver(context, () => undefined, {
    onConnection: (socket) => socket.once("data", () => socket.end(Buffer.from("15030300020250", "hex"))),
  });
  const outcome = await post(startSender(context), receiver);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "protocol_error");
  assert.match(outcome.detail, /speaks TLS on this port; use an https:\/\/ URL/);
});

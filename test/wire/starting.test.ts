/** Before the store is bootstrapped, the server does not refuse the key that it is about to create. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assembleServer } from "../harness/assembled.ts";
import { newDataDir } from "../harness/child.ts";

test("until the store is bootstrapped, every route except /healthz is 503 STARTING in its surface's envelope", async (t) => {
  const server = await assembleServer(t, { dataDir: await newDataDir(t), startsLater: true });
  assert.equal((await server.request("GET", "/healthz", { key: null })).status, 200);
  const common = (body: { readonly error: unknown }) => (body.error as { readonly code: string }).code;
  const flat = (body: { readonly error: unknown }) => body.error;
  for (const [method, path, codeIn] of [
    ["GET", "/v1/endpoints", common],
    ["POST", "/v1/events", common],
    ["POST", "/in/src_0190a2b4-0000-7000-8000-000000000001", common],
    ["GET", "/api/v1/webhooks/pause-status/events", common],
    ["GET", "/readyz", common],
    ["GET", "/metrics", common],
    ["GET", "/docs", common],
    ["GET", "/nothing/here", common],
    ["POST", "/v1/pause", flat],
    ["GET", "/respond/x", common],
    ["POST", "/dashboard/auth/login", flat],
  ] as const) {
    const answer = await server.request(method, path);
    assert.equal(answer.status, 503, `${method} ${path}: ${answer.text}`);
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal(codeIn(answer.body), "STARTING");
  }
  server.open();
  assert.equal((await server.request("GET", "/v1/endpoints")).status, 200);
  assert.equal((await server.request("GET", "/readyz")).status, 200);
});

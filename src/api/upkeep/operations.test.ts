import assert from "node:assert/strict";
import { test } from "node:test";
import type { FastifyInstance } from "fastify";
import { type Actor, ROLES, type Role } from "../../domain/access/access.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import { createServer } from "../server.ts";

const TENANT = "00000000-0000-7000-8000-000000000001" as Uuid;
const keyOf = (role: Role): string =>
  `sb_live_${{ agent: "b", viewer: "c", developer: "d", org_admin: "a", global_admin: "f" }[role].repeat(48)}`;
const actor = (role: Role): Actor => ({
  kind: "key",
  id: TENANT,
  role,
  tenantId: TENANT,
  tenantSeq: 1,
  test: false,
});

/** These routes use only the engine's authentication and status. */
async function listen(status: ReturnType<Engine["status"]["ready"]> = { ready: true }): Promise<FastifyInstance> {
  const roles: readonly Role[] = ROLES;
  const engine: {
    access: Pick<Engine["access"], "authenticate">;
    status: Pick<Engine["status"], "isStarting" | "ready">;
  } = {
    access: {
      async authenticate(apiKey) {
        const role = roles.find((candidate) => keyOf(candidate) === apiKey);
        return role === undefined ? null : actor(role);
      },
    },
    status: { isStarting: () => false, ready: () => status },
  };
  const metrics = { contentType: "text/plain; version=0.0.4; charset=utf-8", metrics: async () => "up 1\n" };
  const deps = { engine, metrics, version: "1.2.3", publicUrl: () => "http://localhost:8080", trustProxy: [] };
  const app = createServer(deps as unknown as ApiDeps);
  await app.ready();
  return app;
}

const app = await listen();
const fullDisk = await listen({ ready: false, reason: "the disk is full" });

test("/healthz is 200 without a key, even while the engine is not ready", async () => {
  const { statusCode, body } = await fullDisk.inject("/healthz");
  assert.deepEqual([statusCode, JSON.parse(body)], [200, { status: "ok" }]);
});

test("/readyz is 200 while the server can accept events", async () => {
  const { statusCode, body } = await app.inject("/readyz");
  assert.deepEqual([statusCode, JSON.parse(body)], [200, { status: "ready" }]);
});

test("/readyz is 503 with the reason and Retry-After while the server cannot accept events", async () => {
  const answer = await fullDisk.inject("/readyz");
  assert.equal(answer.statusCode, 503);
  assert.deepEqual(answer.json(), { status: "not_ready", reason: "the disk is full" });
  assert.equal(answer.headers["retry-after"], "1");
});

test("/metrics requires a global_admin", async () => {
  const statusOf = async (headers: Record<string, string>) =>
    (await app.inject({ url: "/metrics", headers })).statusCode;
  assert.equal(await statusOf({}), 401);
  assert.equal(await statusOf({ authorization: "Bearer nonsense" }), 401);
  assert.equal(await statusOf({ authorization: `Bearer ${keyOf("org_admin")}` }), 403);
  const shown = await app.inject({
    url: "/metrics",
    headers: { authorization: `Bearer ${keyOf("global_admin")}` },
  });
  assert.deepEqual([shown.statusCode, shown.body], [200, "up 1\n"]);
  assert.equal(shown.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
});

test("/docs uses only files of this server, under a strict content security policy", async () => {
  const page = await app.inject("/docs");
  assert.equal(page.statusCode, 200);
  assert.doesNotMatch(page.headers["content-security-policy"] as string, /unsafe|http|\*/);
  const linked = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path = ""]) => path);
  assert.equal(linked.length, 5);
  for (const path of linked) assert.equal((await app.inject(`/${path}`)).statusCode, 200, path);
});

test("a client that has a static response gets a 304", async () => {
  for (const url of ["/openapi.json", "/docs", "/docs/page.css", "/docs/swagger-ui-bundle.js"]) {
    const { headers, body } = await app.inject(url);
    assert.equal(headers["cache-control"], "no-cache", url);
    assert.equal((await app.inject(url)).body, body, url);
    const etag = String(headers.etag);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await app.inject({ url, headers: { "if-none-match": known } });
      assert.deepEqual([again.statusCode, again.body, again.headers.etag], [304, "", etag], `${url} ${known}`);
    }
    assert.equal((await app.inject({ url, headers: { "if-none-match": '"other"' } })).statusCode, 200, url);
  }
});

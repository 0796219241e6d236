import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownPaths } from "./known-paths.ts";

test("a known path has its methods, and an unknown one none", () => {
  const known = new KnownPaths();
  known.add("/v1/keys", ["GET", "HEAD"]);
  known.add("/v1/keys", "POST");
  known.add("/v1/keys/:id", "DELETE");
  known.add("/v1/keys/rotate", "POST");
  assert.equal(known.allowed("/v1/keys"), "GET, HEAD, POST");
  assert.equal(known.allowed("/v1/keys/x"), "DELETE");
  assert.equal(known.allowed("/v1/keys/rotate"), "DELETE, POST");
  for (const path of ["/v1/keys/", "/v1/keys/a/b", "/v1/keysx", "/", ""]) assert.equal(known.allowed(path), null, path);
});

test("an unknown path gets a suggestion", () => {
  const known = new KnownPaths();
  for (const path of [
    "/healthz",
    "/v1/endpoints",
    "/v1/endpoints/:id",
    "/v1/endpoints/:id/rotate-secret",
    "/v1/events",
    "/v1/events/batch",
    "/v1/auth/keys",
    "/dashboard/auth/login",
    "/dashboard/webhooks",
    "/v1/webhooks/:id",
    "/api/v1/webhooks/pause-status",
  ]) {
    known.add(path, "GET");
  }
  const meant: readonly (readonly [string, string | null])[] = [
    ["/v1/endpoints/", "/v1/endpoints"],
    ["//v1//endpoints", "/v1/endpoints"],
    ["/V1/Endpoints", "/v1/endpoints"],
    ["/endpoints", "/v1/endpoints"],
    ["/endpoints/ep_1", "/v1/endpoints/{id}"],
    ["/api/v1/endpoints", "/v1/endpoints"],
    ["/api/endpoints", "/v1/endpoints"],
    ["/event", "/v1/events"],
    ["/v1/endpoint", "/v1/endpoints"],
    ["/v2/endpoints", "/v1/endpoints"],
    ["/v1/endpoint/ep_1", "/v1/endpoints/{id}"],
    ["/v1/endpoints/ep_1/rotate_secret", "/v1/endpoints/{id}/rotate-secret"],
    ["/v1/events/bacth", "/v1/events/batch"],
    ["/auth/login", "/dashboard/auth/login"],
    ["/health", "/healthz"],
    ["/", null],
    ["", null],
    ["/wp-admin/setup.php", null],
    ["/v1/endpoints/ep_1/secret/of/another", null],
    [`/v1/endpoint${"s".repeat(200)}`, null],
    ["/".repeat(150), null],
  ];
  for (const [path, right] of meant) assert.equal(known.suggest(path), right, path);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownPaths } from "./known-paths.ts";

test("a known path tells its methods, an unknown one none", () => {
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

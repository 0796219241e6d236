import assert from "node:assert/strict";
import { it } from "node:test";
import { Signalbox, SignalboxError } from "../src/index.ts";
import { json, noContent, serve } from "./server.ts";

it("a page of the server's own sends no key, and leaves the cookie to the browser", async (test) => {
  const { url, seen } = await serve(test, json(200, { data: { id: "usr_1" } }), json(200, [{ id: "ep_1" }]), noContent);
  const inits: (RequestInit | undefined)[] = [];
  const client = new Signalbox({
    url,
    session: true,
    tenant: "dev_1",
    fetch: (input, init) => {
      inits.push(init);
      return fetch(input, init);
    },
  });
  assert.equal((await client.session.me()).id, "usr_1");
  assert.deepEqual(await client.endpoints.page({ limit: 5 }), { rows: [{ id: "ep_1" }], next: null });
  await client.session.changePassword({ currentPassword: "a", newPassword: "b" }).catch(() => undefined);
  assert.deepEqual(
    seen.map(({ method, url, headers }) => [method, url, headers.authorization]),
    [
      ["GET", "/dashboard/auth/me?tenant=dev_1", undefined],
      ["GET", "/v1/endpoints?limit=5&tenant=dev_1", undefined],
      ["POST", "/dashboard/auth/password?tenant=dev_1", undefined],
    ],
  );
  assert.ok(inits.every((init) => init?.credentials === "same-origin"));
});

it("signs in and out", async (test) => {
  const { url, seen } = await serve(test, json(200, { data: { email: "a@example.com", role: "developer" } }));
  const client = new Signalbox({ url, session: true });
  const input = { email: "a@example.com", password: "correct horse battery" };
  assert.deepEqual(await client.session.signIn(input), { email: "a@example.com", role: "developer" });
  await client.session.signOut();
  assert.deepEqual(
    seen.map(({ url, body }) => [url, body]),
    [
      ["/dashboard/auth/login", JSON.stringify(input)],
      ["/dashboard/auth/logout", ""],
    ],
  );
});

it("without retries, the caller gets the first refusal with its Retry-After", async (test) => {
  const refused = json(503, { error: { code: "OVERLOADED", message: "busy", details: [] } }, { "retry-after": "7" });
  const { url, seen } = await serve(test, refused);
  const client = new Signalbox({ url, session: true, retries: 0 });
  await assert.rejects(
    client.endpoints.get("ep_1"),
    (error) => error instanceof SignalboxError && error.retryAfterSeconds === 7,
  );
  assert.equal(seen.length, 1);
  assert.throws(() => new Signalbox({ url, session: true, retries: -1 }), TypeError);
});

it("a stream names its topics and its tenant, and says when its connection opens and is lost", async (test) => {
  const { url, seen } = await serve(test, (_seen, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end('event: status\ndata: {"ready":true,"reason":null}\n\n');
  });
  const states: boolean[] = [];
  const client = new Signalbox({ url, session: true, tenant: "dev_1", wait: async () => undefined });
  const events = client.follow({ topics: ["status"], onConnection: (open) => states.push(open) });
  let count = 0;
  for await (const _ of events) if (++count === 2) break;
  assert.equal(seen[0]?.url, "/v1/stream?topics=status&tenant=dev_1");
  assert.deepEqual(states, [true, false, true]);
});

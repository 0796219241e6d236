/** What an attempt sent and got, and tests with their own content. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { verify } from "../../../packages/sdk/src/index.ts";
import { failOnce, publish, stage } from "../../harness/scene.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const SECRET = "a secret of 16 bytes or more";

interface Headers {
  readonly name: string;
  readonly value: string;
}

const headerOf = (headers: readonly Headers[], name: string) => headers.find((header) => header.name === name)?.value;

interface Details {
  readonly url: string;
  readonly error: string | null;
  readonly request: {
    readonly headers: readonly Headers[];
    readonly body: string;
    readonly differs: readonly string[];
  };
  readonly response: { readonly http_status: number; readonly headers: readonly Headers[]; readonly body: string };
  readonly timings: Readonly<Record<string, number | null>>;
}

async function attemptOf(client: Client, deliveryId: string, query = ""): Promise<Details> {
  const answer = await client.request("GET", `/v1/deliveries/${deliveryId}/attempts/1${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as unknown as Details;
}

test("an attempt shows its URL, the request as it was sent, the response and the timings", async (t) => {
  const scene = await stage(t, server, { secret: SECRET, headers_json: { "X-Shop": "1" } });
  const { client, hooks, endpointId } = scene;
  const deliveryId = await failOnce(scene);
  const sent = await hooks.nth(1);
  const { url, error, request, response, timings } = await attemptOf(client, deliveryId);
  assert.equal(url, hooks.url);
  assert.equal(error, "HTTP 500");
  assert.equal(request.body, sent.body);
  assert.deepEqual(request.differs, []);
  for (const { name, value } of request.headers) assert.equal(value, sent.headers[name.toLowerCase()], name);
  assert.deepEqual(
    request.headers.map(({ name }) => name.toLowerCase()).sort(),
    Object.keys(sent.headers)
      .filter((name) => name !== "connection")
      .sort(),
  );
  assert.equal(response.http_status, 500);
  assert.equal(response.body, "no stock");
  assert.equal(headerOf(response.headers, "x-request-id"), "r1");
  assert.equal(headerOf(response.headers, "set-cookie"), "(not stored)");
  assert.notEqual(headerOf(response.headers, "date"), undefined);
  assert.deepEqual(Object.keys(timings), ["dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "total_ms"]);
  assert.deepEqual([timings.dns_ms, timings.tls_ms], [null, null]);
  assert.ok((timings.connect_ms ?? -1) >= 0 && (timings.first_byte_ms ?? -1) >= 0);

  const now = await attemptOf(client, deliveryId, "?signed=now");
  const headers = Object.fromEntries(now.request.headers.map(({ name, value }) => [name.toLowerCase(), value]));
  const verified = await verify({ headers, body: now.request.body, secret: SECRET });
  assert.deepEqual(verified.data, { n: 4711 });
  assert.equal(now.request.differs.length, 1);

  await client.request("POST", `/v1/endpoints/${endpointId}/rotate-secret`, { body: { overlap_seconds: 0 } });
  assert.match((await attemptOf(client, deliveryId)).request.differs[0] ?? "", /^The endpoint was changed after/);
  await client.request("DELETE", `/v1/endpoints/${endpointId}`);
  const erased = await attemptOf(client, deliveryId);
  assert.match(erased.request.differs[0] ?? "", /^The endpoint is deleted/);
  assert.equal(
    erased.request.headers.some(({ name }) => /signature/i.test(name)),
    false,
  );
  assert.equal(erased.request.body, sent.body);
});

test("an unknown attempt is a 404, a bad option a fault", async (t) => {
  const scene = await stage(t, server);
  const deliveryId = await failOnce(scene);
  for (const number of ["0", "2", "-1", "1.0", "x", "999999999999"]) {
    const answer = await scene.client.request("GET", `/v1/deliveries/${deliveryId}/attempts/${number}`);
    assert.deepEqual([answer.status, answer.code], [404, "ATTEMPT_NOT_FOUND"], number);
  }
  const bad = await scene.client.request("GET", `/v1/deliveries/${deliveryId}/attempts/1?signed=later`);
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["signed"]]);
});

// ── Tests with their own content ────────────────────────────────────────────────────────────────────────────────────

test("a test sends its own type and payload, or those of an event, and returns what it got", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server, { event_types: ["none"] });
  hooks.react((hook) => hook.answer(202, { "x-request-id": "r2" }, "thanks"));
  const send = (body: object) => client.request("POST", `/v1/endpoints/${endpointId}/test`, { body });
  const own = await send({ event_type: "order.paid", payload: { total: 1.5 } });
  assert.equal(own.status, 200, own.text);
  const data = own.body.data as unknown as Record<string, unknown> & {
    response_headers: Headers[];
    delivery_id: string;
  };
  assert.deepEqual([data.success, data.httpStatus, data.response_body], [true, 202, "thanks"]);
  assert.equal(headerOf(data.response_headers, "x-request-id"), "r2");
  assert.equal(headerOf(data.response_headers, "date"), undefined);
  assert.ok(typeof data.latency_ms === "number" && typeof data.timings === "object");
  const first = await hooks.nth(1);
  assert.deepEqual([first.headers["x-webhook-event"], first.body], ["order.paid", '{"total":1.5}']);
  const recorded = await client.request("GET", `/v1/deliveries/${data.delivery_id}`);
  assert.deepEqual([recorded.body.status, recorded.body.attempts_count], ["DELIVERED", 1]);

  const { eventId } = await publish(client, 7);
  assert.equal((await send({ event_id: eventId })).body.data.success, true);
  assert.equal((await hooks.nth(2)).body, '{"n":7}');
  assert.equal((await send({})).body.data.success, true);
  assert.equal((await hooks.nth(3)).headers["x-webhook-event"], "test");

  const stranger = await newTenant(server);
  const foreign = await publish(stranger);
  for (const [body, fields] of [
    [{ event_type: "pause.responded" }, ["event_type"]],
    [{ event_type: "a b", payload: [], more: 1 }, ["event_type", "payload", "more"]],
    [{ payload: { text: "x".repeat(262_144) } }, ["payload"]],
    [{ event_id: eventId, event_type: "a" }, ["event_id"]],
    [{ event_id: "x" }, ["event_id"]],
    [{ event_id: foreign.eventId }, ["event_id"]],
  ] as const) {
    const answer = await send(body);
    assert.deepEqual([answer.status, [...answer.faultyFields].sort()], [400, [...fields].sort()], answer.text);
  }
  assert.equal(hooks.all.length, 3);
});

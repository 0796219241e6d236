import assert from "node:assert/strict";
import { it } from "node:test";
import { Signalbox } from "../src/index.ts";
import { json, serve } from "./server.ts";

it("sends the filters of endpoints and of statistics in the form that the server expects", async (test) => {
  const { url, seen } = await serve(test, json(200, []));
  const client = new Signalbox({ url, apiKey: `sb_test_${"0".repeat(48)}` });
  await client.endpoints.page({ state: ["failing", "paused"], q: "shop", limit: 5 });
  for await (const endpoint of client.endpoints.list({ eventType: "order.paid" })) assert.fail(endpoint.id);
  await client.endpoints.count();
  await client.analytics.endpointAttempts(["ep_1", "ep_2"], { hours: 48 });
  await client.analytics.inbound({ from: new Date(0), step: "1d" });
  await client.analytics.pauses();
  assert.deepEqual(
    seen.map(({ method, url: path }) => `${method} ${path}`),
    [
      "GET /v1/endpoints?state=failing&state=paused&q=shop&limit=5",
      "GET /v1/endpoints?event_type=order.paid",
      "GET /v1/endpoints/counts",
      "GET /v1/analytics/endpoint-attempts?endpoint_id=ep_1&endpoint_id=ep_2&hours=48",
      "GET /v1/analytics/inbound?from=1970-01-01T00%3A00%3A00.000Z&step=1d",
      "GET /v1/analytics/pauses",
    ],
  );
});

it("sends each call on users, the audit, sources and inbound events in the form that the server expects", async (test) => {
  const { url, seen } = await serve(test, (one, response) =>
    json(200, one.url === "/v1/sources" && one.method === "GET" ? [] : { users: [] })(one, response),
  );
  const client = new Signalbox({ url, apiKey: `sb_test_${"0".repeat(48)}` });
  await client.tenants.update("dev_1", { links: "withheld", portal_origins: ["https://shop.example"] });
  for await (const user of client.users.list()) assert.fail(user.id);
  await client.users.create({ email: "ann@example.com", role: "developer" });
  await client.users.update("usr_1", { disabled: true });
  await client.users.resetPassword("usr_1");
  await client.audit.list({ subject_id: "ep_1", actor: "usr_1", limit: 5 });
  await client.sources.create({ name: "repositories", scheme: "github" });
  for await (const source of client.sources.list()) assert.fail(source.id);
  await client.sources.get("src_1");
  await client.sources.update("src_1", { name: "other" });
  await client.sources.delete("src_1");
  await client.sources.rotateSecret("src_1", { overlap_seconds: 0 });
  await client.sources.try("src_1", { secret: "right" });
  await client.sources.reprocess("src_1");
  await client.inboundEvents.list({ valid: false, source_id: "src_1" });
  await client.inboundEvents.refused({ from: "2026-01-01" });
  await client.inboundEvents.get("wh_1");
  await client.inboundEvents.reprocess("src_1", "wh_1");
  await client.inboundEvents.note("src_1", "wh_1", null);
  await client.inboundEvents.delete("wh_1");
  assert.deepEqual(
    seen.map(({ method, url: path, body }) => `${method} ${path} ${body}`.trim()),
    [
      'PATCH /v1/tenants/dev_1 {"links":"withheld","portal_origins":["https://shop.example"]}',
      "GET /v1/users",
      'POST /v1/users {"email":"ann@example.com","role":"developer"}',
      'PATCH /v1/users/usr_1 {"disabled":true}',
      "POST /v1/users/usr_1/reset-password",
      "GET /v1/audit?subject_id=ep_1&actor=usr_1&limit=5",
      'POST /v1/sources {"name":"repositories","scheme":"github"}',
      "GET /v1/sources",
      "GET /v1/sources/src_1",
      'PATCH /v1/sources/src_1 {"name":"other"}',
      "DELETE /v1/sources/src_1",
      'POST /v1/sources/src_1/rotate-secret {"overlap_seconds":0}',
      'POST /v1/sources/src_1/try {"secret":"right"}',
      "POST /v1/sources/src_1/reprocess",
      "GET /v1/inbound-events?valid=false&source_id=src_1",
      "GET /v1/inbound-events/refused?from=2026-01-01",
      "GET /v1/inbound-events/wh_1",
      "POST /v1/sources/src_1/events/wh_1/reprocess",
      'PATCH /v1/sources/src_1/events/wh_1 {"notes":null}',
      "DELETE /v1/inbound-events/wh_1",
    ],
  );
});

/** Every error message is a sentence, or a list of faults. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../harness/receiver.ts";
import { type Answer, newTenant, startServer } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";
import { sharedServer } from "../processes/one-server.ts";

const server = await sharedServer({ after });

function assertReads(answer: Answer): void {
  assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
  const { error, message } = answer.body as unknown as {
    error: string | { message: string; details: { field: string; rule: string }[] };
    message: string;
  };
  const details = typeof error === "string" ? [] : error.details;
  const text = typeof error === "string" ? message : error.message;
  if (details.length > 0) assert.equal(text, details.map(({ field, rule }) => `${field} ${rule}`).join("; "));
  else assert.match(text, answer.code === "VALIDATION_ERROR" ? /^[a-z_]+ (?:is|must) / : /^[A-Z].*\.$/, answer.text);
}

test("every message is a sentence, or begins with the field that it is about", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const made = await client.request("POST", "/v1/endpoints", { body: { url: receiver.url } });
  const event = await client.request("POST", "/v1/events", {
    body: { type: "a", payload: { n: 1 }, idempotency_key: "k" },
  });
  const id = event.body.deliveries[0]?.delivery_id ?? "";
  await outcomes.until(id, "DELIVERED");
  const refusals: readonly [string, string, unknown?][] = [
    ["GET", "/v1/nothing"],
    ["PUT", "/v1/endpoints"],
    ["GET", "/v1/endpoints/%zz"],
    ["GET", "/v1/endpoints/x"],
    ["GET", "/v1/endpoints?tenant=x"],
    ["GET", "/v1/deliveries?limit=0&state=x"],
    ["GET", "/v1/jobs/x"],
    ["GET", "/v1/events/x"],
    ["POST", "/v1/endpoints", {}],
    ["POST", "/v1/endpoints", { url: "ftp://example.com/" }],
    ["POST", "/v1/endpoints", "{"],
    ["POST", "/v1/events", { type: "test", payload: {} }],
    ["POST", "/v1/events", { type: "a", payload: {}, idempotency_key: "k" }],
    ["POST", `/v1/deliveries/${id}/retry`],
    ["POST", `/v1/deliveries/${id}/cancel`],
    ["POST", "/v1/deliveries/x/retry"],
    ["POST", "/v1/tenants", { name: "x" }],
    ["POST", "/v1/webhooks", {}],
    ["DELETE", "/v1/webhooks/x"],
    ["DELETE", "/v1/auth/keys/x"],
    ["POST", "/v1/auth/keys", { name: "x", role: "global_admin" }],
  ];
  for (const [method, path, body] of refusals) assertReads(await client.request(method, path, { body }));
  assertReads(await server.request("GET", "/v1/endpoints", { key: null }));
  assertReads(await server.request("GET", "/v1/webhooks", { key: null }));

  const retried = await client.request("POST", `/v1/deliveries/${id}/retry`);
  const only = "only one that is FAILED, EXPIRED or CANCELLED can be retried.";
  assert.equal(retried.body.error.message, `The delivery is DELIVERED; ${only}`);
  await client.request("DELETE", `/v1/endpoints/${made.body.id}`);
  const orphan = await client.request("POST", `/v1/deliveries/${id}/retry`);
  assert.equal(orphan.body.error.message, "The delivery's endpoint is deleted.");
});

test("one rule holds for every name: it has a visible character", async () => {
  const secret = "a secret of thirty-two characters";
  const endpoint = { url: "https://93.184.216.34/hook" };
  const { body: endpointMade } = await server.request("POST", "/v1/endpoints", { body: endpoint });
  const { body: source } = await server.request("POST", "/v1/sources", { body: { name: "visible", scheme: "none" } });
  const { body: tenant } = await server.request("POST", "/v1/tenants", { body: { name: "visible" } });
  const bodies: readonly [string, string, object?][] = [
    ["POST", "/v1/endpoints", endpoint],
    ["PATCH", `/v1/endpoints/${endpointMade.id}`],
    ["POST", "/v1/listeners", { secret }],
    ["POST", "/v1/sources", { scheme: "none" }],
    ["PATCH", `/v1/sources/${source.id}`],
    ["POST", "/v1/tenants"],
    ["PATCH", `/v1/tenants/${tenant.id}`],
    ["POST", "/v1/auth/keys"],
    ["POST", "/v1/cli/device"],
  ];
  for (const [method, path, body] of bodies) {
    for (const name of ["", " ", "\u00a0\u3000", "\u200b", "\u3164", "\ufe0f", "a\u0007"]) {
      const refused = await server.request(method, path, { body: { ...body, name } });
      const where = `${method} ${path} ${JSON.stringify(name)}`;
      assert.equal(refused.status, path === "/v1/auth/keys" ? 422 : 400, where);
      const rule =
        /"name (is required and )?must be a string of 1 to \d+ characters, at least one of them visible and none a control character"/;
      assert.match(refused.text, rule, where);
    }
  }
});

test("the rule for URLs names the schemes that this server accepts", async () => {
  const strict = await startServer({ after }, { SIGNALBOX_ALLOW_HTTP: "false" });
  for (const [url, path] of ["/v1/endpoints", "/v1/webhooks"].flatMap((path) => [
    ["no url", path] as const,
    [undefined, path] as const,
  ])) {
    const body = { url };
    assert.match((await server.request("POST", path, { body })).text, /url [\w ]*must be an http or https URL/);
    assert.match((await strict.request("POST", path, { body })).text, /url [\w ]*must be an https URL/);
  }
});

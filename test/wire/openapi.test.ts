import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { createSource, RECORDS, sendPauseStatus } from "../harness/inbound.ts";
import { startRunningReceiver } from "../harness/receiver.ts";
import { type Answer, newTenant } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";
import { sharedServer } from "../processes/one-server.ts";

const server = await sharedServer({ after });

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: TSchema; readonly example?: unknown }>>;

interface OpenApi {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

async function readDocument(): Promise<OpenApi> {
  const answer = await server.request("GET", "/openapi.json", { key: null });
  assert.equal(answer.status, 200);
  return answer.body as unknown as OpenApi;
}

/** Replaces each reference with its schema. */
function resolved<T>(value: T, schemas: Readonly<Record<string, unknown>>): T {
  if (Array.isArray(value)) return value.map((item) => resolved(item, schemas)) as T;
  if (typeof value !== "object" || value === null) return value;
  const [, name] = /^#\/components\/schemas\/(.+)$/.exec(String((value as { $ref?: unknown }).$ref)) ?? [];
  if (name !== undefined) return resolved(schemas[name] ?? assert.fail(`there is no schema ${name}`), schemas) as T;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, schemas)])) as T;
}

async function document(): Promise<Map<string, Operation>> {
  const { openapi, paths: named, servers, components } = await readDocument();
  const paths = resolved(named, components.schemas);
  assert.equal(openapi, "3.1.0");
  assert.equal(new URL(servers[0]?.url ?? "").port, new URL(server.url).port);
  return new Map(
    Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    ),
  );
}

test("every JSON body has an example that its schema accepts: the viewer sends it unless somebody changes it", async () => {
  for (const [name, { requestBody }] of await document()) {
    const body = requestBody?.content["application/json"];
    if (body === undefined) continue;
    assert.ok(body.example !== undefined, name);
    assert.ok(Compile(body.schema).Check(body.example), `${name}: ${JSON.stringify(body.example)}`);
  }
});

test("every operation documents its errors, its credentials, and the limit of its body", async () => {
  const operations = await document();
  const asksWho = (security: readonly object[] | undefined) =>
    security === undefined || security.some((schemes) => Object.keys(schemes).length > 0);
  const keyed = [...operations].filter(
    ([name, { security }]) => / \/(v1|dashboard|api)\//.test(name) && asksWho(security),
  );
  assert.equal(keyed.length, 62 + 6 + 4 + 9 + 16 + 13 + 4);
  for (const [name, operation] of keyed) {
    assert.ok(operation.summary, name);
    for (const status of ["400", "401", "403", "404", "500", "503"])
      assert.ok(operation.responses[status]?.content, `${name} ${status}`);
    assert.match(operation.responses["404"]?.description ?? "", name.includes("{id}") ? /such thing/ : /tenant/, name);
    assert.ok(
      operation.parameters?.some((parameter) => parameter.name === "tenant"),
      name,
    );
    if (operation.requestBody === undefined) continue;
    assert.match(operation.description ?? "", /The body may have at most \d+ bytes\./, name);
    for (const status of ["413", "415"]) assert.ok(operation.responses[status], `${name} ${status}`);
  }
  assert.equal(operations.get("POST /v1/endpoints/{id}/rotate-secret")?.requestBody?.required, false);
  assert.equal(operations.get("POST /v1/events")?.requestBody?.required, true);
});

test("bodies and responses are references to named schemas, and each surface has one schema for its errors", async () => {
  const { paths, components } = await readDocument();
  const errors = new Map<string, Set<string>>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const { operationId = "", requestBody, responses } of Object.values(operations)) {
      const contents = [requestBody, ...Object.values(responses)].flatMap((holder) =>
        Object.values(holder?.content ?? {}),
      );
      for (const { schema } of contents)
        assert.ok(!("properties" in schema), `${operationId}: ${JSON.stringify(schema)}`);
      for (const [status, { description, content }] of Object.entries(responses)) {
        assert.ok(description !== "" && description !== "Default Response", `${operationId} ${status}`);
        const schema: { $ref?: string; anyOf?: { $ref?: string }[] } = content?.["application/json"]?.schema ?? {};
        if (Number(status) < 400) continue;
        const surface = path.split("/")[1] ?? "";
        for (const { $ref } of schema.anyOf ?? [schema]) {
          const name = $ref?.split("/").at(-1);
          if (name !== undefined) errors.set(surface, (errors.get(surface) ?? new Set()).add(name));
        }
      }
    }
  }
  assert.deepEqual(
    [...errors].map(([surface, names]) => [surface, [...names].sort()]),
    [
      ["v1", ["CommonError", "PausesError", "TooLate"]],
      [".well-known", ["CommonError"]],
      ["dashboard", ["DashboardError"]],
      ["api", ["CommonError"]],
      ["in", ["CommonError"]],
      ["readyz", ["CommonError", "NotReady"]],
      ["metrics", ["CommonError"]],
    ],
  );
  for (const name of Object.keys(components.schemas)) assert.match(name, /^[A-Z][A-Za-z]+$/);
});

test("an operation that takes no key documents neither 401 nor 403", async () => {
  const open = [...(await document())].filter(([, { security }]) => security?.length === 0);
  assert.ok(open.length >= 4);
  for (const [name, { responses }] of open) assert.ok(!("401" in responses) && !("403" in responses), name);
});

test("every operation has a unique id that begins with a verb", async () => {
  const ids = [...(await document())].map(([name, { operationId = "" }]) => {
    assert.match(operationId, /^[a-z]+([A-Z][a-z]+)+$/, name);
    return operationId;
  });
  assert.deepEqual([...new Set(ids)], ids);
});

test("a batch has no 409 of its own, since a conflict is about one event", async () => {
  const client = await newTenant(server);
  await client.request("POST", "/v1/events", { body: { type: "a", payload: { n: 1 }, idempotency_key: "k" } });
  const conflict = { type: "a", payload: { n: 2 }, idempotency_key: "k" };
  const batch = await client.request("POST", "/v1/events/batch", { body: { events: [conflict] } });
  assert.deepEqual([batch.status, batch.body.results[0]?.error.code], [202, "IDEMPOTENCY_KEY_CONFLICT"]);
  assert.equal((await document()).get("POST /v1/events/batch")?.responses["409"], undefined);
});

test("the text response of a source's own URL is documented, and its 400 is not about the body", async () => {
  const { responses } = (await document()).get("POST /in/{source_id}") ?? assert.fail();
  assert.deepEqual(Object.keys(responses["200"]?.content ?? {}), ["application/json", "text/plain"]);
  const text = responses["200"]?.content?.["text/plain"]?.schema ?? assert.fail();
  assert.ok(Compile(text).Check("a challenge") && !Compile(text).Check({}));
  assert.match(responses["400"]?.description ?? "", /Never for what the body says/);
  const malformed = await server.request("POST", "/in/%zz", { key: null, body: {} });
  assert.deepEqual([malformed.status, malformed.body.error.code], [400, "BAD_REQUEST"]);
  const source = await createSource(await newTenant(server), { scheme: "none" });
  assert.equal((await server.request("POST", `/in/${source.id}`, { key: null, body: "{{" })).status, 200);
});

test("the metrics are text and their errors JSON, as documented", async () => {
  const { responses } = (await document()).get("GET /metrics") ?? assert.fail();
  const developer = await server.request("POST", "/v1/auth/keys", { body: { name: "d" } });
  const asked = [
    await server.request("GET", "/metrics"),
    await server.request("GET", "/metrics?x=1"),
    await server.request("GET", "/metrics", { key: null }),
    await server.request("GET", "/metrics", { key: developer.body.api_key }),
    await server.request("GET", "/metrics?tenant=dev_x"),
  ];
  assert.deepEqual(
    asked.map(({ status }) => status),
    [200, 400, 401, 403, 404],
  );
  for (const { status, headers, text } of asked) {
    const [type = ""] = (headers.get("content-type") ?? "").split(";");
    const schema = responses[status]?.content?.[type]?.schema ?? assert.fail(`${status} ${type}`);
    assert.deepEqual(Object.keys(responses[status]?.content ?? {}), [type]);
    assert.ok(Compile(schema).Check(status === 200 ? text : JSON.parse(text)), text);
  }
});

/** A tenant whose every response is compared with the document, field by field. */
async function documentedTenant() {
  const operations = await document();
  const check = (name: string, answer: Answer): void => {
    const schema = operations.get(name)?.responses[answer.status]?.content?.["application/json"]?.schema;
    assert.ok(schema, `${name} does not document ${answer.status}: ${answer.text}`);
    const compiled = Compile(schema);
    const value: unknown = JSON.parse(answer.text);
    assert.deepEqual(compiled.Errors(value), [], `${name}: ${answer.text}`);
    assert.deepEqual(undocumented(schema, value), [], `${name}: ${answer.text}`);
  };
  const client = await newTenant(server);
  const call = async (method: string, path: string, ids: Record<string, string> = {}, body?: unknown) => {
    const [route = "", query = ""] = path.split("?");
    const asked = route.replace("{id}", ids.id ?? "") + (query === "" ? "" : `?${query}`);
    const answer = await client.request(method, asked, body === undefined ? {} : { body });
    check(`${method} ${route}`, answer);
    return answer.body;
  };
  return { client, check, call };
}

type Call = Awaited<ReturnType<typeof documentedTenant>>["call"];

async function deliverOne(t: TestContext, { url, apiKey, call }: { url: string; apiKey: string; call: Call }) {
  const { id } = await call("POST", "/v1/endpoints", {}, { url });
  const outcomes = await followOutcomes(t, server.url, apiKey);
  const event = await call("POST", "/v1/events", {}, { type: "a.b", payload: { x: 1 } });
  const deliveryId = event.deliveries[0]?.delivery_id ?? "";
  await outcomes.until(deliveryId, "DELIVERED");
  return { endpointId: id ?? "", eventId: event.event_id, deliveryId };
}

test("responses about endpoints, events and deliveries match the document field by field", async (t) => {
  const { client, call } = await documentedTenant();
  const { url } = await startRunningReceiver(t);
  const { endpointId: id, eventId, deliveryId } = await deliverOne(t, { url, apiKey: client.apiKey, call });
  await call("POST", "/v1/events", {}, { type: "test", payload: 3 });
  await call("POST", "/v1/events/batch", {}, { events: [{ type: "a", payload: {} }, 3] });
  await call("GET", "/v1/events/{id}", { id: eventId });
  await call("GET", "/v1/endpoints");
  await call("GET", "/v1/endpoints/{id}", { id });
  await call("GET", "/v1/endpoints/{id}", { id: "x" });
  await call("PATCH", "/v1/endpoints/{id}", { id }, { description: "x", rate_limit_per_second: 3 });
  await call("POST", "/v1/endpoints/{id}/rotate-secret", { id });
  await call("POST", "/v1/endpoints/{id}/test", { id });
  const { job_id } = await call("POST", "/v1/endpoints/{id}/recover", { id }, { since: "2024-01-01T00:00:00Z" });
  await call("GET", "/v1/jobs/{id}", { id: job_id });
  await call("GET", "/v1/deliveries?limit=1");
  await call("GET", "/v1/deliveries/{id}", { id: deliveryId });
  await call("POST", "/v1/deliveries/{id}/cancel", { id: deliveryId });
  await call("POST", "/v1/deliveries/{id}/retry", { id: deliveryId });
  await call("POST", "/v1/replays", {}, { delivery_ids: [deliveryId], dry_run: true });
  for (const name of ["delivery-volume", "success-rate", "latency-distribution", "endpoint-health"]) {
    await call("GET", `/v1/analytics/${name}?hours=2`);
  }
});

test("responses of the dashboard's routes match the document field by field", async (t) => {
  const { client, call, check } = await documentedTenant();
  const { url } = await startRunningReceiver(t);
  const { deliveryId } = await deliverOne(t, { url, apiKey: client.apiKey, call });
  await call("GET", "/v1/webhooks");
  await call("POST", "/v1/webhooks", {}, { url, events: ["pause.responded"], secret: "0123456789abcdef" });
  await call("POST", "/v1/webhooks", {}, {});
  const webhook = await call("POST", "/dashboard/webhooks", {}, { url });
  const { id: webhookId } = webhook.data as unknown as { id: string };
  await call("POST", "/dashboard/webhooks", {}, {});
  await call("GET", "/dashboard/webhooks?limit=2");
  await call("GET", "/dashboard/webhooks/deliveries?limit=2");
  await call("GET", "/dashboard/webhooks/deliveries?limit=0");
  await call("GET", "/dashboard/webhooks/deliveries/export?limit=0");
  await call("GET", "/dashboard/webhooks/{id}", { id: webhookId });
  await call("POST", "/dashboard/webhooks/{id}/toggle", { id: webhookId });
  await call("POST", "/dashboard/webhooks/{id}/test", { id: webhookId });
  const retry = await client.request("POST", `/dashboard/webhooks/deliveries/${deliveryId}/retry`);
  check("POST /dashboard/webhooks/deliveries/{eventId}/retry", retry);
  await call("DELETE", "/dashboard/webhooks/{id}", { id: webhookId });
  await call("DELETE", "/dashboard/webhooks/{id}", { id: webhookId });
  await call("POST", "/dashboard/auth/login", {}, { email: "x", password: "x" });
  await call("POST", "/dashboard/auth/login", {}, {});
  await call("GET", "/dashboard/auth/me");
  await call("POST", "/dashboard/auth/logout");
  await call("POST", "/dashboard/auth/password", {}, {});
});

test("responses about sources and their events match the document field by field", async () => {
  const { client, call, check } = await documentedTenant();
  const source = await call(
    "POST",
    "/v1/sources",
    {},
    { name: "documented", scheme: "hmac", hmac: { header: "X-Sig" } },
  );
  await call("POST", "/v1/sources", {}, { name: "documented", scheme: "none" });
  await call("POST", "/v1/sources", {}, {});
  await call("GET", "/v1/sources");
  await call("GET", "/v1/sources/{id}", { id: source.id });
  await call("PATCH", "/v1/sources/{id}", { id: source.id }, { event_type: { pointer: "/type" } });
  await call("POST", "/v1/sources/{id}/rotate-secret", { id: source.id });
  check("POST /in/{source_id}", await client.request("POST", `/in/${source.id}`, { key: null, body: {} }));
  const refused = await call("GET", "/v1/sources/{id}/events?valid=false", { id: source.id });
  const [{ id: refusedId = "" } = {}] = refused.data as unknown as { id?: string }[];
  const path = `/v1/sources/${source.id}/events/${refusedId}`;
  check("GET /v1/sources/{id}/events/{event_id}", await client.request("GET", path));
  check("POST /v1/sources/{id}/events/{event_id}/reprocess", await client.request("POST", `${path}/reprocess`));
  const noting = { body: { notes: "x" } };
  check("PATCH /v1/sources/{id}/events/{event_id}", await client.request("PATCH", path, noting));
  const deleting = await server.request("DELETE", `${path}?tenant=${client.id}`);
  assert.equal(deleting.status, 204);
  check("PATCH /v1/sources/{id}/events/{event_id}", await client.request("PATCH", path, noting));
  await call("POST", "/v1/sources/{id}/reprocess", { id: source.id });
  const open = await call("POST", "/v1/sources", {}, { name: "open", scheme: "none" });
  const taken = await client.request("POST", `/in/${open.id}`, { key: null, body: { a: 1 } });
  check("POST /in/{source_id}", taken);
  await call("GET", "/v1/events/{id}", { id: taken.body.event_id });
  const again = `/v1/sources/${open.id}/events/${taken.body.inbound_event_id}/reprocess`;
  check("POST /v1/sources/{id}/events/{event_id}/reprocess", await client.request("POST", again));
});

test("responses about pause status webhooks match the document field by field", async () => {
  const { client, call, check } = await documentedTenant();
  const member = await createSource(client, { scheme: "jcs" });
  const status = await sendPauseStatus(server, member);
  check(`POST ${RECORDS}`, status);
  check(`POST ${RECORDS}`, await sendPauseStatus(server, { name: "nobody" }));
  check(`POST ${RECORDS}`, await sendPauseStatus(server, member, { member_id: "" }));
  await call("GET", RECORDS);
  const record = { id: status.body.webhook_event_id };
  await call("GET", `${RECORDS}/{id}`, record);
  await call("PUT", `${RECORDS}/{id}`, record, { reprocess: true });
  await call("PUT", `${RECORDS}/{id}`, record, { notes: "x" });
  const removed = `${RECORDS}/${record.id}?tenant=${client.id}`;
  check(`DELETE ${RECORDS}/{id}`, await server.request("DELETE", removed));
  await call("GET", `${RECORDS}/{id}`, record);
});

test("responses about access match the document field by field", async () => {
  const { call, check } = await documentedTenant();
  await call("GET", "/v1/audit?limit=100");
  await call("GET", "/v1/auth/keys");
  await call("POST", "/v1/auth/keys", {}, { name: "x" });
  await call("POST", "/v1/tenants", {}, { name: "x" });
  check("POST /v1/tenants", await server.request("POST", "/v1/tenants", { body: { name: "x" } }));
  check("GET /v1/tenants", await server.request("GET", "/v1/tenants"));
  check("GET /v1/endpoints", await server.request("GET", "/v1/endpoints?tenant=dev_x"));
  check("GET /v1/webhooks", await server.request("GET", "/v1/webhooks?tenant=dev_x"));
});

/** The fields that a response has and its schema does not. */
function undocumented(schema: TSchema, value: unknown, at = ""): string[] {
  const { properties, items, anyOf } = schema as {
    properties?: Record<string, TSchema>;
    items?: TSchema;
    anyOf?: TSchema[];
  };
  if (anyOf !== undefined) {
    const found = anyOf
      .filter((branch) => Compile(branch).Check(value))
      .map((branch) => undocumented(branch, value, at));
    return found.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((item) => undocumented(items, item, `${at}[]`));
  if (typeof value !== "object" || value === null || properties === undefined) return [];
  if ((schema as { additionalProperties?: boolean }).additionalProperties === true) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = properties[key];
    return known === undefined ? [`${at}.${key}`] : undocumented(known, inner, `${at}.${key}`);
  });
}

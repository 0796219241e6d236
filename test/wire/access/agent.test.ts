/** What a key of the role agent may do, and every way that we know in which an agent could answer its own question. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { AgentScope } from "../../../src/domain/access/access.ts";
import { AGENT_PAUSES_PER_MINUTE_COUNT_MAX } from "../../../src/domain/limits.ts";
import { signedIn } from "../../harness/jar.ts";
import { ask, auditOf, QUESTION, readPause, respond } from "../../harness/pauses.ts";
import { PASSWORD } from "../../harness/people.ts";
import { createEndpoint, publish } from "../../harness/scene.ts";
import { type Answer, newTenant } from "../../harness/server.ts";
import { sharedPeople } from "../../processes/one-server.ts";
import { type AgentKey, agentOf, newAgent } from "./agents.ts";

const stage = await sharedPeople({ after });
const { server } = stage;
const ALL: readonly AgentScope[] = ["ask", "read", "operate"];

async function askAs(agent: AgentKey, fields: object = {}, headers?: Record<string, string>): Promise<string> {
  const made = await agent.request("POST", "/v1/pause", { ...QUESTION, ...fields }, headers);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.body.respond_url, null);
  return made.body.pause_id;
}

interface Pauses {
  readonly pauses: readonly { readonly pause_id: string }[];
  readonly next_cursor: string | null;
}

const scopesOf = ({ body }: Answer) => (body as unknown as { scopes: readonly string[] | null }).scopes;
const pausesOf = ({ body }: Answer) => body as unknown as Pauses;
const idsOf = (answer: Answer) => pausesOf(answer).pauses.map(({ pause_id }) => pause_id);

test("a key of the role agent has scopes: ask and read by default, in one order, and only for this role", async () => {
  const tenant = await newTenant(server);
  const create = (body: object) => tenant.request("POST", "/v1/auth/keys", { body: { name: "x", ...body } });
  const byDefault = await create({ role: "agent" });
  assert.deepEqual(scopesOf(byDefault), ["ask", "read"]);
  const chosen = await create({ role: "agent", scopes: ["operate", "ask", "operate"] });
  assert.deepEqual(scopesOf(chosen), ["ask", "operate"]);
  assert.equal(scopesOf(await create({})), null);
  for (const body of [
    { scopes: ["ask"] },
    { role: "developer", scopes: ["ask"] },
    { role: "agent", scopes: [] },
    { role: "agent", scopes: ["decide"] },
  ]) {
    const refused = await create(body);
    assert.deepEqual([refused.status, refused.code], [422, "VALIDATION_ERROR"], JSON.stringify(body));
    assert.match(refused.text, /scopes/);
  }
  const me = await agentOf(tenant, "", chosen.body.api_key).request("GET", "/dashboard/auth/me");
  assert.deepEqual((me.body.data as unknown as { scopes: string[] }).scopes, ["ask", "operate"]);
  const listed = (await tenant.request("GET", "/v1/auth/keys")).body.keys as unknown as { scopes: string[] | null }[];
  assert.deepEqual(
    listed.map(({ scopes }) => scopes?.join(",") ?? null),
    [null, "ask,read", "ask,operate", null],
  );
});

/** What an agent with every scope may request. Whoever adds a route here shows that an agent cannot misuse it. */
const OPEN_TO_AGENTS = [
  "DELETE /v1/pause/{id}",
  "GET /dashboard/auth/me",
  "GET /v1/deliveries",
  "GET /v1/deliveries/{id}",
  "GET /v1/deliveries/{id}/explain",
  "GET /v1/endpoints",
  "GET /v1/endpoints/{id}",
  "GET /v1/events/{id}",
  "GET /v1/events/{id}/explain",
  "GET /v1/inbound-events",
  "GET /v1/inbound-events/{id}",
  "GET /v1/pause",
  "GET /v1/pause/{id}",
  "POST /v1/auth/keys/revoke",
  "POST /v1/auth/keys/rotate",
  "POST /v1/deliveries/{id}/retry",
  "POST /v1/endpoints/{id}/test",
  "POST /v1/events",
  "POST /v1/explain",
  "POST /v1/pause",
  "POST /v1/replays",
];

test("every route of the document that needs a key is 403 to an agent, but for a short list", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const { paths } = (await server.request("GET", "/openapi.json")).body as unknown as {
    paths: Record<string, Record<string, { security: readonly object[] }>>;
  };
  const opened: string[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path}`;
      // These two make the key invalid, and another test tries them.
      if (security.every((one) => Object.keys(one).length === 0) || /auth\/keys\/(rotate|revoke)$/.test(path)) continue;
      const answer = await agent.request(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "x"));
      if (answer.status !== 403) opened.push(name);
      else assert.match(answer.text, /FORBIDDEN|SESSION_REQUIRED/, name);
      const elsewhere = await agent.request(
        method.toUpperCase(),
        `${path.replaceAll(/\{\w+\}/g, "x")}?tenant=${tenant.id}`,
      );
      assert.equal(elsewhere.status, 403, `${name} in a chosen tenant`);
    }
  }
  assert.deepEqual(
    opened.toSorted(),
    OPEN_TO_AGENTS.filter((name) => !/auth\/keys\/(rotate|revoke)$/.test(name)),
  );
});

test("a route takes only the scope that it names", async () => {
  const tenant = await newTenant(server);
  const byScope = {
    ask: ["GET", "/v1/pause"],
    read: ["GET", "/v1/deliveries"],
    operate: ["POST", "/v1/events"],
  } as const;
  for (const scope of ALL) {
    const agent = await newAgent(tenant, [scope]);
    for (const [of, [method, path]] of Object.entries(byScope)) {
      const { status, text } = await agent.request(
        method,
        path,
        method === "POST" ? { type: "a", payload: {} } : undefined,
      );
      assert.equal(status < 300, of === scope, `${scope}: ${path} ${text}`);
      if (of !== scope) assert.match(text, new RegExp(`or agent with the scope ${of}\\.`));
    }
  }
});

test("an agent sees only the questions that it asked, by every route", async () => {
  const tenant = await newTenant(server);
  const [agent, other] = [await newAgent(tenant), await newAgent(tenant)];
  const own = [await askAs(agent, { expires_in_seconds: 600 }), await askAs(agent, { expires_in_seconds: 300 })];
  const foreign = [(await ask(tenant, { message: "Whose?" })).id, await askAs(other, { message: "Whose?" })];
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause")), own.toReversed());
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause?status=pending")), own.toReversed());
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause?status=responded")), []);
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause?order=deadline")), own.toReversed());
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause?q=Whose")), []);
  const first = pausesOf(await agent.request("GET", "/v1/pause?limit=1"));
  assert.deepEqual(idsOf(await agent.request("GET", `/v1/pause?limit=1&cursor=${first.next_cursor}`)), [own[0]]);
  for (const id of foreign) {
    assert.deepEqual(idsOf(await agent.request("GET", `/v1/pause?q=${id}`)), []);
    for (const [method, path] of [
      ["GET", `/v1/pause/${id}`],
      ["GET", `/v1/pause/${id}?wait=60`],
      ["DELETE", `/v1/pause/${id}`],
    ] as const) {
      const { status, code } = await agent.request(method, path);
      assert.deepEqual([status, code], [404, "PAUSE_NOT_FOUND"], `${method} ${path}`);
    }
    assert.equal((await readPause(tenant, id)).status, "pending");
  }
  const shown = (await readPause(tenant, own[0] ?? "")) as unknown as { agent: object };
  assert.deepEqual(shown.agent, { id: agent.id, name: "deploy-bot" });
  assert.equal((await agent.request("DELETE", `/v1/pause/${own[0]}`)).body.status, "cancelled");
});

test("an agent never gets a link: not when it asks, reads, lists, waits, cancels or asks again", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const key = { "idempotency-key": "once" };
  const id = await askAs(agent, {}, key);
  assert.equal(await askAs(agent, {}, key), id);
  for (const [method, path] of [
    ["GET", "/v1/pause"],
    ["GET", `/v1/pause/${id}`],
    ["GET", `/v1/pause/${id}?wait=1`],
    ["DELETE", `/v1/pause/${id}`],
  ] as const) {
    const { status, text } = await agent.request(method, path);
    assert.equal(status, 200, text);
    assert.match(text, /"respond_url":null/, path);
    assert.doesNotMatch(text, /\/respond\//, path);
  }
});

test("an idempotency key of somebody else gives an agent neither the question nor a conflict", async () => {
  const tenant = await newTenant(server);
  const [agent, other] = [await newAgent(tenant), await newAgent(tenant)];
  const key = { "idempotency-key": "deploy-1.4.0" };
  const fields = { protected: true };
  const foreign = [(await ask(tenant, fields, key)).id, await askAs(other, fields, key)];
  const own = await askAs(agent, fields, key);
  assert.equal(foreign.includes(own), false);
  assert.equal(await askAs(agent, fields, key), own);
  assert.equal((await agent.request("POST", "/v1/pause", { ...QUESTION, message: "Another?" }, key)).status, 409);
});

test("only a signed-in person answers an agent's question: no key, no link, no form, no setting of the agent", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const refused = await agent.request("POST", "/v1/pause", { ...QUESTION, protected: false });
  assert.deepEqual([refused.status, refused.code], [422, "VALIDATION_ERROR"]);
  assert.match(refused.text, /"protected".*must be true/);
  const id = await askAs(agent);
  assert.match((await tenant.request("GET", `/v1/pause/${id}`)).text, /"protected":true/);
  for (const apiKey of [agent.apiKey, tenant.apiKey]) {
    for (const act of ["decide", "reveal-link"]) {
      const answer = await agentOf(tenant, "", apiKey).request("POST", `/v1/pause/${id}/${act}`, { choice: "Approve" });
      assert.equal(answer.status, 403, act);
    }
  }
  // Somebody leaks the link to the agent.
  const url = (await readPause(tenant, id)).respond_url ?? assert.fail();
  const token = url.slice(url.lastIndexOf("/") + 1);
  const byLink = await respond(tenant, token, { choice: "Approve" });
  assert.deepEqual([byLink.status, byLink.code], [403, "SIGN_IN_REQUIRED"]);
  const form = await fetch(`${server.url}/respond/${token}`, {
    method: "POST",
    body: new URLSearchParams({ choice: "Approve" }),
    redirect: "manual",
  });
  assert.equal(form.status, 403);
  const page = await (await fetch(`${server.url}/respond/${token}`)).text();
  assert.match(page, /agent key deploy-bot/);
  assert.doesNotMatch(page, /<form/);
  assert.equal((await readPause(tenant, id)).status, "pending");
  const waiting = agent.request("GET", `/v1/pause/${id}?wait=60`);
  const { email } = await stage.person("developer", tenant);
  const person = await signedIn(server.url, email, PASSWORD);
  const decided = await person.request("POST", `/v1/pause/${id}/decide`, { body: { choice: "Reject" } });
  assert.equal(decided.status, 200, decided.text);
  const { response_choice: choice, decided_by_user: by } = (await waiting).body as unknown as {
    response_choice: string;
    decided_by_user: { email: string };
  };
  assert.deepEqual([choice, by.email], ["Reject", email]);
  const created = (await tenant.request("GET", `/v1/audit?pause_id=${id}&event_type=pause.created`)).body;
  assert.equal((created.events as unknown as { actor_id: string }[])[0]?.actor_id, agent.id);
});

test("an agent notifies only a user who may decide, by email, and silence is not consent", async () => {
  const [tenant, elsewhere] = [await newTenant(server), await newTenant(server)];
  const agent = await newAgent(tenant, ["ask"], { test: true });
  const { email } = await stage.person("developer", tenant);
  const viewer = await stage.person("viewer", tenant);
  const foreign = await stage.person("developer", elsewhere);
  const disabled = await stage.person("developer", tenant);
  const users = (await tenant.request("GET", "/v1/users")).body.users as unknown as { id: string; email: string }[];
  const { id } = users.find((user) => user.email === disabled.email) ?? assert.fail();
  await tenant.request("PATCH", `/v1/users/${id}`, { body: { disabled: true } });
  const to = (recipient: string, channel = "email") => ({ ...QUESTION, recipient, channel });
  for (const [body, field] of [
    [to("agent@mailbox.example.com"), "recipient"],
    [to(viewer.email), "recipient"],
    [to(foreign.email), "recipient"],
    [to(disabled.email), "recipient"],
    [to("+4915112345678", "sms"), "channel"],
    [to("https://hooks.slack.com/services/T0/B0/x", "slack"), "channel"],
    [JSON.stringify({ ...QUESTION, metadata: { a: [{ b: 1, c: 2 }] } }).replace('"c"', '"b"'), "metadata"],
    [{ ...QUESTION, timeout_default: "Approve" }, "timeout_default"],
    [{ ...QUESTION, timeout_default: "Reject", expires_in_seconds: 299 }, "expires_in_seconds"],
  ] as const) {
    const refused = await agent.request("POST", "/v1/pause", body);
    assert.deepEqual([refused.status, refused.code], [422, "VALIDATION_ERROR"], refused.text);
    assert.match(refused.text, new RegExp(`"field":"${field}"`));
  }
  assert.deepEqual(idsOf(await agent.request("GET", "/v1/pause")), []);
  const asked = await agent.request("POST", "/v1/pause", { ...to(email.toUpperCase()), timeout_default: "Reject" });
  assert.equal(asked.status, 201, asked.text);
  // Another spelling could be another mailbox.
  assert.equal((await readPause(tenant, asked.body.pause_id)).recipient, email);
  // Another caller keeps its choice.
  const own = { ...QUESTION, timeout_default: "Approve", protected: false };
  assert.equal((await tenant.request("POST", "/v1/pause", { body: own })).status, 201);
});

test("ten questions a minute: more are 429, also after a rotation of the key, and the audit says so once", async () => {
  const tenant = await newTenant(server);
  const [agent, other] = [await newAgent(tenant), await newAgent(tenant)];
  const key = { "idempotency-key": "first" };
  const first = await askAs(agent, {}, key);
  for (let asked = 1; asked < AGENT_PAUSES_PER_MINUTE_COUNT_MAX; asked += 1) await askAs(agent);
  const rotated = agentOf(tenant, agent.id, (await agent.request("POST", "/v1/auth/keys/rotate")).body.api_key);
  for (let times = 0; times < 3; times += 1) {
    const refused = await rotated.request("POST", "/v1/pause", QUESTION);
    assert.deepEqual([refused.status, refused.code], [429, "RATE_LIMITED"]);
    assert.match(refused.headers.get("retry-after") ?? "", /^([1-9]|[1-5]\d|60)$/);
  }
  assert.equal(await askAs(rotated, {}, key), first, "a repeated request is no question");
  assert.equal(idsOf(await rotated.request("GET", "/v1/pause")).length, AGENT_PAUSES_PER_MINUTE_COUNT_MAX);
  await askAs(other);
  await ask(tenant);
  const { body } = await tenant.request("GET", "/v1/audit?event_type=pause.ask_refused");
  const [entry, ...more] = body.events as unknown as { data: { limit: string } }[];
  assert.deepEqual([entry?.data.limit, more], ["rate", []]);
  assert.deepEqual(await auditOf(tenant, first), ["pause.created"]);
});

test("the events of pauses do not exist for an agent, and the stream is closed to it", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const endpoint = await createEndpoint(tenant, { url: "http://127.0.0.1:9/", event_types: ["pause.*", "order.*"] });
  const { id, token } = await ask(tenant, { metadata: { secret: "of-somebody-else" } });
  await respond(tenant, token, { choice: "Approve" });
  const shared = await publish(tenant);
  const { results } = (await tenant.request("GET", "/v1/deliveries?event_type=pause.responded")).body;
  const [delivery] = results as unknown as { id: string; event_id: string }[];
  assert(delivery !== undefined);
  for (const path of [
    "/v1/deliveries",
    `/v1/deliveries?endpoint_id=${endpoint}`,
    "/v1/deliveries?event_type=pause.responded",
  ]) {
    const { status, text } = await agent.request("GET", path);
    assert.equal(status, 200);
    assert.doesNotMatch(text, /pause\./, path);
  }
  const event = delivery.event_id;
  for (const [method, path, body] of [
    ["GET", `/v1/deliveries/${delivery.id}`, undefined],
    ["GET", `/v1/deliveries/${delivery.id}/explain`, undefined],
    ["GET", `/v1/events/${event}`, undefined],
    ["GET", `/v1/events/${event}/explain`, undefined],
    ["GET", `/v1/events/${event}/explain?endpoint_id=${endpoint}`, undefined],
    ["POST", `/v1/deliveries/${delivery.id}/retry`, {}],
    ["POST", "/v1/replays", { delivery_ids: [delivery.id] }],
    ["POST", "/v1/replays", { delivery_ids: [delivery.id], dry_run: true }],
    ["POST", `/v1/endpoints/${endpoint}/test`, { event_id: event }],
    // Nor can it make a receiver believe that somebody approved.
    ["POST", `/v1/endpoints/${endpoint}/test`, { event_type: "pause.responded", payload: { choice: "Yes" } }],
    ["POST", "/v1/events", { type: "pause.responded", payload: { choice: "Yes" } }],
  ] as const) {
    const { status, text } = await agent.request(method, path, body);
    assert.match(String(status), /^40[04]$/, `${path} ${text}`);
    assert.doesNotMatch(text, /of-somebody-else|Approve/);
    assert.equal(text.includes(id), false);
  }
  for (const topics of ["", "?topics=pause", "?topics=delivery"]) {
    assert.equal((await agent.request("GET", `/v1/stream${topics}`)).status, 403);
  }
  assert.equal((await agent.request("GET", `/v1/events/${shared.eventId}`)).status, 200);
});

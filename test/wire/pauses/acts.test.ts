/** What an agent may do only if a person approves: the server asks, and does it once. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { signedIn } from "../../harness/jar.ts";
import { auditOf, readPause } from "../../harness/pauses.ts";
import { PASSWORD } from "../../harness/people.ts";
import { createEndpoint, publish } from "../../harness/scene.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";
import { bearer } from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";
import { agentKey, callTool, connect } from "./mcp-client.ts";

const stage = await sharedPeople({ after });
const { server } = stage;
const URL_WITH_SECRET = "http://127.0.0.1:9/hook?token=of-the-receiver";

interface Shown {
  readonly message: string;
  readonly metadata: Record<string, unknown>;
  readonly details: readonly { readonly label: string; readonly value: string }[];
  readonly act: { readonly kind: string; readonly begun_at: string | null; readonly outcome: object | null } | null;
}
type Client = Awaited<ReturnType<typeof connect>>;

const read = async (tenant: Tenant, id: string) => (await readPause(tenant, id)) as unknown as Shown;

async function decide(tenant: Tenant, id: string, choice: string): Promise<void> {
  const { email } = await stage.person("developer", tenant);
  const person = await signedIn(server.url, email, PASSWORD);
  const decided = await person.request("POST", `/v1/pause/${id}/decide`, { body: { choice } });
  assert.equal(decided.status, 200, decided.text);
}

async function use(client: Client, name: string, input: object): Promise<Record<string, unknown>> {
  const output = await callTool(client, name, input);
  assert(typeof output === "object", `${name}: ${String(output)}`);
  return output;
}

async function statusOf(tenant: Tenant, endpoint: string): Promise<string> {
  return (await tenant.request("GET", `/v1/endpoints/${endpoint}`)).body.status;
}

/** Waits for the decision, and returns the act. */
async function actOf(client: Client, id: unknown): Promise<{ outcome: unknown; state: string }> {
  return (await use(client, "wait_for_decision", { pause_id: id })).act as { outcome: unknown; state: string };
}

test("an endpoint is paused and resumed once a person has approved what the server asks", async (t) => {
  const tenant = await newTenant(server);
  const client = await connect(t, server.url, { apiKey: await agentKey(tenant, ["ask", "operate"]) });
  const endpoint = await createEndpoint(tenant, { url: URL_WITH_SECRET, name: "Billing" });
  const asked = await use(client, "pause_endpoint", { endpoint_id: endpoint });
  const id = String(asked.pause_id);
  const shown = await read(tenant, id);
  assert.equal(shown.message, "Pause the endpoint Billing? Its deliveries then wait until somebody resumes it.");
  assert.deepEqual(shown.metadata, { act: "pause_endpoint", endpoint_id: endpoint });
  assert.deepEqual(shown.act, { kind: "pause_endpoint", begun_at: null, outcome: null });
  assert.deepEqual(
    shown.details.map(({ value }) => value),
    ["Billing", "http://127.0.0.1:9/hook?…", endpoint, "ACTIVE", "0"],
  );
  await decide(tenant, id, "Approve");
  assert.equal(await statusOf(tenant, endpoint), "ACTIVE", "the agent does not wait yet");
  assert.deepEqual((await actOf(client, id)).outcome, { status: "PAUSED" });
  assert.equal(await statusOf(tenant, endpoint), "PAUSED");
  // A person resumes it, and the old approval does not pause it again.
  await tenant.request("PATCH", `/v1/endpoints/${endpoint}`, { body: { status: "ACTIVE" } });
  assert.match((await actOf(client, id)).state, /done, once/);
  assert.equal(await statusOf(tenant, endpoint), "ACTIVE");
  const needless = await callTool(client, "resume_endpoint", { endpoint_id: endpoint });
  assert.match(String(needless), /^NOTHING_TO_DO: The endpoint is ACTIVE/);
  assert.equal((await auditOf(tenant, id)).filter((type) => type === "pause.act_begun").length, 1);
});

test("nothing happens to an endpoint that changed after the question", async (t) => {
  const tenant = await newTenant(server);
  const client = await connect(t, server.url, { apiKey: await agentKey(tenant, ["ask", "operate"]) });
  for (const [name, before, change] of [
    ["pause_endpoint", "ACTIVE", { name: "Payroll" }],
    ["resume_endpoint", "PAUSED", { url: "http://127.0.0.1:9/other" }],
    ["recover", "ACTIVE", { status: "PAUSED" }],
  ] as const) {
    const endpoint = await createEndpoint(tenant, { url: URL_WITH_SECRET, name: "Billing" });
    await tenant.request("PATCH", `/v1/endpoints/${endpoint}`, { body: { status: before } });
    const since = name === "recover" && { since: "2026-01-31T12:00:00Z" };
    const { pause_id: id } = await use(client, name, { endpoint_id: endpoint, ...since });
    await decide(tenant, String(id), "Approve");
    await tenant.request("PATCH", `/v1/endpoints/${endpoint}`, { body: change });
    const act = await actOf(client, id);
    assert.equal((act.outcome as { error: string }).error, "ENDPOINT_CHANGED", name);
    assert.match(act.state, /^It was approved, but not done/);
    assert.equal(await statusOf(tenant, endpoint), "status" in change ? change.status : before, name);
  }
});

test("nothing happens when a person refuses, and a tool call that names nothing asks nobody", async (t) => {
  const tenant = await newTenant(server);
  const client = await connect(t, server.url, { apiKey: await agentKey(tenant, ["ask", "operate"]) });
  const endpoint = await createEndpoint(tenant, { url: URL_WITH_SECRET });
  const { pause_id: id } = await use(client, "recover", { endpoint_id: endpoint, since: "2026-01-31T12:00:00Z" });
  await decide(tenant, String(id), "Refuse");
  const refused = await actOf(client, id);
  assert.deepEqual([refused.outcome, refused.state], [null, "Nobody approved it, so it was not done."]);
  const foreign = await createEndpoint(await newTenant(server), { url: URL_WITH_SECRET });
  for (const [name, input, why] of [
    ["pause_endpoint", { endpoint_id: foreign }, /^ENDPOINT_NOT_FOUND: /],
    ["recover", { endpoint_id: endpoint, since: "yesterday" }, /^VALIDATION_ERROR: since /],
    ["pause_endpoint", { endpoint_id: endpoint, to: "nobody" }, /^VALIDATION_ERROR: to /],
    [
      "replay_events",
      { delivery_ids: Array.from({ length: 21 }, unknownDelivery) },
      /^VALIDATION_ERROR: delivery_ids must name/,
    ],
  ] as const) {
    assert.match(String(await callTool(client, name, input)), why, name);
  }
  assert.equal(((await use(client, "list_pauses", {})).pauses as unknown[]).length, 1);
});

const unknownDelivery = (_: unknown, at: number) => `del_00000000-0000-7000-8000-${String(at).padStart(12, "0")}`;

test("many deliveries are replayed once, however many calls wait for the approval", async (t) => {
  const tenant = await newTenant(server);
  const apiKey = await agentKey(tenant, ["ask", "operate"]);
  const client = await connect(t, server.url, { apiKey });
  await createEndpoint(tenant, { url: URL_WITH_SECRET, event_types: ["order.*"] });
  for (let count = 0; count < 21; count += 1) await publish(tenant);
  const idsOf = async () => {
    const { results } = (await tenant.request("GET", "/v1/deliveries?limit=100")).body;
    return (results as unknown as { id: string }[]).map(({ id }) => id);
  };
  const ids = await idsOf();
  assert.equal(ids.length, 21);
  const counted = await use(client, "replay_events", { delivery_ids: ids, dry_run: true });
  assert.deepEqual([counted.created_deliveries, counted.dry_run], [21, true]);
  const { pause_id: id, question } = await use(client, "replay_events", { delivery_ids: ids });
  assert.equal(question, "Replay 21 deliveries? The receivers get the same events again.");
  assert.deepEqual((await read(tenant, String(id))).metadata.delivery_ids, ids);
  const waiting = [actOf(client, id), actOf(client, id), actOf(client, id)];
  await decide(tenant, String(id), "Approve");
  await Promise.all(waiting);
  const { outcome } = await actOf(client, id);
  assert.equal((outcome as { created_deliveries: number }).created_deliveries, 21);
  assert.equal((await idsOf()).length, 42);
});

test("only the agent that asked carries it out, with a key that may still operate", async (t) => {
  const tenant = await newTenant(server);
  const scopes = ["ask", "operate"] as const;
  const apiKey = await agentKey(tenant, scopes);
  const client = await connect(t, server.url, { apiKey });
  const other = await connect(t, server.url, { apiKey: await agentKey(tenant, scopes) });
  const endpoint = await createEndpoint(tenant, { url: URL_WITH_SECRET });
  const { pause_id: id } = await use(client, "pause_endpoint", { endpoint_id: endpoint });
  await decide(tenant, String(id), "Approve");
  assert.match(String(await callTool(other, "wait_for_decision", { pause_id: id })), /^PAUSE_NOT_FOUND: /);
  await server.request("POST", "/v1/auth/keys/revoke", { key: null, headers: bearer(apiKey), body: {} });
  await assert.rejects(client.callTool({ name: "wait_for_decision", arguments: { pause_id: id } }), /UNAUTHORIZED|401/);
  assert.equal(await statusOf(tenant, endpoint), "ACTIVE");
});

test("an agent cannot make its own question look like the server's, or one of the server's", async (t) => {
  const tenant = await newTenant(server);
  const apiKey = await agentKey(tenant, ["ask", "operate"]);
  const client = await connect(t, server.url, { apiKey });
  const endpoint = await createEndpoint(tenant, { url: URL_WITH_SECRET, name: "Billing" });
  const own = await use(client, "pause_endpoint", { endpoint_id: endpoint });
  const { message, metadata, details } = await read(tenant, String(own.pause_id));
  const body = { message, options: ["Refuse", "Approve"], details, metadata };
  const ask = (more: object) =>
    server.request("POST", "/v1/pause", { key: null, headers: bearer(apiKey), body: { ...body, ...more } });
  assert.match((await ask({ act: "pause_endpoint" })).text, /act is not a field/);
  const forged = (await ask({})).body.pause_id;
  assert.equal((await read(tenant, forged)).act, null);
  await decide(tenant, forged, "Approve");
  assert.equal(await actOf(client, forged), null);
  assert.equal(await statusOf(tenant, endpoint), "ACTIVE");
  const link = new URL((await readPause(tenant, String(own.pause_id))).respond_url ?? "");
  const page = await (await fetch(server.url + link.pathname)).text();
  assert.match(page, /a test&#39;s own \(the server, for the agent key deploy-bot\)/);
});

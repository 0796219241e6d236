import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, respond } from "../../harness/pauses.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface AuditEvent {
  readonly id: string;
  readonly event_type: string;
  readonly actor: string;
  readonly pause_id: string | null;
  readonly data: Readonly<Record<string, string | null>>;
  readonly created_at: string;
}

interface AuditBody {
  readonly events: readonly AuditEvent[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

async function list(client: Client, query = ""): Promise<AuditBody> {
  const answer = await client.request("GET", `/v1/audit?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text) as AuditBody;
}

test("the audit log shows who did what, newest first, with filters and pages", async () => {
  const client = await newTenant(server);
  const webhook = await client.request("POST", "/v1/webhooks", {
    body: { url: "http://127.0.0.1:9/", events: ["pause.cancelled"], secret: "0123456789abcdef" },
  });
  const key = await client.request("POST", "/v1/auth/keys", { body: { name: "second" } });
  const { id, token } = await ask(client);
  await client.request("GET", `/v1/respond/${token}`, { key: null, headers: { "user-agent": "a scanner" } });
  await respond(client, token, { choice: "Approve" });
  await client.request("DELETE", `/v1/auth/keys/${key.body.id}`);
  await client.request("DELETE", `/v1/webhooks/${webhook.body.id}`);
  const all = await list(client);
  assert.deepEqual(Object.keys(all), ["events", "total", "limit", "offset"]);
  assert.deepEqual([all.total, all.limit, all.offset], [8, 20, 0]);
  assert.deepEqual(
    all.events.map(({ event_type, actor }) => `${event_type} ${actor}`),
    [
      "webhook.deleted developer",
      "key.revoked developer",
      "pause.responded human",
      "pause.opened human",
      "pause.created developer",
      "key.created developer",
      "webhook.created developer",
      "key.created developer",
    ],
  );
  const [first] = all.events;
  assert.deepEqual(Object.keys(first ?? {}), [
    "id",
    "event_type",
    "actor",
    "actor_id",
    "actor_user",
    "pause_id",
    "subject_id",
    "data",
    "created_at",
  ]);
  const about = async (subject: string) => (await list(client, `subject_id=${subject}`)).total;
  assert.deepEqual([await about(webhook.body.id), await about(id), await about(key.body.id)], [2, 3, 2]);
  const { actor_id: by } = first as unknown as { readonly actor_id: string };
  assert.equal((await list(client, `actor=${by}`)).total, 5);
  assert.match(first?.id ?? "", /^aud_/);
  assert.equal(new Set(all.events.map((event) => event.id)).size, 8);
  const ofPause = await list(client, `pause_id=${id}`);
  assert.deepEqual([ofPause.total, ofPause.events.every(({ pause_id }) => pause_id === id)], [3, true]);
  const opened = await list(client, `pause_id=${id}&event_type=pause.opened`);
  assert.deepEqual(opened.events[0]?.data, { method: "GET", user_agent: "a scanner" });
  assert.equal((await list(client, "event_type=key.revoked")).events[0]?.data.key_id, key.body.id);
  assert.equal((await list(client, "event_type=webhook.deleted")).events[0]?.data.webhook_id, webhook.body.id);
  const page = await list(client, "limit=3&offset=2");
  assert.deepEqual([page.total, page.limit, page.offset], [8, 3, 2]);
  assert.deepEqual(page.events, all.events.slice(2, 5));
  assert.deepEqual((await list(client, "offset=8")).events, []);
});

test("dates are days or times", async () => {
  const client = await newTenant(server);
  const [made] = (await list(client)).events;
  const day = (made?.created_at ?? "").slice(0, 10);
  const totalOf = async (query: string) => (await list(client, query)).total;
  assert.equal(await totalOf(`from_date=${day}&to_date=${day}`), 1);
  assert.equal(await totalOf(`from_date=${made?.created_at}`), 1);
  assert.equal(await totalOf(`to_date=${made?.created_at}`), 0);
  assert.equal(await totalOf("to_date=2020-01-01"), 0);
  assert.equal(await totalOf("from_date=2020-01-01T00:00:00Z&to_date=2999-12-31"), 1);
  for (const query of [
    "from_date=yesterday",
    "to_date=2024-02-30",
    "limit=101",
    "offset=-1",
    "event_type=x",
    "subject_id=x",
    "actor=dev_x",
    "q=1",
  ]) {
    const answer = await client.request("GET", `/v1/audit?${query}`);
    assert.deepEqual([answer.status, answer.code], [422, "VALIDATION_ERROR"], query);
  }
});

test("the audit log is for org_admins, for their own tenant", async () => {
  const client = await newTenant(server);
  const other = await newTenant(server);
  const { id } = await ask(other);
  assert.equal((await list(client, `pause_id=${id}`)).total, 0);
  const key = await client.request("POST", "/v1/auth/keys", { body: { name: "a developer's", role: "developer" } });
  const refused = await client.as(key.body.api_key).request("GET", "/v1/audit");
  assert.deepEqual([refused.status, refused.code], [403, "FORBIDDEN"]);
  assert.equal((await client.request("GET", "/v1/audit", { key: null })).status, 401);
});

/** `/v1/inbound-events`, and trying a secret on what was refused. Authorization is in `access-*.test.ts`. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import type { InboundStatistics } from "../../../packages/sdk/src/index.ts";
import { createSource } from "../../harness/inbound.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const RIGHT = "the secret that the sender uses";

interface Row {
  readonly id: string;
  readonly source_id: string | null;
  readonly source: string | null;
  readonly rejection_reason: string;
  readonly count: number;
}

const dataOf = ({ text }: { readonly text: string }) => (JSON.parse(text) as { data: Row[] }).data;
const countsOf = ({ text }: { readonly text: string }) =>
  JSON.parse(text) as { readonly total: number; readonly counts: readonly Row[] };

async function send(sourceId: string, secret: string | null, body = '{"action":"opened"}') {
  const signature = secret === null ? null : createHmac("sha256", secret).update(body).digest("hex");
  return server.request("POST", `/in/${sourceId}`, {
    key: null,
    body,
    headers: {
      ...(signature !== null && { "x-hub-signature-256": `sha256=${signature}` }),
      "x-github-event": "issues",
    },
  });
}

async function stage(tenant: Tenant) {
  const { id } = await createSource(tenant, { scheme: "github", secret: "a wrong secret" });
  for (const body of ["{}", '{"a":1}']) assert.equal((await send(id, RIGHT, body)).status, 401);
  assert.equal((await send(id, null)).status, 401);
  return id;
}

test("what was received from all sources is listed, and counted by source and reason", async () => {
  const tenant = await newTenant(server);
  const [first, second] = [await stage(tenant), await stage(tenant)];
  const list = dataOf(await tenant.request("GET", "/v1/inbound-events?valid=false"));
  assert.deepEqual(
    list.map(({ source_id, rejection_reason }) => [source_id, rejection_reason]),
    [second, first].flatMap((id) => [
      [id, "header_missing"],
      [id, "signature_mismatch"],
      [id, "signature_mismatch"],
    ]),
  );
  assert.equal(dataOf(await tenant.request("GET", `/v1/inbound-events?source_id=${first}`)).length, 3);
  assert.equal(dataOf(await tenant.request("GET", "/v1/inbound-events?valid=true")).length, 0);
  const { total, counts } = countsOf(await tenant.request("GET", "/v1/inbound-events/refused"));
  assert.equal(total, 6);
  assert.deepEqual(counts.map(({ rejection_reason, count }) => `${count} ${rejection_reason}`).toSorted(), [
    "1 header_missing",
    "1 header_missing",
    "2 signature_mismatch",
    "2 signature_mismatch",
  ]);
  assert.equal(countsOf(await tenant.request("GET", "/v1/inbound-events/refused?from=2100-01-01")).total, 0);
  const byReason = await tenant.request("GET", "/v1/inbound-events?rejection_reason=header_missing");
  assert.equal(dataOf(byReason).length, 2);
  const statistics = JSON.parse((await tenant.request("GET", "/v1/analytics/inbound")).text) as InboundStatistics;
  assert.deepEqual(
    statistics.sources.map(({ source_id, valid, refused }) => [source_id, valid, refused]).toSorted(),
    [first, second].map((id) => [id, 0, 3]).toSorted(),
  );
  assert.equal(
    statistics.buckets.reduce((sum, { refused }) => sum + refused, 0),
    6,
  );
  const one = await tenant.request("GET", `/v1/inbound-events/${list[0]?.id}`);
  assert.deepEqual([one.status, one.body.source_id], [200, second]);
  for (const query of [
    "?valid=maybe",
    "?source_id=x",
    "?limit=0",
    "?page=0",
    "?from=soon",
    "?reason=x",
    "?rejection_reason=x",
  ]) {
    assert.equal((await tenant.request("GET", `/v1/inbound-events${query}`)).status, 400, query);
  }
  assert.equal((await tenant.request("GET", "/v1/inbound-events/refused?from=soon")).status, 400);
});

test("requests of unknown senders are shown to a global_admin in the own tenant only", async () => {
  const tenant = await newTenant(server);
  await send("src_00000000-0000-7000-8000-000000000000", RIGHT);
  const isNobodys = ({ source_id }: Row) => source_id === null;
  const path = "/v1/inbound-events?valid=false";
  const found = dataOf(await server.request("GET", path)).find(isNobodys) ?? assert.fail();
  assert.equal(found.rejection_reason, "source_unknown");
  assert.equal(countsOf(await server.request("GET", "/v1/inbound-events/refused")).counts.some(isNobodys), true);
  assert.equal(dataOf(await server.request("GET", `${path}&tenant=${tenant.id}`)).some(isNobodys), false);
  assert.equal(dataOf(await tenant.request("GET", path)).some(isNobodys), false);
  assert.equal((await tenant.request("GET", `/v1/inbound-events/${found.id}`)).status, 404);
  assert.equal((await server.request("DELETE", `/v1/inbound-events/${found.id}`)).status, 204);
  assert.equal((await server.request("GET", `/v1/inbound-events/${found.id}`)).code, "INBOUND_EVENT_NOT_FOUND");
});

test("a secret is tried on what was refused, and nothing is saved", async () => {
  const tenant = await newTenant(server);
  const [id, other] = [await stage(tenant), await stage(tenant)];
  const before = await tenant.request("GET", `/v1/sources/${id}/events`);
  const tryWith = async (body: object): Promise<Record<string, unknown>> => {
    const answer = await tenant.request("POST", `/v1/sources/${id}/try`, { body });
    return { ...(JSON.parse(answer.text) as Record<string, unknown>), status: answer.status };
  };
  assert.deepEqual(await tryWith({ secret: RIGHT }), {
    status: 200,
    tried: 3,
    would_verify: 2,
    would_fail: [{ rejection_reason: "header_missing", count: 1 }],
    explanation: null,
    more: false,
  });
  const { would_verify: asNow } = await tryWith({});
  assert.equal(asNow, 0);
  const [missing, mismatch] = dataOf(before);
  const one = await tryWith({ secret: RIGHT, event_id: mismatch?.id });
  assert.deepEqual([one.tried, one.would_verify, one.explanation], [1, 1, null]);
  const failing = await tryWith({ secret: RIGHT, event_id: missing?.id });
  assert.deepEqual([failing.would_verify, typeof failing.explanation], [0, "string"]);
  assert.equal((await tenant.request("GET", `/v1/sources/${id}/events`)).text, before.text);
  const ofOther = dataOf(await tenant.request("GET", `/v1/sources/${other}/events`))[0]?.id;
  assert.equal((await tryWith({ event_id: ofOther })).status, 404);
  assert.equal((await tryWith({ event_id: "wh_x" })).status, 400);
  assert.equal((await tryWith({ secret: "" })).status, 400);
  assert.equal((await tryWith({ hmac: { header: "x-signature" } })).status, 400, "the scheme is not hmac");
  assert.equal((await tryWith({ scheme: "slack" })).status, 400);
});

test("other options of scheme hmac are tried, too", async () => {
  const tenant = await newTenant(server);
  const hmac = { header: "X-Signature", encoding: "base64" };
  const { id } = await createSource(tenant, { scheme: "hmac", secret: RIGHT, hmac });
  const signature = createHmac("sha256", RIGHT).update("{}").digest("hex");
  const headers = { "x-signature": signature };
  assert.equal((await server.request("POST", `/in/${id}`, { key: null, body: "{}", headers })).status, 401);
  const tryWith = async (body: object) =>
    JSON.parse((await tenant.request("POST", `/v1/sources/${id}/try`, { body })).text) as { would_verify: number };
  assert.equal((await tryWith({ hmac })).would_verify, 0);
  assert.equal((await tryWith({ hmac: { header: "X-Signature" } })).would_verify, 1);
});

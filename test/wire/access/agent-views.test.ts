/** What a key of the role agent does not see, and how much it may replay. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startHooks } from "../../harness/hooks.ts";
import { createResource } from "../../harness/resources.ts";
import { createEndpoint, publish } from "../../harness/scene.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";
import { newAgent } from "./agents.ts";

const server = await sharedServer({ after });

test("an agent sees no query of a URL, and finds none by a search", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const url = "http://127.0.0.1:9/hook?token=of-the-receiver";
  const endpoint = await createEndpoint(tenant, { url });
  const { eventId } = await publish(tenant);
  const delivery = await createResource("failedDelivery", tenant);
  const paths = ["/v1/endpoints?q=9%2Fhook", `/v1/endpoints/${endpoint}`, "/v1/deliveries", `/v1/events/${eventId}`];
  const explained = [
    `/v1/events/${eventId}/explain`,
    `/v1/deliveries/${delivery}/explain`,
    `/v1/deliveries/${delivery}`,
  ];
  for (const path of [...paths, ...explained]) {
    const { status, text } = await agent.request("GET", path);
    assert.equal(status, 200, path);
    assert.doesNotMatch(text, /of-the-receiver/, path);
    if (path.includes("endpoints")) assert.match(text, /"http:\/\/127\.0\.0\.1:9\/hook\?…"/);
  }
  for (const part of ["of-the", "token"]) {
    const search = `/v1/endpoints?q=${part}`;
    assert.deepEqual((await agent.request("GET", search)).body, [], part);
    assert.equal(((await tenant.request("GET", search)).body as unknown as unknown[]).length, 1, part);
  }
});

test("an agent sees no query that a receiver repeats, as in a redirect", async (t) => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const hooks = await startHooks(t);
  hooks.react(({ path, answer }) => {
    const query = Object.fromEntries(new URL(path, hooks.url).searchParams);
    answer(308, { location: `https://hooks.example${path}` }, JSON.stringify({ path, query }));
  });
  const endpoint = await createEndpoint(tenant, { url: `${hooks.url}?token=of+the%20receiver&a=b` });
  const tested = await agent.request("POST", `/v1/endpoints/${endpoint}/test`);
  assert.match(tested.text, /"location","value":"https:\/\/hooks\.example\/hook\?\[redacted\]"/);
  const { delivery_id: id } = tested.body.data as unknown as { delivery_id: string };
  const read = await agent.request("GET", `/v1/deliveries/${id}`);
  for (const { text } of [tested, read]) assert.doesNotMatch(text, /of.{1,3}the.{1,3}receiver/);
  assert.match((await tenant.request("GET", `/v1/deliveries/${id}`)).text, /of the receiver/, "a developer sees it");
});

test("an agent sees no header values, and replays at most 20 deliveries", async () => {
  const tenant = await newTenant(server);
  const agent = await newAgent(tenant);
  const headers = { Authorization: "Bearer of-the-receiver" };
  const endpoint = await createEndpoint(tenant, { url: "http://127.0.0.1:9/", headers_json: headers });
  for (const path of ["/v1/endpoints", `/v1/endpoints/${endpoint}`]) {
    const { text } = await agent.request("GET", path);
    assert.match(text, /\[redacted\]/);
    assert.doesNotMatch(text, /of-the-receiver/);
  }
  const delivery = await createResource("failedDelivery", tenant);
  const many = Array.from({ length: 21 }, () => delivery);
  const refused = await agent.request("POST", "/v1/replays", { delivery_ids: many });
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.text, /at most 20 items for an agent/);
  assert.equal((await agent.request("POST", "/v1/replays", { delivery_ids: many.slice(1) })).status, 202);
  assert.equal((await agent.request("POST", `/v1/deliveries/${delivery}/retry`)).status, 202);
  assert.equal((await agent.request("POST", `/v1/endpoints/${endpoint}/test`)).status, 200);
});

/** Creates a tenant's resources, one of each kind that a route's id can name. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Kind, listenerName, newEmail } from "../fixtures/routes.ts";
import { createSource, sendPauseStatus } from "./inbound.ts";
import { ask } from "./pauses.ts";
import { createEndpoint, patch, publish } from "./scene.ts";
import type { Client } from "./server.ts";

/** An endpoint that receives none of the test's other events. */
const UNUSED = { url: "http://127.0.0.1:9/", event_types: ["none"] };

const CREATE: Readonly<Record<Kind, (owner: Client) => Promise<string>>> = {
  endpoint: (owner) => createEndpoint(owner, UNUSED),
  listener: async (owner) =>
    (await owner.request("POST", "/v1/listeners", { body: { name: listenerName(), event_types: ["none"] } })).body.id,
  webhook: async (owner) => (await createEndpoint(owner, UNUSED)).replace("ep_", "webhook_"),
  event: async (owner) => (await publish(owner)).eventId,
  delivery: async (owner) => (await held(owner)).deliveryId,
  failedDelivery: async (owner) => (await failed(owner)).deliveryId,
  failedEvent: async (owner) => (await failed(owner)).eventId,
  async job(owner) {
    const id = await createEndpoint(owner, UNUSED);
    const body = { since: "2024-01-01T00:00:00Z" };
    return (await owner.request("POST", `/v1/endpoints/${id}/recover`, { body })).body.job_id;
  },
  async endedJob(owner) {
    const id = await CREATE.job(owner);
    for (;;) if ((await owner.request("GET", `/v1/jobs/${id}`)).body.state === "done") return id;
  },
  async export(owner) {
    const token = `export_${randomUUID()}`;
    await owner.request("GET", `/dashboard/webhooks/deliveries/export?progress=${token}`);
    return token;
  },
  pause: async (owner) => (await ask(owner)).id,
  source: async (owner) => (await createSource(owner, { scheme: "github" })).id,
  inboundEvent: async (owner) => (await receive(owner)).eventId,
  async sourceEvent(owner) {
    const { sourceId, eventId } = await receive(owner);
    return `${sourceId}/${eventId}`;
  },
  async attempt(owner) {
    // A test is sent at once. Nothing listens there, so its attempt fails.
    const endpoint = await createEndpoint(owner, UNUSED);
    await owner.request("POST", `/v1/endpoints/${endpoint}/test`);
    const { body } = await owner.request("GET", `/v1/deliveries?endpoint_id=${endpoint}`);
    return `${body.results[0]?.id ?? assert.fail()}/1`;
  },
  async pauseStatus(owner) {
    const source = await createSource(owner, { scheme: "jcs" });
    const sent = await sendPauseStatus(owner, source);
    assert.equal(sent.status, 200, sent.text);
    return sent.body.webhook_event_id;
  },
  user: async (owner) => {
    const body = { email: newEmail(), role: "developer" };
    return (await owner.request("POST", "/v1/users", { body })).body.id;
  },
  key: async (owner) => (await owner.request("POST", "/v1/auth/keys", { body: { name: "x" } })).body.id,
};

/**
 * Creates a resource and returns its id.
 *
 * @param owner an `org_admin` of the tenant
 */
export function createResource(kind: Kind, owner: Client): Promise<string> {
  return CREATE[kind](owner);
}

async function receive(owner: Client): Promise<{ readonly sourceId: string; readonly eventId: string }> {
  const { id } = await createSource(owner, { scheme: "none" });
  const sent = await owner.request("POST", `/in/${id}`, { key: null, body: {} });
  assert.equal(sent.status, 200, sent.text);
  return { sourceId: id, eventId: sent.body.inbound_event_id ?? "" };
}

const pausedEndpoints = new WeakMap<Client, string>();

async function held(owner: Client) {
  let endpointId = pausedEndpoints.get(owner);
  if (endpointId === undefined) {
    endpointId = await createEndpoint(owner, UNUSED);
    await patch(owner, endpointId, { status: "PAUSED" });
    pausedEndpoints.set(owner, endpointId);
  }
  return publish(owner, 0, { endpoint_ids: [endpointId] });
}

async function failed(owner: Client) {
  const published = await held(owner);
  const answer = await owner.request("POST", `/v1/deliveries/${published.deliveryId}/cancel`);
  assert.equal(answer.body.status, "cancelled", answer.text);
  return published;
}

const LISTS = [
  "/v1/endpoints",
  "/v1/deliveries?limit=100",
  "/v1/pause?limit=100",
  "/v1/auth/keys",
  "/v1/users",
  "/v1/webhooks",
  "/v1/audit?limit=100",
  "/v1/sources",
  "/api/v1/webhooks/pause-status?limit=100",
  "/dashboard/webhooks?limit=100",
  "/dashboard/webhooks/deliveries/export",
];

/** The content of all the tenant's lists. If it is equal before and after a request, the request changed nothing. */
export async function snapshot(owner: Client): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const path of LISTS) {
    const answer = await owner.request("GET", path);
    assert.equal(answer.status, 200, answer.text);
    texts.push((path.startsWith("/v1/audit") ? withoutExports(answer.text) : answer.text).replace(PASSING, ""));
  }
  return texts;
}

/** A refused request is a use of its key, too. A reader that left a listener is noticed later. */
const PASSING = /"last_(used|seen)_at":[^,}]*|"listener":\{[^}]*\}|"window":(null|\d+)/g;

/** Fewer than a page has, so that an export does not move an older entry out of it. */
const ENTRIES_COMPARED = 80;

/** Reading an export is an act. */
function withoutExports(audit: string): string {
  const { events } = JSON.parse(audit) as { readonly events: readonly { readonly event_type: string }[] };
  return JSON.stringify(events.filter(({ event_type }) => event_type !== "export.started").slice(0, ENTRIES_COMPARED));
}

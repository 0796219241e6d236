/** What most tests of the whole server begin with: a tenant of its own, an endpoint, its receiver, its outcomes. */
import assert from "node:assert/strict";
import { within } from "./deadline.ts";
import { type Hooks, startHooks } from "./hooks.ts";
import { type AnswerBody, type Client, newTenant, type Scope, type Tenant, type TestServer } from "./server.ts";
import { followOutcomes, type OutcomeReader } from "./stream.ts";

export interface Scene {
  readonly server: TestServer;
  readonly client: Tenant;
  readonly hooks: Hooks;
  readonly endpointId: string;
  /** The tenant's, from the beginning. */
  readonly outcomes: OutcomeReader;
}

export async function stage(scope: Scope, server: TestServer, fields: object = {}): Promise<Scene> {
  const client = await newTenant(server);
  const hooks = await startHooks(scope);
  const endpointId = await createEndpoint(client, { url: hooks.url, ...fields });
  const outcomes = impatient(await followOutcomes(scope, server.url, client.apiKey));
  return { server, client, hooks, endpointId, outcomes };
}

/** An outcome that does not come fails the test, instead of being waited for as long as an endpoint may rest. */
function impatient(outcomes: OutcomeReader): OutcomeReader {
  return {
    ...outcomes,
    next: () => within(outcomes.next(), "another outcome"),
    until: (deliveryId, ...states) => within(outcomes.until(deliveryId, ...states), `${deliveryId} is ${states}`),
  };
}

export async function createEndpoint(client: Client, fields: object): Promise<string> {
  const made = await client.request("POST", "/v1/endpoints", { body: fields });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

export async function patch(client: Client, endpointId: string, fields: object): Promise<AnswerBody> {
  const answer = await client.request("PATCH", `/v1/endpoints/${endpointId}`, { body: fields });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

export interface Published {
  readonly eventId: string;
  /** The first delivery's. */
  readonly deliveryId: string;
  readonly deliveries: readonly AnswerBody[];
}

/** Publish `{"n": n}`; `fields` add to the body. */
export async function publish(client: Client, n = 0, fields: object = {}): Promise<Published> {
  const body = { type: "order.paid", payload: { n }, ...fields };
  const answer = await client.request("POST", "/v1/events", { body });
  assert.equal(answer.status, 202, answer.text);
  const { event_id: eventId, deliveries } = answer.body;
  return { eventId, deliveryId: deliveries[0]?.delivery_id ?? "", deliveries };
}

/** One after the other, so that their order is certain. */
export async function publishAll(client: Client, numbers: readonly number[]): Promise<Published[]> {
  const published: Published[] = [];
  for (const n of numbers) published.push(await publish(client, n));
  return published;
}

/** Many at once and in order, in batches; for backlogs. */
export async function publishMany(client: Client, count: number, payload: object = {}): Promise<void> {
  const batchMax = 1000;
  for (let from = 0; from < count; from += batchMax) {
    const events = Array.from({ length: Math.min(batchMax, count - from) }, (_, index) => ({
      type: "order.paid",
      payload: { n: from + index, ...payload },
    }));
    const answer = await client.request("POST", "/v1/events/batch", { body: { events } });
    assert.equal(answer.status, 202, answer.text);
  }
}

export async function readDelivery(client: Client, deliveryId: string): Promise<AnswerBody> {
  const answer = await client.request("GET", `/v1/deliveries/${deliveryId}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

/** The `n` of each request's payload, in order of arrival. */
export function numbersOf(hooks: Hooks): number[] {
  return hooks.all.map(({ body }) => (JSON.parse(body) as { n: number }).n);
}

/**
 * Resolves when whatever could have been sent by now has been: others' events, published after it, have gone the whole
 * way, of which some waited in the store.
 */
export async function lull(scope: Scope, server: TestServer): Promise<void> {
  const client = await newTenant(server);
  const hooks = await startHooks(scope);
  const id = await createEndpoint(client, { url: hooks.url });
  for (let turn = 1; turn <= 3; turn += 1) {
    await patch(client, id, { status: "PAUSED" });
    await publish(client);
    await patch(client, id, { status: "ACTIVE" });
    await hooks.nth(turn);
  }
}

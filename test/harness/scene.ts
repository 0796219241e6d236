/** The setup of most tests of the whole server: a new tenant, an endpoint, its receiver, and a stream of outcomes. */
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
  /** All outcomes of the tenant, from the first one. */
  readonly outcomes: OutcomeReader;
}

export async function stage(scope: Scope, server: TestServer, fields: object = {}): Promise<Scene> {
  const client = await newTenant(server);
  const hooks = await startHooks(scope);
  const endpointId = await createEndpoint(client, { url: hooks.url, ...fields });
  const outcomes = withDeadline(await followOutcomes(scope, server.url, client.apiKey));
  return { server, client, hooks, endpointId, outcomes };
}

/** Makes the test fail if an outcome does not arrive, instead of waiting for as long as an endpoint may rest. */
function withDeadline(outcomes: OutcomeReader): OutcomeReader {
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

/** Creates many endpoints, some at a time: a connection for each would take more CPU time than the requests. */
export async function createEndpoints(client: Client, count: number, fieldsOf: (index: number) => object) {
  const ids: string[] = [];
  let next = 0;
  const creating = async () => {
    while (next < count) {
      const index = next++;
      ids[index] = await createEndpoint(client, fieldsOf(index));
    }
  };
  await Promise.all(Array.from({ length: 16 }, creating));
  return ids;
}

export async function patch(client: Client, endpointId: string, fields: object): Promise<AnswerBody> {
  const answer = await client.request("PATCH", `/v1/endpoints/${endpointId}`, { body: fields });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

export interface Published {
  readonly eventId: string;
  /** The id of the first delivery. */
  readonly deliveryId: string;
  readonly deliveries: readonly AnswerBody[];
}

/** Publishes `{"n": n}`. `fields` are added to the request body. */
export async function publish(client: Client, n = 0, fields: object = {}): Promise<Published> {
  const body = { type: "order.paid", payload: { n }, ...fields };
  const answer = await client.request("POST", "/v1/events", { body });
  assert.equal(answer.status, 202, answer.text);
  const { event_id: eventId, deliveries } = answer.body;
  return { eventId, deliveryId: deliveries[0]?.delivery_id ?? "", deliveries };
}

/** Publishes an event whose first attempt gets a 500, and waits for the result. */
export async function failOnce({ client, hooks, outcomes }: Scene): Promise<string> {
  hooks.react((hook) => hook.answer(500, { "x-request-id": "r1", "set-cookie": "a=b" }, "no stock"));
  const { deliveryId } = await publish(client, 4711);
  await outcomes.until(deliveryId, "SCHEDULED", "FAILED");
  return deliveryId;
}

/** Publishes one event after the other, so that their order is certain. */
export async function publishAll(client: Client, numbers: readonly number[]): Promise<Published[]> {
  const published: Published[] = [];
  for (const n of numbers) published.push(await publish(client, n));
  return published;
}

/** Publishes many events in order, in batches, to create a backlog. */
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
 * Resolves when the server has sent everything that it can send. To find out, it publishes events of another tenant and
 * waits for their delivery. Each of these events is first held in the store.
 */
export async function waitForDispatch(scope: Scope, server: TestServer): Promise<void> {
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

/**
 * The dashboard's delivery history, a mixed set of deliveries, and the list that the dashboard should return for it.
 */
import assert from "node:assert/strict";
import { within } from "./deadline.ts";
import { startHooks } from "./hooks.ts";
import type { PeopleStage } from "./people.ts";
import { createEndpoint, patch, publish } from "./scene.ts";
import { type AnswerBody, type Client, newTenant, type Tenant } from "./server.ts";
import { followOutcomes } from "./stream.ts";

const DAY_MS = 86_400_000;
export const LIST = "/dashboard/webhooks/deliveries";
export const EXPORT = `${LIST}/export`;

export interface Row {
  readonly id: string;
  readonly eventId: string;
  readonly event: string;
  readonly webhookId: string;
  readonly url: string;
  readonly status: string;
  readonly attempts: number;
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly createdAt: string;
  readonly deliveredAt: string | null;
  readonly lastAttemptAt: string | null;
  readonly nextAttemptAt: string | null;
}
export interface Page {
  readonly deliveries: readonly Row[];
  readonly pagination: {
    readonly total: number;
    readonly limit: number;
    readonly offset: number;
    readonly asOf: string;
  };
}
export type Query = Readonly<Record<string, string | number>>;

function withQuery(path: string, query: Query): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

export async function list(client: Client, query: Query = {}): Promise<Page> {
  const answer = await client.request("GET", withQuery(LIST, query));
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data as unknown as Page;
}

export async function exported(client: Client, query: Query = {}): Promise<Row[]> {
  const answer = await client.request("GET", withQuery(EXPORT, { ...query, format: "ndjson" }));
  assert.equal(answer.status, 200, answer.text);
  return answer.text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);
}

/** The rows that the list should contain, in order, before pagination. */
export function expected(rows: readonly Row[], query: Query): Row[] {
  const { status, event, webhookId, startDate, endDate, sortBy = "createdAt", sortOrder = "desc" } = query;
  const fits = (row: Row): boolean =>
    (status === undefined || row.status === status) &&
    (event === undefined || row.event === event) &&
    (webhookId === undefined || row.webhookId.endsWith(String(webhookId).replace(/^[a-z]+_/, ""))) &&
    (startDate === undefined || row.createdAt.slice(0, 10) >= String(startDate)) &&
    (endDate === undefined || row.createdAt.slice(0, 10) <= String(endDate));
  const key = (row: Row) => row[sortBy as "createdAt" | "deliveredAt" | "attempts"];
  const sign = sortOrder === "asc" ? 1 : -1;
  return rows.filter(fits).toSorted((a, b) => {
    const [one, other] = [key(a), key(b)];
    if (one === null || other === null) {
      if (one !== other) return one === null ? 1 : -1;
    } else if (one !== other) return sign * (one < other ? -1 : 1);
    return sign * (a.id < b.id ? -1 : 1);
  });
}

/**
 * Creates about sixty deliveries over three days: delivered, failed, cancelled, held, retried, tests. All are
 * settled.
 */
export async function mixed({
  server,
  later,
}: Pick<PeopleStage, "server" | "later">): Promise<{ client: Tenant; rows: Row[]; webhookIds: string[] }> {
  const client = await newTenant(server);
  const ends: (() => void)[] = [];
  const scope = { after: (end: () => void) => void ends.push(end) };
  const [good, bad] = [await startHooks(scope), await startHooks(scope)];
  bad.react((hook, count) => hook.answer(count % 2 === 0 ? 500 : 404));
  const types = { event_types: ["order.paid", "-order", "a.b"] };
  const delivers = await createEndpoint(client, { url: good.url, ...types });
  const fails = await createEndpoint(client, { url: bad.url, retry_schedule_seconds: [], ...types });
  const held = await createEndpoint(client, { url: good.url, ...types });
  const deleted = await createEndpoint(client, { url: good.url, event_types: ["gone"] });
  await patch(client, held, { status: "PAUSED" });
  await patch(client, deleted, { status: "PAUSED" });
  const outcomes = await followOutcomes({ after: (end) => scope.after(() => void end()) }, server.url, client.apiKey);
  /** Resolves when the deliveries to these endpoints have reached the given states. */
  const reached = async (made: readonly AnswerBody[], states: Readonly<Record<string, string>>) => {
    const waiting = new Set(made.filter(({ endpoint_id: id }) => id in states).map((delivery) => delivery.delivery_id));
    while (waiting.size > 0) {
      const { row } = await within(outcomes.next(), "another outcome");
      if (states[row.endpoint_id] === row.status) waiting.delete(row.id);
    }
  };
  for (let day = 0; day < 3; day += 1) {
    if (day > 0) later(DAY_MS);
    const retry_schedule_seconds = [2 * 86_400];
    const dead = await createEndpoint(client, { url: "http://127.0.0.1:1/", retry_schedule_seconds, ...types });
    for (const type of ["order.paid", "-order", "a.b", "order.paid"]) {
      const { deliveries } = await publish(client, day, { type });
      await reached(deliveries, { [delivers]: "DELIVERED", [fails]: "FAILED", [dead]: "SCHEDULED" });
      if (type !== "order.paid") continue;
      const failed = deliveries.find(({ endpoint_id: id }) => id === fails)?.delivery_id ?? assert.fail();
      assert.equal((await client.request("POST", `${LIST}/${failed}/retry`)).status, 200);
      await reached(deliveries, { [fails]: "FAILED" });
    }
    await patch(client, dead, { status: "PAUSED" });
    const { deliveryId } = await publish(client, day, { type: "order.paid", endpoint_ids: [held] });
    assert.equal((await client.request("POST", `/v1/deliveries/${deliveryId}/cancel`)).status, 200);
    await publish(client, day, { type: "gone" });
    for (const id of [delivers, fails, held]) await client.request("POST", `/dashboard/webhooks/${id}/test`);
  }
  await client.request("DELETE", `/v1/endpoints/${deleted}`);
  for (const end of ends) end();
  const rows: Row[] = [];
  for (let offset = 0; ; offset += 100) {
    const page = await list(client, { limit: 100, offset });
    rows.push(...page.deliveries);
    if (page.deliveries.length < 100) break;
  }
  return { client, rows, webhookIds: [delivers, fails, held, deleted] };
}

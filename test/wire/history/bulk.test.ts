/** Filters that the ledger answers, actions on everything that matches, and jobs. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { BULK_DELIVERIES_COUNT_MAX, BULK_JOBS_OF_TENANT_COUNT_MAX } from "../../../src/domain/limits.ts";
import { startHooks } from "../../harness/hooks.ts";
import { createEndpoint, patch, publish, publishMany } from "../../harness/scene.ts";
import { type Answer, type AnswerBody, type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";
const NOWHERE = "http://127.0.0.1:9/";

interface Listed {
  readonly results: readonly (AnswerBody & { readonly attempts_count: number; readonly event_type: string })[];
  readonly total: number;
  readonly as_of: string;
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

interface Counted {
  readonly endpoints: readonly AnswerBody[];
  readonly sample: readonly AnswerBody[];
  readonly as_of: string;
  readonly total: number;
}

async function list(client: Client, query: string): Promise<Listed> {
  const answer = await client.request("GET", `/v1/deliveries?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as unknown as Listed;
}

async function all(client: Client, query: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor = "";
  do {
    const page = await list(client, `${query}&limit=3${cursor}`);
    ids.push(...page.results.map(({ id }) => id));
    cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
  } while (cursor !== "");
  return ids;
}

function faults(answer: Answer): string[] {
  assert.equal(answer.status, 400, answer.text);
  return answer.body.error.details.map(({ field }) => field);
}

const bulk = (client: Client, body: object) => client.request("POST", "/v1/deliveries/bulk", { body });

/** The job, once it has ended. It is read again and again, since jobs have no stream. */
async function ended(client: Client, jobId: string): Promise<AnswerBody & Record<string, unknown>> {
  for (;;) {
    const { body } = await client.request("GET", `/v1/jobs/${jobId}`);
    if (body.state !== "running") return body as AnswerBody & Record<string, unknown>;
  }
}

/** Waits until every delivery that is not held has ended. It is counted again and again: outcomes come in any order. */
async function settled(client: Client): Promise<void> {
  const open = "status=PENDING&status=SCHEDULED&status=IN_PROGRESS&count=true&limit=1";
  while ((await list(client, open)).total > 0);
}

/** Deliveries of a tenant: refused by the receiver, without a connection, delivered, and held. */
const tenant = await newTenant(server);
const hooks = await startHooks({ after });
const rejecting = await startHooks({ after });
rejecting.react((hook) => hook.answer(503));
const endpoints = {
  good: await createEndpoint(tenant, { url: hooks.url, event_types: ["order.paid"], name: "good" }),
  bad: await createEndpoint(tenant, { url: rejecting.url, retry_schedule_seconds: [], name: "bad" }),
  away: await createEndpoint(tenant, { url: NOWHERE, retry_schedule_seconds: [], name: "away" }),
  held: await createEndpoint(tenant, { url: NOWHERE, name: "held" }),
};
await patch(tenant, endpoints.held, { status: "PAUSED" });
const made: Record<keyof typeof endpoints, string[]> = { good: [], bad: [], away: [], held: [] };
for (const type of ["order.paid", "order.sent", "other"]) {
  const { deliveries } = await publish(tenant, 0, { type });
  for (const { endpoint_id: endpointId, delivery_id: deliveryId } of deliveries) {
    const name = Object.entries(endpoints).find(([, id]) => id === endpointId)?.[0] as keyof typeof endpoints;
    made[name].unshift(deliveryId);
  }
}
await settled(tenant);
const newestFirst = (...names: (keyof typeof endpoints)[]) =>
  names
    .flatMap((name) => made[name])
    .sort()
    .reverse();

test("each filter, alone and with others, finds its deliveries, and the total is exact", async () => {
  const cases: readonly (readonly [query: string, ids: readonly string[]])[] = [
    ["", newestFirst("good", "bad", "away", "held")],
    ["status=FAILED&status=DELIVERED", newestFirst("good", "bad", "away")],
    [`endpoint_id=${endpoints.bad}&endpoint_id=${endpoints.held}`, newestFirst("bad", "held")],
    ["http_status=5xx", newestFirst("bad")],
    ["http_status=503&status=FAILED", newestFirst("bad")],
    ["http_status=404", []],
    ["classification=connect_refused", newestFirst("away")],
    ["terminal_reason=attempts_exhausted", newestFirst("bad", "away")],
    ["attempts_min=1", newestFirst("good", "bad", "away")],
    ["attempts_min=2", []],
    ["status=HELD&attempts_min=0", newestFirst("held")],
    ["event_type=order.*&http_status=5xx", made.bad.slice(1)],
    ["event_type=other&status=FAILED&status=HELD", newestFirst("bad", "away", "held").slice(0, 3)],
    [`endpoint_id=ep_${UNKNOWN}&attempts_min=0`, []],
    ["to=2020-01-01T00:00:00Z&attempts_min=0", []],
  ];
  for (const [query, ids] of cases) {
    assert.deepEqual(await all(tenant, query), ids, query);
    const { total, as_of: asOf } = await list(tenant, `${query}&count=true&limit=1`);
    assert.equal(total, ids.length, query);
    assert.match(asOf, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(await all(tenant, `${query}&sort=created_at`), ids.toReversed(), query);
  }
  const plain = await list(tenant, "status=FAILED");
  assert.deepEqual(Object.keys(plain), ["results", "has_more", "next_cursor"]);
});

test("the order by attempts has its own cursors, and equal rows are ordered by creation", async () => {
  const newest = newestFirst("good", "bad", "away", "held");
  const isHeld = (id: string) => made.held.includes(id);
  const descending = [...newest.filter((id) => !isHeld(id)), ...newest.filter(isHeld)];
  assert.deepEqual(await all(tenant, "sort=-attempts"), descending);
  assert.deepEqual(await all(tenant, "sort=attempts"), descending.toReversed());
  const { next_cursor: cursor } = await list(tenant, "sort=-attempts&limit=1");
  assert.deepEqual(faults(await tenant.request("GET", `/v1/deliveries?cursor=${cursor}`)), ["cursor"]);
  const { next_cursor: created } = await list(tenant, "limit=1");
  assert.deepEqual(faults(await tenant.request("GET", `/v1/deliveries?sort=attempts&cursor=${created}`)), ["cursor"]);
  // A cursor of either way to read the same order.
  assert.equal((await list(tenant, `attempts_min=0&cursor=${created}`)).results[0]?.id, newest[1]);
});

test("pages as of the first page show and count nothing newer", async () => {
  const own = await newTenant(server);
  await patch(own, await createEndpoint(own, { url: NOWHERE }), { status: "PAUSED" });
  await publishMany(own, 5);
  const first = await list(own, "count=true&limit=2");
  await publishMany(own, 3);
  const again = await list(own, `count=true&as_of=${first.as_of}`);
  assert.deepEqual([first.total, again.total, again.results.length, again.as_of], [5, 5, 5, first.as_of]);
  assert.equal((await list(own, `as_of=${first.as_of}`)).results.length, 5);
  assert.equal((await list(own, "count=true")).total, 8);
});

test("invalid filters are listed by their parameters", async () => {
  const bad: readonly (readonly [query: string, ...fields: string[]])[] = [
    ["status=failed", "status"],
    ["status=FAILED&status=nonsense", "status"],
    [`endpoint_id=${UNKNOWN}`, "endpoint_id"],
    [Array.from({ length: 51 }, () => `endpoint_id=ep_${UNKNOWN}`).join("&"), "endpoint_id"],
    ["http_status=6xx", "http_status"],
    ["http_status=5XX&http_status=4xx", "http_status"],
    ["classification=timeout", "classification"],
    ["terminal_reason=", "terminal_reason"],
    ["attempts_min=-1&count=yes&sort=id", "attempts_min", "count", "sort"],
    ["as_of=today", "as_of"],
    ["delivery_id=x", "delivery_id"],
  ];
  for (const [query, ...fields] of bad) {
    const found = faults(await tenant.request("GET", `/v1/deliveries?${query}`));
    assert.deepEqual([...new Set(found)].sort(), fields.sort(), query);
  }
});

test("a dry run counts exactly, by endpoint and with a sample, and changes nothing", async () => {
  const answer = await bulk(tenant, { action: "retry", filter: {}, dry_run: true });
  assert.equal(answer.status, 200, answer.text);
  const { endpoints: counted, sample, as_of: asOf, ...counts } = answer.body as unknown as Counted;
  assert.deepEqual(counts, { action: "retry", dry_run: true, total: 6, unchanged: 4 });
  assert.deepEqual(
    counted.toSorted((a, b) => a.endpoint_name.localeCompare(b.endpoint_name)),
    [
      { endpoint_id: endpoints.away, endpoint_name: "away", count: 3 },
      { endpoint_id: endpoints.bad, endpoint_name: "bad", count: 3 },
    ],
  );
  assert.deepEqual(
    sample.map(({ id }) => id),
    newestFirst("bad", "away").slice(0, 5),
  );
  const narrow = { http_status: "5xx", event_type: "order.*", status: ["FAILED", "HELD"] };
  assert.equal((await bulk(tenant, { action: "retry", filter: narrow, dry_run: true })).body.total, 2);
  const some = { delivery_id: [made.bad[0], made.good[0], `del_${UNKNOWN}`] };
  assert.equal((await bulk(tenant, { action: "replay", filter: some, as_of: asOf, dry_run: true })).body.total, 2);
  assert.equal((await list(tenant, "count=true")).total, 10);
});

test("an action runs as a job with its counts, and the deliveries go out again", async () => {
  const started = await bulk(tenant, { action: "retry", filter: { endpoint_id: [endpoints.bad] } });
  assert.equal(started.status, 202, started.text);
  assert.equal(started.body.total, 3);
  const job = await ended(tenant, started.body.job_id);
  const { id, created_at: _, finished_at: finishedAt, by, ...rest } = job;
  assert.equal(id, started.body.job_id);
  assert.deepEqual(rest, {
    kind: "bulk_retry",
    state: "done",
    done: 3,
    total: 3,
    failed: 0,
    failures: [],
    per_second: null,
    endpoint_id: endpoints.bad,
  });
  assert.equal(typeof finishedAt, "string");
  assert.equal((by as { kind: string }).kind, "key");
  await settled(tenant);
  assert.deepEqual(await all(tenant, "attempts_min=2&status=FAILED"), made.bad);
});

test("a slow job is cancelled midway, once, and only by its own tenant", async () => {
  const own = await newTenant(server);
  const held = await createEndpoint(own, { url: NOWHERE });
  await patch(own, held, { status: "PAUSED" });
  await publishMany(own, 20);
  const started = await bulk(own, { action: "cancel", filter: { status: ["HELD"] }, per_second: 2 });
  const path = `/v1/jobs/${started.body.job_id}`;
  assert.equal((await tenant.request("GET", path)).body.error.code, "JOB_NOT_FOUND");
  assert.equal((await tenant.request("POST", `${path}/cancel`)).body.error.code, "JOB_NOT_FOUND");
  const running = await own.request("GET", "/v1/jobs?state=running&kind=bulk_cancel");
  assert.deepEqual(
    running.body.results.map(({ id }) => id),
    [started.body.job_id],
  );
  const cancelled = await own.request("POST", `${path}/cancel`);
  assert.deepEqual([cancelled.status, cancelled.body.state, cancelled.body.total], [200, "cancelled", 20]);
  const again = await own.request("POST", `${path}/cancel`);
  assert.deepEqual([again.status, again.body.error.code], [409, "INVALID_STATE"]);
  assert.ok((await list(own, "status=HELD&count=true")).total > 0);
  assert.deepEqual((await own.request("GET", "/v1/jobs?state=running")).body.results, []);
});

test("jobs are listed in pages, and a tenant has a limit of running ones", async () => {
  const own = await newTenant(server);
  await patch(own, await createEndpoint(own, { url: NOWHERE }), { status: "PAUSED" });
  // Each job changes the oldest in its first step, so there are more than the jobs change meanwhile.
  await publishMany(own, 500);
  const slow = { action: "cancel", filter: {}, per_second: 1 };
  for (let n = 0; n < BULK_JOBS_OF_TENANT_COUNT_MAX; n += 1) assert.equal((await bulk(own, slow)).status, 202);
  const refused = await bulk(own, slow);
  assert.deepEqual([refused.status, refused.body.error.code], [429, "TOO_MANY_JOBS"]);
  const ids: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await own.request("GET", `/v1/jobs?limit=7${cursor}`);
    ids.push(...body.results.map(({ id }) => id));
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
  }
  assert.equal(new Set(ids).size, BULK_JOBS_OF_TENANT_COUNT_MAX);
  assert.deepEqual(ids, ids.toSorted().reverse());
  for (const id of ids) await own.request("POST", `/v1/jobs/${id}/cancel`);
});

test("a stream tells the progress of a job and of an export", async () => {
  const own = await newTenant(server);
  const away = await createEndpoint(own, { url: NOWHERE, name: "away" });
  await patch(own, away, { status: "PAUSED" });
  await publishMany(own, 4);
  const told = await followNews(own.apiKey, "topics=job,export");
  const exported = await own.request("GET", `${EXPORT}?state=HELD&endpoint_id=${away}&progress=an-export-1`);
  assert.equal(exported.text.trim().split("\n").length, 5);
  const job = await bulk(own, { action: "cancel", filter: { event_type: "order.*" } });
  const progress = { token: "an-export-1", total: 4 };
  assert.deepEqual(await told(4), [
    ["export", { ...progress, state: "running", rows: 0 }],
    ["export", { ...progress, state: "done", rows: 4 }],
    ["job", { job_id: job.body.job_id, state: "running", done: 0, total: 4 }],
    ["job", { job_id: job.body.job_id, state: "done", done: 4, total: 4 }],
  ]);
  const ended = await own.request("GET", "/v1/exports/an-export-1");
  assert.deepEqual(JSON.parse(ended.text), { ...progress, state: "done", rows: 4 });
  const bad = "state=failed&endpoint_id=x&progress=short&http_status=600";
  const refused = await own.request("GET", `${EXPORT}?${bad}`);
  assert.equal(refused.status, 400);
  for (const field of ["state", "endpoint_id", "progress", "http_status"])
    assert.match(refused.text, new RegExp(field));
});

const EXPORT = "/dashboard/webhooks/deliveries/export";

/** The next events of a stream, with their data. */
async function followNews(apiKey: string, query: string): Promise<(count: number) => Promise<unknown[]>> {
  const stop = new AbortController();
  after(() => stop.abort());
  const response = await fetch(`${server.url}/v1/stream?${query}`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: stop.signal,
  });
  const reader = (response.body ?? assert.fail()).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const events = () =>
    [...text.matchAll(/^event: (\w+)\ndata: (.*)\n/gm)].map(([, name, data]) => [name, JSON.parse(data ?? "")]);
  return async (count) => {
    while (events().length < count) text += (await reader.read()).value ?? "";
    return events().slice(0, count);
  };
}

test("invalid actions are refused with every fault", async () => {
  const bad: readonly (readonly [body: object, ...fields: string[]])[] = [
    [{}, "action", "filter"],
    [{ action: "delete", filter: {} }, "action"],
    [{ action: "retry", filter: { status: "FAILED" } }, "filter.status"],
    [{ action: "retry", filter: { status: ["failed"] } }, "filter.status[0]"],
    [{ action: "retry", filter: { nonsense: 1, sort: "created_at" } }, "filter.nonsense", "filter.sort"],
    [{ action: "retry", filter: {}, per_second: 0, as_of: "x" }, "as_of", "per_second"],
    [
      { action: "retry", filter: { delivery_id: Array(BULK_DELIVERIES_COUNT_MAX + 1).fill(`del_${UNKNOWN}`) } },
      "filter.delivery_id",
    ],
  ];
  for (const [body, ...fields] of bad) assert.deepEqual(faults(await bulk(tenant, body)).sort(), fields.sort());
  assert.deepEqual(faults(await tenant.request("GET", "/v1/jobs?state=failed&kind=x")).sort(), ["kind", "state"]);
  assert.equal((await tenant.request("GET", "/v1/jobs/nonsense")).status, 404);
  assert.equal((await tenant.request("POST", "/v1/jobs/nonsense/cancel")).status, 404);
});

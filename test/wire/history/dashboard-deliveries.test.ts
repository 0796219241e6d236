/** The delivery history: every filter and order, alone and combined, compared with a model in this file. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  EXPORT,
  expected,
  exported,
  LIST,
  list,
  mixed,
  type Page,
  type Query,
  type Row,
} from "../../harness/history.ts";
import { signedIn } from "../../harness/jar.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { createEndpoint, patch, publish } from "../../harness/scene.ts";
import { type Answer, newTenant } from "../../harness/server.ts";

const MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN = "00000000-0000-7000-8000-000000000000";
const FIELDS = [
  "id",
  "eventId",
  "event",
  "webhookId",
  "url",
  "status",
  "attempts",
  "httpStatus",
  "error",
  "createdAt",
  "deliveredAt",
  "lastAttemptAt",
  "nextAttemptAt",
];

const stage = await stagePeople({ after });
const { server, person } = stage;

function assertRefused(answer: Answer, statusCode: number, error: string): string {
  const { message, details } = answer.body;
  assert.deepEqual([answer.status, answer.text], [statusCode, JSON.stringify({ statusCode, error, message, details })]);
  if (details !== undefined) {
    assert.equal(details.map(({ field, rule }) => `${field} ${rule}`).join("; "), message);
  }
  return message;
}

const world = await mixed(stage);
const { client, rows } = world;

test("a row agrees with the delivery's own page, and has the documented fields", async () => {
  const page = await client.request("GET", LIST);
  assert.deepEqual(Object.keys(page.body), ["success", "data"]);
  assert.deepEqual(Object.keys(page.body.data), ["deliveries", "pagination"]);
  const { pagination } = page.body.data as unknown as Page;
  assert.deepEqual(pagination, { total: rows.length, limit: 20, offset: 0, asOf: pagination.asOf });
  assert.match(pagination.asOf, MILLISECONDS);
  assert.ok(rows.length >= 60, String(rows.length));
  const dashboard = { DELIVERED: "delivered", FAILED: "failed", EXPIRED: "failed", CANCELLED: "failed" } as const;
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), FIELDS);
    const { body } = await client.request("GET", `/v1/deliveries/${row.id}`);
    const told = body as unknown as Record<string, string | null>;
    const last = body.attempts.at(-1) as unknown as Record<string, string | number | null> | undefined;
    const seconds = (time: string | null) => time?.replace(/\.\d{3}Z$/, "Z") ?? null;
    assert.match(row.createdAt, MILLISECONDS);
    assert.deepEqual(
      { ...row, url: null, error: null, deliveredAt: null },
      {
        id: body.id,
        eventId: body.event_id,
        event: told.event_type,
        webhookId: body.endpoint_id.replace("ep_", "webhook_"),
        url: null,
        status: dashboard[body.status as keyof typeof dashboard] ?? "pending",
        attempts: body.attempts_count,
        httpStatus: last?.http_status ?? null,
        error: null,
        createdAt: row.createdAt,
        deliveredAt: null,
        lastAttemptAt: row.lastAttemptAt,
        nextAttemptAt: row.nextAttemptAt,
      },
    );
    assert.deepEqual([row.createdAt, row.lastAttemptAt, row.nextAttemptAt].map(seconds), [
      told.created_at,
      last?.started_at ?? null,
      told.next_attempt_at,
    ]);
    assert.equal(seconds(row.deliveredAt), body.status === "DELIVERED" ? told.terminal_at : null);
  }
});

test("the errors say what went wrong last, or why the delivery ended", () => {
  const told = new Map<string, Set<string | null>>();
  for (const { status, error } of rows) told.set(status, (told.get(status) ?? new Set()).add(error));
  assert.deepEqual(told.get("delivered"), new Set([null]));
  assert.deepEqual(told.get("pending"), new Set([null, "the receiver refused the connection"]));
  assert.deepEqual(
    told.get("failed"),
    new Set([
      "HTTP 500",
      "HTTP 404: check the path of the URL",
      "cancelled before it was delivered",
      "the webhook was deleted",
    ]),
  );
});

const DAYS = [...new Set(rows.map(({ createdAt }) => createdAt.slice(0, 10)))].sort();
const CHOICES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  status: [undefined, "pending", "delivered", "failed"],
  event: [undefined, "order.paid", "-order", "test", "none.of.these"],
  webhookId: [undefined, world.webhookIds[1], world.webhookIds[3]?.replace("ep_", "wh_"), `webhook_${UNKNOWN}`],
  startDate: [undefined, DAYS[1]],
  endDate: [undefined, DAYS.at(-2)],
};
const ORDERS = ["createdAt", "deliveredAt", "attempts"].flatMap((sortBy) =>
  ["asc", "desc"].map((sortOrder) => ({ sortBy, sortOrder })),
);

/** Every combination of the filters. */
function combinations(): Query[] {
  let all: Query[] = [{}];
  for (const [name, values] of Object.entries(CHOICES)) {
    all = all.flatMap((query) => values.map((value) => (value === undefined ? query : { ...query, [name]: value })));
  }
  return all;
}

test("every filter and order, alone and combined, returns the right rows and the exact total", async () => {
  assert.ok(DAYS.length >= 3, String(DAYS));
  const counts = new Set<number>();
  for (const [index, filter] of combinations().entries()) {
    // Each filter alone with every order. The combinations with one order each, in turn.
    const alone = Object.keys(filter).length <= 1;
    const orders: readonly Query[] = alone ? [{}, ...ORDERS] : [ORDERS[index % ORDERS.length] ?? {}];
    for (const order of orders) {
      const query = { ...filter, ...order };
      const { deliveries, pagination } = await list(client, { ...query, limit: 100 });
      const should = expected(rows, query);
      assert.deepEqual(deliveries, should, JSON.stringify(query));
      assert.equal(pagination.total, should.length, JSON.stringify(query));
    }
    counts.add(expected(rows, filter).length);
  }
  assert.ok(counts.size > 10);
});

test("pages of any size together are the whole list, in every order", async () => {
  for (const order of ORDERS) {
    for (const filter of [{}, { status: "failed" }, { event: "order.paid", startDate: DAYS[1] ?? "" }]) {
      const should = expected(rows, { ...order, ...filter });
      const read: Row[] = [];
      for (let offset = 0; offset < should.length; offset += 7) {
        const { deliveries, pagination } = await list(client, { ...order, ...filter, limit: 7, offset });
        assert.deepEqual([pagination.total, pagination.limit, pagination.offset], [should.length, 7, offset]);
        read.push(...deliveries);
      }
      assert.deepEqual(read, should);
      const behind = await list(client, { ...order, ...filter, offset: should.length });
      assert.deepEqual([behind.deliveries, behind.pagination.total], [[], should.length]);
    }
  }
  const far = await list(client, { offset: 999_999_999_999_999 });
  assert.deepEqual([far.deliveries, far.pagination.total], [[], rows.length]);
});

test("pages with the first page's asOf stay the same while deliveries arrive", async () => {
  const own = await newTenant(server);
  const held = await createEndpoint(own, { url: "http://127.0.0.1:9/" });
  await patch(own, held, { status: "PAUSED" });
  for (let n = 0; n < 12; n += 1) await publish(own, n);
  for (const order of ORDERS) {
    const whole = await list(own, { ...order, limit: 100 });
    const read: Row[] = [];
    let asOf = "";
    for (let offset = 0; offset < whole.pagination.total; offset += 5) {
      const page = await list(own, { ...order, limit: 5, offset, ...(asOf !== "" && { asOf }) });
      asOf = page.pagination.asOf;
      assert.equal(page.pagination.total, whole.pagination.total);
      read.push(...page.deliveries);
      // Including many within one millisecond.
      if (offset === 0) await Promise.all(Array.from({ length: 3 }, (_, n) => publish(own, n)));
    }
    assert.deepEqual(read, whole.deliveries);
    assert.equal((await list(own, order)).pagination.total, whole.pagination.total + 3);
    const file = await exported(own, { asOf });
    assert.deepEqual(file, expected(whole.deliveries, { sortOrder: "asc" }));
  }
});

test("a creation time as asOf returns what was created up to then", async () => {
  const oldest = expected(rows, { sortOrder: "asc" });
  const asOf = oldest[9]?.createdAt ?? "";
  const should = oldest.filter(({ createdAt }) => createdAt <= asOf);
  const page = await list(client, { asOf, sortOrder: "asc", limit: 100 });
  assert.deepEqual(page.deliveries, should);
  assert.deepEqual([page.pagination.total, page.pagination.asOf], [should.length, asOf]);
  assert.deepEqual(await exported(client, { asOf }), should);
  assert.equal((await list(client, { asOf: "2000-01-01T00:00:00Z" })).pagination.total, 0);
});

test("the list and the export have a delivery immediately, in its current state", async () => {
  const own = await newTenant(server);
  const held = await createEndpoint(own, { url: "http://127.0.0.1:9/" });
  await patch(own, held, { status: "PAUSED" });
  for (let n = 1; n <= 5; n += 1) {
    const { deliveryId } = await publish(own, n);
    const [listed] = (await list(own)).deliveries;
    assert.equal(listed?.id, deliveryId);
    assert.deepEqual((await exported(own)).at(-1), listed);
    await own.request("POST", `/v1/deliveries/${deliveryId}/cancel`);
    const failed = await list(own, { status: "failed" });
    assert.deepEqual([failed.deliveries[0]?.id, failed.pagination.total], [deliveryId, n]);
    assert.equal((await exported(own, { status: "failed" })).length, n);
    assert.equal((await list(own, { status: "pending" })).pagination.total, 0);
  }
});

test("a row has the URL of the latest attempt, or that of its webhook without an attempt", async () => {
  const own = await newTenant(server);
  const [before, now] = ["http://127.0.0.1:1/before", "http://127.0.0.1:1/now"];
  const endpointId = await createEndpoint(own, { url: before });
  await own.request("POST", `/dashboard/webhooks/${endpointId}/test`);
  await patch(own, endpointId, { status: "PAUSED" });
  await publish(own);
  const urls = async () => (await list(own)).deliveries.map(({ event, url }) => [event, url]);
  assert.deepEqual(await urls(), [
    ["order.paid", before],
    ["test", before],
  ]);
  await patch(own, endpointId, { url: now });
  assert.deepEqual(await urls(), [
    ["order.paid", now],
    ["test", before],
  ]);
});

const BAD: readonly (readonly [query: string, ...fields: string[]])[] = [
  ["status=FAILED", "status"],
  ["status=", "status"],
  ["status=failed&status=pending", "status"],
  ["startDate=2024-02-30", "startDate"],
  ["startDate=2024-1-1&endDate=2024-01-32", "startDate", "endDate"],
  ["startDate=2024-01-02&endDate=2024-01-01", "startDate"],
  ["startDate=2024-01-01T00:00:00Z", "startDate"],
  ["webhookId=nonsense", "webhookId"],
  [`webhookId=del_${UNKNOWN}`, "webhookId"],
  [`webhookId=webhook_${UNKNOWN.slice(1)}`, "webhookId"],
  ["event=", "event"],
  ["event=order.*", "event"],
  [`event=${"x".repeat(129)}`, "event"],
  ["event=%00", "event"],
  ["asOf=2024-01-01", "asOf"],
  ["asOf=now", "asOf"],
  ["statu=failed", "statu"],
  ["colour=red&status=red", "status", "colour"],
];
const BAD_IN_A_LIST: typeof BAD = [
  ["sortBy=id", "sortBy"],
  ["sortBy=createdat", "sortBy"],
  ["sortOrder=up", "sortOrder"],
  ["limit=0", "limit"],
  ["limit=101", "limit"],
  ["limit=1.5", "limit"],
  ["limit=", "limit"],
  ["limit=1e1", "limit"],
  ["offset=-1", "offset"],
  ["offset=x", "offset"],
  ["page=2", "page"],
  ["format=csv", "format"],
];
const BAD_IN_AN_EXPORT: typeof BAD = [
  ["sortBy=createdAt", "sortBy"],
  ["sortOrder=asc", "sortOrder"],
  ["limit=10&offset=0", "limit", "offset"],
  ["format=xlsx", "format"],
  ["format=", "format"],
];

test("one 400 lists every invalid parameter", async () => {
  const cases = [
    ...[...BAD, ...BAD_IN_A_LIST].map(([query, ...fields]) => ({ path: `${LIST}?${query}`, fields })),
    ...[...BAD, ...BAD_IN_AN_EXPORT].map(([query, ...fields]) => ({ path: `${EXPORT}?${query}`, fields })),
  ];
  for (const { path, fields } of cases) {
    const message = assertRefused(await client.request("GET", path), 400, "VALIDATION_ERROR");
    for (const field of fields) {
      assert.match(message, new RegExp(`(^|; )${field} (must|is not a query parameter)`), `${path}: ${message}`);
    }
    assert.equal(message.split(";").filter((part) => !part.includes("did you mean")).length, fields.length, message);
  }
});

test("an export has all deliveries that match the filters, in creation order, in both formats", async () => {
  for (const filter of combinations().filter((query) => Object.keys(query).length <= 2)) {
    assert.deepEqual(await exported(client, filter), expected(rows, { ...filter, sortOrder: "asc" }));
  }
  const csv = await client.request("GET", `${EXPORT}?status=failed`);
  const [header, ...records] = csv.text.split("\r\n");
  // fetch() has removed the byte-order mark.
  assert.deepEqual([header, records.pop()], [FIELDS.join(","), ""]);
  const should = expected(rows, { status: "failed", sortOrder: "asc" });
  const cells = (row: Row) => Object.values(row).map((value) => String(value ?? "").replace(/^-/, "'-"));
  assert.deepEqual(
    records,
    should.map((row) => cells(row).join(",")),
  );
  assert.ok(should.some(({ event }) => event === "-order"));
});

test("the file has a name and a type, is not cached, and HEAD starts no export", async () => {
  const forms = [
    ["", "text/csv; charset=utf-8", "webhook-deliveries.csv"],
    ["?format=csv", "text/csv; charset=utf-8", "webhook-deliveries.csv"],
    ["?format=ndjson", "application/x-ndjson; charset=utf-8", "webhook-deliveries.ndjson"],
  ] as const;
  for (const [query, type, name] of forms) {
    const { status, headers } = await client.request("GET", EXPORT + query);
    assert.deepEqual([status, headers.get("content-type")], [200, type]);
    assert.equal(headers.get("content-disposition"), `attachment; filename="${name}"`);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
  const raw = await fetch(server.url + EXPORT, { headers: { authorization: `Bearer ${client.apiKey}` } });
  assert.deepEqual([...new Uint8Array(await raw.arrayBuffer()).subarray(0, 5)], [0xef, 0xbb, 0xbf, 0x69, 0x64]);
  const head = await client.request("HEAD", `${EXPORT}?state=FAILED&state=HELD&format=csv`);
  assert.deepEqual([head.status, head.headers.get("content-type"), head.text], [200, "text/csv; charset=utf-8", ""]);
  assert.equal((await client.request("HEAD", `${EXPORT}?format=xml`)).status, 400);
  const empty = await (await newTenant(server)).request("GET", EXPORT);
  assert.equal(empty.text, `${FIELDS.join(",")}\r\n`);
});

test("another tenant sees nothing of it, whatever ids it uses", async () => {
  const stranger = await newTenant(server);
  for (const query of [{}, { webhookId: world.webhookIds[0] ?? "" }, { event: "order.paid" }]) {
    const page = await list(stranger, query);
    assert.deepEqual([page.deliveries, page.pagination.total], [[], 0]);
    assert.deepEqual(await exported(stranger, query), []);
  }
  const admin = await server.request("GET", `${LIST}?tenant=${client.id}&limit=100`);
  assert.deepEqual((admin.body.data as unknown as Page).deliveries, rows);
  const refused = await stranger.request("GET", `${LIST}?tenant=${client.id}`);
  assertRefused(refused, 403, "FORBIDDEN");
});

test("a session can read it like a key, and nobody else can", async () => {
  const { email } = await person("developer", client);
  const jar = await signedIn(server.url, email, PASSWORD);
  assert.deepEqual((await list(jar, { limit: 100 })).deliveries, rows);
  assert.equal((await exported(jar)).length, rows.length);
  for (const path of [LIST, EXPORT]) {
    assertRefused(await client.request("GET", path, { key: null }), 401, "UNAUTHORIZED");
    assertRefused(await client.request("GET", path, { key: "sb_live_x" }), 401, "UNAUTHORIZED");
  }
});

test("the path of the history is not an id of a webhook", async () => {
  assert.equal((await client.request("GET", LIST)).status, 200);
  assert.equal((await client.request("HEAD", LIST)).status, 200);
  assertRefused(await client.request("DELETE", LIST), 404, "WEBHOOK_NOT_FOUND");
  const posted = await client.request("POST", LIST);
  assertRefused(posted, 405, "METHOD_NOT_ALLOWED");
});

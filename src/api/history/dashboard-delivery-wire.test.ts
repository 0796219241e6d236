import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_DELIVERY } from "../../domain/history/ledger.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { LedgerRow } from "../../ports/store.ts";
import { deliveryError } from "./dashboard-delivery-error.ts";
import {
  checkExportQuery,
  checkHistoryQuery,
  exportFilter,
  historyInput,
  historyRowJson,
} from "./dashboard-delivery-wire.ts";

const ID = "01890000-0000-7000-8000-000000000001";

function asked(query: object) {
  const checked = checkHistoryQuery(query);
  if (checked.kind === "faults") assert.fail(JSON.stringify(checked.faults));
  return historyInput(checked.value);
}

function fieldsRefused(check: (query: unknown) => ReturnType<typeof checkHistoryQuery | typeof checkExportQuery>) {
  return (query: object) => {
    const checked = check(query);
    return checked.kind === "ok" ? [] : checked.faults.map(({ field }) => field);
  };
}

test("without parameters, the list has everything, newest first", () => {
  assert.deepEqual(asked({}), {
    filter: ANY_DELIVERY,
    order: { by: "createdAt", direction: "desc" },
    limit: 20,
    offset: 0,
    asOf: null,
  });
});

test("days are whole UTC days, including the last one", () => {
  const { from, to } = asked({ startDate: "2024-02-28", endDate: "2024-02-29" }).filter;
  assert.deepEqual([from, to], [Date.UTC(2024, 1, 28), Date.UTC(2024, 2, 1)]);
  const one = asked({ startDate: "2024-02-29", endDate: "2024-02-29" }).filter;
  assert.deepEqual([one.from, one.to], [Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1)]);
});

test("a webhook id may have any of its prefixes", () => {
  for (const prefix of ["ep_", "webhook_", "wh_"]) {
    assert.deepEqual(asked({ webhookId: prefix + ID }).filter.endpointIds, [ID]);
  }
});

test("one response lists every invalid parameter, including dates in the wrong order", () => {
  const query = {
    status: "FAILED",
    startDate: "2024-03-02",
    endDate: "2024-03-01",
    webhookId: ID,
    event: "order.*",
    asOf: "2024-03-01",
    sortBy: "url",
    sortOrder: "down",
    limit: "0",
    offset: "-1",
    page: "1",
  };
  const { page: _page, startDate, endDate: _endDate, ...others } = query;
  const refused = fieldsRefused(checkHistoryQuery)(query);
  assert.deepEqual(refused.toSorted(), [...Object.keys(others), "page", "startDate"].toSorted());
  assert.deepEqual(fieldsRefused(checkHistoryQuery)({ startDate, endDate: "2024-03-01" }), ["startDate"]);
  for (const day of [
    "2024-02-30",
    "2023-02-29",
    "2024-2-3",
    "24-02-03",
    "2024-02-03T00:00:00Z",
    "",
    " 2024-02-03",
    "x",
  ]) {
    assert.deepEqual(fieldsRefused(checkHistoryQuery)({ endDate: day }), ["endDate"], day);
  }
});

test("an export accepts the filters, but neither an order nor an offset", () => {
  const refused = fieldsRefused(checkExportQuery);
  assert.deepEqual(refused({ status: "failed", event: "a.b", webhookId: `ep_${ID}`, format: "ndjson" }), []);
  assert.deepEqual(refused({ sortBy: "createdAt", sortOrder: "asc", limit: "1", offset: "0", format: "xlsx" }), [
    "format",
    "sortBy",
    "sortOrder",
    "limit",
    "offset",
  ]);
});

test("an export with asOf leaves out what was created later", () => {
  const asOf = "2024-03-01T12:00:00.005Z";
  const time = Date.UTC(2024, 2, 1, 12, 0, 0, 5);
  assert.equal(exportFilter({ asOf }).to, time + 1);
  assert.equal(exportFilter({ asOf, endDate: "2024-03-05" }).to, time + 1);
  assert.equal(exportFilter({ asOf, endDate: "2024-02-05" }).to, Date.UTC(2024, 1, 6));
});

const ROW: LedgerRow = {
  id: ID as Uuid,
  eventId: ID as Uuid,
  eventType: "order.paid",
  endpointId: ID as Uuid,
  url: "https://example.com/hook",
  status: "failed",
  attempts: 1,
  lastAttempt: { startedAt: 3000, httpStatus: 503, classification: "http_status", errorDetail: null },
  createdAt: 1000,
  deliveredAt: null,
  nextAttemptAt: 5000,
  reason: "attempts_exhausted",
};
const attempt = (
  classification: NonNullable<LedgerRow["lastAttempt"]>["classification"],
  errorDetail: string | null,
) => ({
  startedAt: 1,
  httpStatus: null,
  classification,
  errorDetail,
});

test("a row has the documented fields in their order", () => {
  assert.equal(
    JSON.stringify(historyRowJson(ROW)),
    JSON.stringify({
      id: `del_${ID}`,
      eventId: `evt_${ID}`,
      event: "order.paid",
      webhookId: `webhook_${ID}`,
      url: "https://example.com/hook",
      status: "failed",
      attempts: 1,
      httpStatus: 503,
      error: "HTTP 503",
      createdAt: "1970-01-01T00:00:01.000Z",
      deliveredAt: null,
      lastAttemptAt: "1970-01-01T00:00:03.000Z",
      nextAttemptAt: "1970-01-01T00:00:05.000Z",
    }),
  );
});

test("the error is that of the latest attempt, or an ending without an attempt", () => {
  const pending = { status: "pending", reason: null } as const;
  const cases: readonly (readonly [Partial<LedgerRow>, string | null])[] = [
    [{}, "HTTP 503"],
    [{ reason: "gone" }, "HTTP 503"],
    [{ ...pending }, "HTTP 503"],
    [{ ...pending, lastAttempt: null }, null],
    [{ ...pending, lastAttempt: attempt("success", null) }, null],
    [{ status: "delivered", reason: "delivered" }, null],
    [{ lastAttempt: attempt("connect_refused", "the receiver refused it") }, "the receiver refused it"],
    [{ lastAttempt: attempt("response_timeout", null) }, "response timeout"],
    [{ reason: "cancelled", lastAttempt: null }, "cancelled before it was delivered"],
    [{ reason: "endpoint_deleted" }, "the webhook was deleted"],
    [{ reason: "expired" }, "expired: not delivered within the time that retries may take"],
    [{ reason: "crashed", lastAttempt: null }, "given up: the server stopped each time it was sent"],
  ];
  for (const [fields, error] of cases) assert.equal(deliveryError({ ...ROW, ...fields }), error);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { LedgerRow } from "../../ports/store.ts";
import { historyRowJson } from "./dashboard-delivery-wire.ts";
import { csvText, EXPORT_COLUMNS, EXPORT_FORMATS } from "./export-format.ts";

const uuid = (n: number): Uuid => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}` as Uuid;
const ROW: LedgerRow = {
  id: uuid(1),
  eventId: uuid(2),
  eventType: "order.paid",
  endpointId: uuid(3),
  url: "https://example.com/hook",
  status: "failed",
  attempts: 4,
  lastAttempt: { startedAt: 3000, httpStatus: 500, classification: "http_status", errorDetail: null },
  createdAt: 1000,
  deliveredAt: null,
  nextAttemptAt: null,
  reason: "attempts_exhausted",
};
const PENDING: LedgerRow = { ...ROW, status: "pending", attempts: 0, lastAttempt: null, reason: null };

/** A strict parser of the grammar of RFC 4180, with CRLF after each record. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      const quoted = /"((?:[^"]|"")*)"/y;
      const plain = /[^",\r\n]*/y;
      quoted.lastIndex = plain.lastIndex = at;
      const match = quoted.exec(text) ?? plain.exec(text) ?? assert.fail();
      at += match[0].length;
      record.push(match[1]?.replaceAll('""', '"') ?? match[0]);
      if (text[at] !== ",") break;
      at += 1;
    }
    assert.equal(text.slice(at, at + 2), "\r\n", `no record ends at ${at}`);
    at += 2;
    records.push(record);
  }
  return records;
}

const STARTS_A_FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const hostile = fc.string({ unit: fc.constantFrom(..."=+-@\t\r\n,;\"' aé✓𝄞＝") });
const cell = fc.oneof(hostile, fc.string({ unit: anyCharacter }), fc.nat(), fc.constant(null));

test("CSV parses back, whatever the cells contain, and no cell starts a formula", () => {
  const records = fc.array(fc.array(cell, { minLength: 2, maxLength: 13 }));
  fc.assert(
    fc.property(records, (given) => {
      const expected = given.map((cells) =>
        cells.map((value) => (STARTS_A_FORMULA.test(String(value ?? "")) ? `'${value}` : String(value ?? ""))),
      );
      const parsed = parseCsv(csvText(given as string[][]));
      assert.deepEqual(parsed, expected);
      for (const text of parsed.flat()) assert.doesNotMatch(text, STARTS_A_FORMULA);
    }),
  );
});

test("the columns are the fields of the list, in their order", () => {
  assert.deepEqual(EXPORT_COLUMNS, Object.keys(historyRowJson(ROW)));
  assert.equal(EXPORT_FORMATS.csv.head, `\ufeff${EXPORT_COLUMNS.join(",")}\r\n`);
});

test("a CSV row has the values of the list, with empty cells for null", () => {
  const rows = [ROW, PENDING, { ...ROW, eventType: "-1+1", url: 'https://a/?b="c",d\r\ne é' }];
  const expected = rows.map((row) => Object.values(historyRowJson(row)).map((value) => String(value ?? "")));
  assert.deepEqual(
    parseCsv(EXPORT_FORMATS.csv.rows(rows)),
    expected.map((cells) => cells.map((text) => (text === "-1+1" ? "'-1+1" : text))),
  );
  assert.equal(
    EXPORT_FORMATS.csv.rows([PENDING]),
    `del_${uuid(1)},evt_${uuid(2)},order.paid,webhook_${uuid(3)},https://example.com/hook,pending,0,,,` +
      "1970-01-01T00:00:01.000Z,,,\r\n",
  );
});

test("NDJSON has one row of the list per line, unchanged", () => {
  const rows = [ROW, { ...ROW, eventType: "-1+1", url: "https://a/?\r\né" }];
  const lines = EXPORT_FORMATS.ndjson.rows(rows).split("\n");
  assert.equal(lines.pop(), "");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    rows.map(historyRowJson),
  );
  assert.equal(EXPORT_FORMATS.ndjson.head, "");
});

test("without rows there is no text", () => {
  assert.deepEqual([EXPORT_FORMATS.csv.rows([]), EXPORT_FORMATS.ndjson.rows([])], ["", ""]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { colored, paintFor, plain } from "../src/output/color.ts";
import { type Column, record, table } from "../src/output/table.ts";
import { counted, cut, indentedJson, safe, safeJson, safeLines, widthOf } from "../src/output/text.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly count: number | null;
}

const COLUMNS: readonly Column<Row>[] = [
  { head: "ID", cell: ({ id }) => id },
  { head: "NAME", cell: ({ name }) => name, narrow: "cut" },
  { head: "COUNT", cell: ({ count }) => count, narrow: "drop", align: "end" },
];
const ROWS: readonly Row[] = [
  { id: "ep_1", name: "a very long name of an endpoint", count: 3 },
  { id: "ep_22", name: "短い\u001b[31m名前", count: null },
];
const drawn = (width: number) => table(ROWS, COLUMNS, { width, paint: plain });

test("a table that fits is aligned, and escapes what could control the terminal", () => {
  assert.deepEqual(drawn(Number.POSITIVE_INFINITY), [
    "ID     NAME                             COUNT",
    "ep_1   a very long name of an endpoint      3",
    "ep_22  短い\\u001b[31m名前                   -",
  ]);
});

test("a name of spaces is seen, and one that reverses the reading direction is escaped", () => {
  const rows = [" ", "\u3000", "evil\u202egpj.exe"].map((name) => ({ id: "ep_1", name, count: 1 }));
  assert.deepEqual(table(rows, COLUMNS, { width: 80, paint: plain }).slice(1), [
    'ep_1  " "                    1',
    'ep_1  "\u3000"                   1',
    "ep_1  evil\\u202egpj.exe      1",
  ]);
});

test("a narrow terminal cuts long texts, then drops columns, and at last stacks the rows", () => {
  const second = (width: number) => drawn(width)[1];
  assert.equal(second(41), "ep_1   a very long name of an end…      3");
  assert.equal(second(24), "ep_1   a very lo…      3");
  assert.equal(second(23), "ep_1   a very long nam…");
  assert.equal(second(17), "ep_1   a very lo…");
  assert.deepEqual(drawn(16).slice(0, 4), ["ep_1", "  name   a very lo…", "  count  3", ""]);
  for (let width = 12; width < 60; width++) {
    for (const line of drawn(width)) assert.ok(widthOf(line) <= Math.max(width, 19), `${width}: ${line}`);
  }
});

const WITH_IDS: readonly Column<Row>[] = [
  { head: "ID", cell: ({ id }) => id, narrow: "id" },
  { head: "NAME", cell: ({ name }) => name, narrow: "cut" },
  { head: "COUNT", cell: ({ count }) => count, narrow: "omit", align: "end" },
  {
    head: "ERROR",
    cell: ({ count }) => (count === null ? null : "the receiver refused the connection"),
    narrow: "below",
  },
];

test("an id is never cut: in a narrow terminal it moves below its row, and other text follows it if there is room", () => {
  const rows = [
    { id: "del_01a22cf0-3af1-76b4-bb79-d10affaf93d6", name: "order.created", count: 3 },
    { id: "del_01a22cf0-3319-7510-b656-686430820d7c", name: "a very long name of an endpoint", count: null },
  ];
  const at = (width: number) => table(rows, WITH_IDS, { width, paint: plain });
  assert.deepEqual(at(70), [
    "NAME                             COUNT",
    "order.created                        3",
    "  del_01a22cf0-3af1-76b4-bb79-d10affaf93d6  the receiver refused the …",
    "a very long name of an endpoint      -",
    "  del_01a22cf0-3319-7510-b656-686430820d7c",
  ]);
  assert.deepEqual(at(40).slice(1, 4), [
    "order.created                        3",
    "del_01a22cf0-3af1-76b4-bb79-d10affaf93d6",
    "  the receiver refused the connection",
  ]);
  assert.equal(at(12)[1], "order.creat…");
  for (const width of [12, 40, 70, 100, Number.POSITIVE_INFINITY])
    for (const { id } of rows)
      assert.ok(
        at(width).some((line) => line.includes(id)),
        `${width}`,
      );
  assert.equal(at(Number.POSITIVE_INFINITY).length, 3);
});

test("a record does not cut its values", () => {
  const lines = record(
    [
      ["url", "https://example.com/a/long/path"],
      ["paused", false],
      ["since", null],
    ],
    {
      width: 20,
      paint: plain,
    },
  );
  assert.deepEqual(lines, ["url     https://example.com/a/long/path", "paused  no", "since   -"]);
});

test("text is measured and cut by what a terminal shows", () => {
  assert.equal(widthOf("日本"), 4);
  assert.deepEqual(
    ["abcdef", "日本語"].map((each) => cut(each, 4)),
    ["abc…", "日…"],
  );
  assert.equal(safe("a\n\t\u0007\u202e\u{e0001}b"), "a\\n\\t\\u0007\\u202e\\udb40\\udc01b");
  assert.equal(safeLines("a\r\nb\u001b"), "a\nb\\u001b");
  assert.equal(JSON.parse(safeJson({ a: "\u009b\u202e" })).a, "\u009b\u202e");
  assert.doesNotMatch(safeJson({ a: "\u009b\u202e\u0007" }), /[\p{Cc}\p{Cf}]/u);
  for (const value of [{ a: [1, { b: '{,:\\"' }, []], c: {}, d: null }, [[], [{}]], {}])
    assert.equal(indentedJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
  assert.equal(
    indentedJson('{"a" : 19.90,"b":[12345678901234567890]}').replace(/\s/g, ""),
    '{"a":19.90,"b":[12345678901234567890]}',
  );
  assert.deepEqual([counted(1, "delivery", "deliveries"), counted(2000, "event")], ["1 delivery", "2,000 events"]);
  for (const text of ["a → http://127.0.0.1/", "→→→→→→→→", "😀😀😀😀😀", "é€→日本語 and more"]) {
    for (let width = 1; width < 12; width++) assert.ok(widthOf(cut(text, width)) <= width, `${text} in ${width}`);
  }
});

test("color is for terminals, and the environment decides", () => {
  const terminal = { isTTY: true };
  for (const [stream, env, expected] of [
    [terminal, {}, colored],
    [{}, {}, plain],
    [terminal, { TERM: "dumb" }, plain],
    [terminal, { NO_COLOR: "1" }, plain],
    [terminal, { NO_COLOR: "" }, colored],
    [{}, { FORCE_COLOR: "1" }, colored],
    [terminal, { FORCE_COLOR: "0" }, plain],
    [{}, { FORCE_COLOR: "1", NO_COLOR: "1" }, plain],
  ] as const) {
    assert.equal(paintFor(stream, env), expected, JSON.stringify([stream, env]));
  }
  assert.equal(colored("x", "red"), "\u001b[31mx\u001b[39m");
});

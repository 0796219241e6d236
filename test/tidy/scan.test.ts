import assert from "node:assert/strict";
import { test } from "node:test";
import { importsOf, place, scan } from "./scan.ts";

test("scan blanks comments, strings, templates and regular expressions, and keeps code and line breaks", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a // any\nb", "a       \nb"],
    ["a /* any\n */ b", "a       \n    b"],
    ['f("any\\"", b)', 'f("     ", b)'],
    ["f('//', b)", "f('  ', b)"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is source text
    ["`any ${a + `x${b}y` + {c}} any` + d", "`    ${a + ` ${b} ` + {c}}    ` + d"],
    ['x = /[/"]any/g.test(y)', "x = /       /g.test(y)"],
    ["return /any/", "return /   /"],
    ["a / b / any", "a / b / any"],
    ["f(a) / any", "f(a) / any"],
  ];
  for (const [source, code] of cases) assert.equal(scan(source).code, code);
});

test("importsOf finds every form of import and whether it imports types only", () => {
  const source = `
import a from "./a.ts";
import "./b.ts";
import type { C } from "./c.ts";
import { type D, d } from "./d.ts";
export * from "./e.ts";
export type * from "./f.ts";
const g = await import("./g.ts");
export type H = string;
import {
  i,
} from "./i.ts";
// import "./no.ts";
const text = 'from "./no.ts"';
`;
  assert.deepEqual(
    importsOf(scan(source)).map(({ specifier, typeOnly }) => [specifier, typeOnly]),
    [
      ["./a.ts", false],
      ["./b.ts", false],
      ["./c.ts", true],
      ["./d.ts", false],
      ["./e.ts", false],
      ["./f.ts", true],
      ["./g.ts", false],
      ["./i.ts", false],
    ],
  );
});

test("place formats a path and a line number that starts at one", () => {
  assert.equal(place("src/a.ts", "one\ntwo", 5), "src/a.ts:2");
});

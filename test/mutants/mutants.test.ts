import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseAst } from "rolldown/parseAst";
import { MUTANTS } from "./mutants.ts";

const ROOT = path.join(import.meta.dirname, "../..");

// Any test fails when its imports do not parse, whatever it tests.
test("every mutant's source parses", () => {
  for (const { fault, file, find, replace } of MUTANTS) {
    const source = readFileSync(path.join(ROOT, file), "utf8").replace(find, () => replace);
    assert.doesNotThrow(() => parseAst(source, { lang: "ts" }), fault);
  }
});

test("every mutant changes exactly one place of the source, and names a test that exists", () => {
  const faults = MUTANTS.flatMap(({ fault, file, find, test: testFile }) => {
    const places = readFileSync(path.join(ROOT, file), "utf8").split(find).length - 1;
    return [
      ...(places === 1 ? [] : [`${fault}: ${file} has its text ${places} times`]),
      ...(existsSync(path.join(ROOT, testFile)) ? [] : [`${fault}: there is no ${testFile}`]),
    ];
  });
  assert.deepEqual(faults, []);
});

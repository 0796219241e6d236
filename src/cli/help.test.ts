import assert from "node:assert/strict";
import { test } from "node:test";
import { helpOf } from "./help.ts";
import { SERVE } from "./serve.ts";
import { STORE_COMMANDS } from "./stores.ts";
import { USER_COMMANDS } from "./users.ts";

const ALL = [...STORE_COMMANDS, ...USER_COMMANDS];

test("the help fits a terminal of 40 columns, with the same words", () => {
  const words = (text: string) => text.split(/\s+/).join(" ");
  for (const commands of [[SERVE], ALL, ...ALL.map((command) => [command])]) {
    const narrow = helpOf(commands, 40);
    for (const line of narrow.split("\n")) assert.ok(line.length <= 40, line);
    assert.equal(words(narrow), words(helpOf(commands, Number.POSITIVE_INFINITY)));
  }
});

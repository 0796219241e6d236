/** The command lines that a page of the documentation tells people to paste. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { PROJECT_DIR } from "../harness/command.ts";

/** What a test does with each line, in the order of the page: it runs the line, or says why it does not. */
export type Pasted = Readonly<Record<string, string | ((line: string) => Promise<unknown>)>>;

/** The lines of all `sh` blocks, also those inside a list. A line that ends in a backslash continues in the next one. */
function shellLines(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^( *)```sh\n(.*?)^\1```$/gms)].flatMap(([, indent = "", block = ""]) =>
    block
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .map((line) => line.slice(indent.length).trimEnd())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
}

/**
 * Fails for a line that `pasted` does not have, so that each new one is run or gets a reason.
 *
 * @param page such as `docs/install.md`
 */
export async function pasteLines(page: string, pasted: Pasted): Promise<void> {
  const lines = shellLines(readFileSync(path.join(PROJECT_DIR, page), "utf8"));
  assert.deepEqual([...new Set(lines)], Object.keys(pasted), `the lines of ${page} and what the test does with each`);
  for (const [line, how] of Object.entries(pasted)) {
    if (typeof how === "function") await how(line);
    else assert.match(how, /^[A-Z].* \w/, `a reason for not running ${line}`);
  }
}

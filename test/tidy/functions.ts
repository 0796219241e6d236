/** Functions that do not fit on a screen. */
import { type ESTree, parseSync, Visitor } from "rolldown/utils";
import type { SourceFile } from "./files.ts";
import { place } from "./scan.ts";

export const FUNCTION_LINES_MAX = 60;
const DECLARES_TESTS = new Set(["describe", "it", "suite", "test"]);

interface OpenFunction {
  /** A function that declares tests is a table of tests: each test counts by itself. */
  isTable: boolean;
}

/** Every function that is too long, with its location. */
export function functionFaults({ path, source, code }: SourceFile): readonly string[] {
  if (!hasLongBlock(code)) return [];
  const faults: string[] = [];
  const open: OpenFunction[] = [];
  const enter = () => void open.push({ isTable: false });
  const leave = ({ start, end }: ESTree.Span) => {
    const { isTable } = open.pop() ?? { isTable: false };
    const count = source.slice(start, end).split("\n").length;
    if (count > FUNCTION_LINES_MAX && !isTable) {
      faults.push(`${place(path, source, start)} is a function of ${count} lines: extract what has a name of its own`);
    }
  };
  new Visitor({
    FunctionDeclaration: enter,
    "FunctionDeclaration:exit": leave,
    FunctionExpression: enter,
    "FunctionExpression:exit": leave,
    ArrowFunctionExpression: enter,
    "ArrowFunctionExpression:exit": leave,
    CallExpression({ callee }) {
      const around = open.at(-1);
      if (around !== undefined && declaresTest(callee)) around.isTable = true;
    },
  }).visit(parseSync(path, source).program);
  return faults;
}

/** `test(…)`, or `t.test(…)` for a part of a test. */
function declaresTest(callee: ESTree.Expression): boolean {
  if (callee.type === "Identifier") return DECLARES_TESTS.has(callee.name);
  if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return false;
  return callee.object.name === "t" && callee.property.type === "Identifier" && callee.property.name === "test";
}

/**
 * Whether the file has a line that is followed by so many lines of its block that a function could be too long.
 *
 * The formatter indents each block, so this needs no parser. Few files have such a block, and only they are parsed.
 */
function hasLongBlock(code: string): boolean {
  // The number of lines so far of each open block, by its depth of indentation.
  let open: { readonly depth: number; readonly from: number }[] = [];
  for (const [at, line] of code.split("\n").entries()) {
    const depth = line.search(/\S/);
    if (depth === -1) continue;
    // A bracket at the depth of a block's first line belongs to the block.
    const closes = /^\s*[)\]}]/.test(line);
    const around = open.filter((block) => block.depth < depth || (closes && block.depth === depth));
    if (around.some(({ from }) => at - from >= FUNCTION_LINES_MAX)) return true;
    open = around.at(-1)?.depth === depth ? around : [...around, { depth, from: at }];
  }
  return false;
}

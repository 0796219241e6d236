/** How the help looks. Commander lays it out. */
import type { Command as Commander } from "commander";
import type { Paint } from "./output/color.ts";
import type { Writable } from "./output/output.ts";

const WIDTH_MAX = 100;
const WIDTH_DEFAULT = 80;

const FOOTER = [
  "Every command has --help with its options and examples. --json prints what the API says, and --quiet only ids.",
  "Exit codes: 0 done, 1 failed, 2 not a command, 3 another outcome, 4 timed out, 5 cancelled, 6 not signed in or not " +
    "allowed, 7 not found, 8 not in this state, 9 server out of reach, 130 Ctrl-C.",
];

export function configureHelp(program: Commander, { stdout, paint }: { stdout: Writable; paint: Paint }): void {
  const columns = stdout.isTTY === true ? (stdout.columns ?? WIDTH_DEFAULT) : WIDTH_DEFAULT;
  const helpWidth = Math.min(columns, WIDTH_MAX);
  program.configureHelp({
    helpWidth,
    minWidthToWrap: 8,
    styleTitle: (title) => paint(title, "bold"),
    styleCommandText: (text) => paint(text, "cyan"),
    styleOptionText: (text) => paint(text, "cyan"),
  });
  const help = program.createHelp();
  program.addHelpText("after", `\n${FOOTER.map((text) => help.boxWrap(text, helpWidth)).join("\n\n")}`);
}

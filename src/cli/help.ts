/** The text that `--help` prints. Pure. */
import { COMMON_OPTIONS, nameOf } from "./arguments.ts";
import type { Command } from "./command.ts";
import { columns } from "./print.ts";

/** The full help of a single command, or one line for each of several. */
export function helpOf(commands: readonly Command[]): string {
  const [first, ...others] = commands;
  return first !== undefined && others.length === 0 ? fullHelp(first) : overview(commands);
}

function fullHelp(command: Command): string {
  const entries = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const options = entries.map(([name, { value, about }]) => [`  --${name}${value === null ? "" : ` ${value}`}`, about]);
  return `${usage(command)}\n  ${command.about}\n\n${columns(options)}\n`;
}

function overview(commands: readonly Command[]): string {
  const lines = commands.map((command) => [`  ${usage(command)}`, command.about]);
  return `${columns(lines)}\n\nEvery command accepts --json and --help. These commands need no key: they work on the data of SIGNALBOX_DATA_DIR or DATABASE_URL.\n`;
}

function usage(command: Command): string {
  const required = Object.entries(command.options).filter(([, option]) => option.required === true);
  const parts = required.map(([name, { value }]) => `--${name} ${value}`);
  return [nameOf(command), ...(command.operand === null ? [] : [command.operand]), ...parts].join(" ");
}

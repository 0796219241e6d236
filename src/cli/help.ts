/** The text that `--help` prints, fitted to the terminal. Pure. */
import { COMMON_OPTIONS, nameOf } from "./arguments.ts";
import type { Command } from "./command.ts";
import { columns } from "./print.ts";

type Lines = readonly (readonly [words: string, about: string])[];

const NOTE =
  "Every command accepts --json and --help. These commands need no key: they work on the data of SIGNALBOX_DATA_DIR or " +
  "DATABASE_URL.";

/**
 * The full help of a single command, or one line for each of several.
 *
 * @param width the terminal's columns; infinite when the output is not a terminal
 */
export function helpOf(commands: readonly Command[], width: number): string {
  const [first, ...others] = commands;
  return first !== undefined && others.length === 0 ? fullHelp(first, width) : overview(commands, width);
}

function fullHelp(command: Command, width: number): string {
  const entries = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const options = entries.map(
    ([name, { value, about }]) => [`--${name}${value === null ? "" : ` ${value}`}`, about] as const,
  );
  const about = wrapped(command.about, width, "  ");
  return `${wrapped(usage(command), width)}\n${about}\n\n${described(options, width)}\n`;
}

function overview(commands: readonly Command[], width: number): string {
  const lines = commands.map((command) => [usage(command), command.about] as const);
  return `${described(lines, width)}\n\n${wrapped(NOTE, width)}\n`;
}

/** Words and what they mean: side by side, or one below the other where the terminal is too narrow for that. */
function described(lines: Lines, width: number): string {
  const beside = columns(lines.map(([words, about]) => [`  ${words}`, about]));
  if (beside.split("\n").every((line) => line.length <= width)) return beside;
  return lines.map(([words, about]) => `${wrapped(words, width, "  ")}\n${wrapped(about, width, "      ")}`).join("\n");
}

/** Break the text between words. */
function wrapped(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    const isFirst = line.trim() === "";
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line += isFirst ? word : ` ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

function usage(command: Command): string {
  const required = Object.entries(command.options).filter(([, option]) => option.required === true);
  const parts = required.map(([name, { value }]) => `--${name} ${value}`);
  return [nameOf(command), ...(command.operand === null ? [] : [command.operand]), ...parts].join(" ");
}

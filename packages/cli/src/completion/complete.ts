/** `signalbox complete SHELL -- WORDS…`: what the word at the cursor can become. The scripts of the shells call it. */
import { type Command, command } from "../command.ts";
import { COMMON_OPTIONS, countOptionsInFront, optionName } from "../command-line.ts";
import { Context, type Surroundings } from "../context.ts";
import { flag, type Option } from "../options.ts";
import { safe } from "../output/text.ts";
import { ENTRIES } from "../registry.ts";
import { ADMIN_COMMANDS, FILE_COMMANDS } from "./admin-commands.ts";
import { type Candidate, candidatesFor, filesOf } from "./candidates.ts";
import { EMPTY_WORD } from "./scripts.ts";

/** What a shell inserts without quotes. Other values come from a server that may be hostile, so they are left out. */
const PLAIN = /^[\w.@:*=/+-]+$/;

/**
 * Print the candidates, each with what it is. Nothing is ever printed to standard error: a failure has no candidates.
 *
 * @param given the shell's name, `--`, and the words up to the cursor, the last of which may be empty
 */
export async function complete([shell, , ...given]: readonly string[], surroundings: Surroundings): Promise<void> {
  const words = [...given];
  if (shell === "powershell" && words.at(-1) === EMPTY_WORD) words[words.length - 1] = "";
  const joined = shell === "bash" ? joinedAtEquals(words) : words;
  const typed = joined.at(-1) ?? "";
  const candidates = await candidatesOf(joined, surroundings).catch(() => []);
  // Bash replaces only what follows the `=`.
  const skipped = shell === "bash" ? typed.lastIndexOf("=") + 1 : 0;
  const lines = candidates
    .filter(({ value }) => value.startsWith(typed) && PLAIN.test(value))
    .map(({ value, about }) => `${value.slice(skipped)}\t${safe(about)}\n`);
  surroundings.stdout.write(lines.join(""));
}

/** Bash makes three words of `--status=FAILED`. */
function joinedAtEquals(words: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    const continues = word === "=" || (words[at - 1] === "=" && at > 0);
    if (continues && joined.length > 0) joined.push(`${joined.pop()}${word}`);
    else joined.push(word);
  }
  return joined;
}

async function candidatesOf(given: readonly string[], surroundings: Surroundings): Promise<readonly Candidate[]> {
  const current = given.at(-1) ?? "";
  const before = given.slice(0, -1);
  const count = countOptionsInFront(before);
  const [first, second] = before.slice(count);
  if (first === undefined) {
    if (count > before.length || current.startsWith("-")) return ofCommand(NO_COMMAND, given, surroundings);
    return ENTRIES.map(({ name, about }) => ({ value: name, about }));
  }
  if (first === "admin") return ofAdmin(given.slice(count + 1), surroundings.folder);
  const loaded = await ENTRIES.find(({ name }) => name === first)?.load?.();
  if (loaded === undefined) return [];
  const inFront = before.slice(0, count);
  if (loaded.kind === "command") return ofCommand(loaded, [...inFront, ...given.slice(count + 1)], surroundings);
  if (second === undefined) return loaded.commands.map(({ name, about }) => ({ value: name, about }));
  const found = loaded.commands.find(({ name }) => name === second);
  return found === undefined ? [] : ofCommand(found, [...inFront, ...given.slice(count + 2)], surroundings);
}

/** Before there is a command, only the common options can follow. */
const NO_COMMAND = command({
  name: "",
  about: "",
  options: { version: flag("print the version") },
  examples: [],
  run: async () => undefined,
});

function ofAdmin(words: readonly string[], folder: string): readonly Candidate[] {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const found = new Set<string>();
  for (const [command, options] of Object.entries(ADMIN_COMMANDS)) {
    const path = command.split(" ");
    if (before.length >= path.length && path.every((word, at) => word === before[at])) {
      if (!current.startsWith("-")) return FILE_COMMANDS.includes(command) ? filesOf(folder, current) : [];
      for (const option of [...options, "--json", "--help"]) found.add(option);
    } else if (before.every((word, at) => word === path[at])) {
      found.add(path[before.length] ?? "");
    }
  }
  return [...found].map((value) => ({ value, about: "" }));
}

type Options = Readonly<Record<string, Option<unknown>>>;

async function ofCommand(
  command: Command,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<readonly Candidate[]> {
  const options: Options = Object.fromEntries(
    Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(([key, option]) => [optionName(key), option]),
  );
  const current = words.at(-1) ?? "";
  const read = readWords(words.slice(0, -1), options);
  const values = (option: Option<unknown>, typed: string) =>
    valuesOf(option, typed, contextOf(surroundings, read.given));
  if (read.open !== null) return values(read.open, current);
  const [name = "", inline] = current.split(/=(.*)/s);
  const option = options[name];
  if (inline !== undefined && option !== undefined && option.placeholder !== null) {
    const found = await values(option, inline);
    return found.map(({ value, about }) => ({ value: `${name}=${value}`, about }));
  }
  if (current.startsWith("-")) {
    const left = Object.entries(options).filter(([each, { repeats }]) => repeats || !read.given.has(each));
    return [...left.map(([value, { about }]) => ({ value, about })), { value: "--help", about: "print this help" }];
  }
  const operands = Object.values(command.operands);
  const operand = operands[read.operands] ?? operands.findLast(({ repeats }) => repeats);
  return operand === undefined ? [] : values(operand, current);
}

interface Read {
  readonly given: ReadonlyMap<string, string>;
  /** How many operands there were. */
  readonly operands: number;
  /** The option whose value comes next. */
  readonly open: Option<unknown> | null;
}

function readWords(words: readonly string[], options: Options): Read {
  const given = new Map<string, string>();
  let operands = 0;
  for (let at = 0; at < words.length; at++) {
    const [name = "", inline] = (words[at] ?? "").split(/=(.*)/s);
    const option = options[name];
    if (option === undefined) {
      operands += 1;
      continue;
    }
    const takesNext = option.placeholder !== null && inline === undefined;
    if (takesNext && at + 1 === words.length) return { given, operands, open: option };
    given.set(name, inline ?? (takesNext ? (words[++at] ?? "") : ""));
  }
  return { given, operands, open: null };
}

/** The server that the words so far name. */
function contextOf(surroundings: Surroundings, given: ReadonlyMap<string, string>): Context {
  return new Context(surroundings, {
    mode: "quiet",
    url: given.get("--url"),
    profile: given.get("--profile"),
    tenant: given.get("--tenant"),
    insecureHttp: given.has("--insecure-http"),
  });
}

async function valuesOf(
  { choices, completes }: Option<unknown>,
  typed: string,
  context: Context,
): Promise<readonly Candidate[]> {
  if (choices !== null) return choices.map((value) => ({ value, about: "" }));
  return completes === null ? [] : candidatesFor(context, completes, typed);
}

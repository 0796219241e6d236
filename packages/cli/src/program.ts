/** Run one command line: find the command, read its options, run it, and turn its end into an exit code. */
import { Command as Commander, CommanderError } from "commander";
import type { Command, Group } from "./command.ts";
import { addCommand, addEntry, readFlags, readGiven, wordsOf } from "./command-line.ts";
import { Context, type Flags, type Surroundings } from "./context.ts";
import { EXIT, Failure, failureOf, usage } from "./failure.ts";
import { configureHelp } from "./help.ts";
import { paintFor } from "./output/color.ts";
import { safeJson, safeLines } from "./output/text.ts";
import { inWordsOf } from "./refusal.ts";
import { ENTRIES, MOVED_TO_ADMIN } from "./registry.ts";

/**
 * @param given the words after the program's name
 * @returns the exit code
 */
export async function runProgram(given: readonly string[], surroundings: Surroundings): Promise<number> {
  let context: Context | null = null;
  let run: Run | null = null;
  try {
    if (given[0] === "complete") {
      await (await import("./completion/complete.ts")).complete(given.slice(1), surroundings);
      return EXIT.done;
    }
    run = await parse(wordsOf(given), surroundings);
    if (run === null) return EXIT.done;
    context = new Context(surroundings, run.flags);
    return (await run.command.run(context, run.given)) ?? EXIT.done;
  } catch (error) {
    const failure = failureOf(error) ?? unexpected(error, context);
    if (failure === null) throw error;
    const shown = run === null ? failure : inWordsOf(run.command, run.given, failure);
    const asJson = given.includes("--json");
    report(asJson ? failure : shown, { surroundings, asJson, url: context?.knownUrl ?? null });
    return shown.exit;
  }
}

/**
 * The failure that an error means after a response: a field that every version of the server sends is missing. Null: the
 * error is a bug. Responses are not checked field by field, so a bug can look the same, and the stack has to be available.
 */
function unexpected(error: unknown, context: Context | null): Failure | null {
  if (!(error instanceof TypeError || error instanceof RangeError)) return null;
  if (context === null || context.answeredBy === null || context.env.SIGNALBOX_DEBUG) return null;
  const message =
    `The server at ${context.answeredBy} responded with something unexpected. Its version may not fit this command's ` +
    `(${context.version}), or a proxy changes its responses.`;
  return new Failure(EXIT.unreachable, "PROTOCOL_ERROR", message, { hint: "SIGNALBOX_DEBUG=1 shows the error." });
}

interface Run {
  readonly command: Command;
  readonly flags: Flags;
  readonly given: Readonly<Record<string, unknown>>;
}

/** What to run; null when the words asked for help or the version, which have been printed. */
async function parse(words: readonly string[], surroundings: Surroundings): Promise<Run | null> {
  const [first = "", second = ""] = words;
  if (first === "--version" || first === "version") {
    surroundings.stdout.write(`signalbox ${surroundings.version}\n`);
    return null;
  }
  if (MOVED_TO_ADMIN.includes(first)) {
    throw usage(`\`signalbox ${first}\` is \`signalbox admin ${words.join(" ")}\` now`);
  }
  const program = newCommander(surroundings);
  let run: Run | null = null;
  for (const entry of ENTRIES) {
    const parent = addEntry(program, entry);
    if (entry.name !== first) continue;
    if (entry.load === null) throw usage(`${first} must be the first word: signalbox ${first}`);
    addLoaded(parent, await entry.load(), (command, parsed) => {
      run = { command, flags: readFlags(parsed), given: readGiven(command, parsed) };
    });
  }
  try {
    program.parse([...withHelpAlone(words, program)], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw mistake(error, program, [first, second]);
  }
  return run;
}

function addLoaded(
  parent: Commander,
  loaded: Command | Group,
  onParsed: (command: Command, parsed: Commander) => void,
): void {
  const add = (target: Commander, command: Command) =>
    addCommand(target, command, (parsed) => onParsed(command, parsed));
  if (loaded.kind === "command") add(parent, loaded);
  else for (const command of loaded.commands) add(parent.command(command.name), command);
}

/** `--help` wins over whatever is wrong after a known command. Without this, Commander would find some mistakes before it. */
function withHelpAlone(words: readonly string[], program: Commander): readonly string[] {
  const end = words.indexOf("--");
  if (!words.slice(0, end === -1 ? words.length : end).some(isHelp)) return words;
  let scope = program;
  const known: string[] = [];
  for (const word of words) {
    if (word.startsWith("-") || scope.commands.length === 0) break;
    const found = scope.commands.find((each) => each.name() === word);
    // Commander would answer with the help of what is before the unknown word.
    if (found === undefined) return words.filter((each) => !isHelp(each));
    known.push(word);
    scope = found;
  }
  return [...known, "--help"];
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function newCommander({ stdout, env }: Surroundings): Commander {
  const program = new Commander("signalbox").usage("COMMAND [options]").helpCommand(false);
  program.description("Work with a Signalbox server from a terminal.");
  program.option("--version", "print the version").helpOption("-h, --help", "print this help");
  configureHelp(program, { stdout, paint: paintFor(stdout, env) });
  return program.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: () => undefined, // `report` prints what is wrong
    getOutHasColors: () => true, // the styles decide
  });
}

/** As in the API, a range is `from` and `to`, and what has no end is `since`. */
const OTHER_NAMES = [
  ["--since", "--from"],
  ["--from", "--since"],
] as const;

function hasOption(scope: Commander, name: string): boolean {
  return scope.options.some(({ long }) => long === name);
}

/** Commander's sentence, in one line, with the next step. */
function mistake({ message, code }: CommanderError, program: Commander, words: readonly string[]): Failure {
  let scope = program;
  for (const word of words) scope = scope.commands.find((each) => each.name() === word) ?? scope;
  const name = scope === program ? "" : ` ${scope.parent === program ? "" : `${scope.parent?.name()} `}${scope.name()}`;
  if (code === "commander.help" && scope === program) return usage("no command is given; see signalbox --help");
  const isIncomplete = code === "commander.help" || code === "commander.unknownOption";
  if (isIncomplete && scope !== program && scope.commands.length > 0) {
    return usage(`${scope.name()} needs one of these words: ${scope.commands.map((each) => each.name()).join(", ")}`);
  }
  const other = OTHER_NAMES.find(([given, meant]) => message.includes(`'${given}'`) && hasOption(scope, meant));
  if (other !== undefined) return usage(`unknown option '${other[0]}'; did you mean ${other[1]}?`);
  const sentence = message
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replace(/\n\(Did you mean (.+)\?\)$/s, "; did you mean $1?");
  return usage(sentence.includes("did you mean") ? sentence : `${sentence}; see signalbox${name} --help`);
}

interface Reported {
  readonly surroundings: Surroundings;
  readonly asJson: boolean;
  readonly url: string | null;
}

/** The server's sentence for people, or the API's error object. */
function report({ code, message, details, exit, hint }: Failure, { surroundings, asJson, url }: Reported): void {
  const { stderr, env } = surroundings;
  if (asJson) {
    const error = { code, message, ...(details.length > 0 && { details }) };
    stderr.write(`${safeJson({ error })}\n`);
    return;
  }
  const paint = paintFor(stderr, env);
  const where = exit === EXIT.unreachable && url !== null && !message.includes(url) ? ` (${url})` : "";
  stderr.write(`${paint("signalbox:", "red")} ${safeLines(message)}${where}${hint === null ? "" : ` ${hint}`}\n`);
}

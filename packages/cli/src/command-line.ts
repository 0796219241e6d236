/** Read a command line with Commander: our commands as its commands, and its options as typed values. */
import { Argument, type Command as Commander, Option as CommanderOption } from "commander";
import type { Command } from "./command.ts";
import type { Flags } from "./context.ts";
import { type Failure, usage } from "./failure.ts";
import { flag, type Option, text } from "./options.ts";
import type { Entry } from "./registry.ts";

const EVERY_COMMAND = "Options of every command:";

/** Options that every command has. */
export const COMMON_OPTIONS = {
  json: flag("print JSON, with the names of the API"),
  quiet: flag("print only ids"),
  profile: text("NAME", "use this profile", { completes: "profile" }),
  url: text("URL", "use the server at this address"),
  tenant: text("ID", "act in this tenant; needs the role global_admin"),
  insecureHttp: flag("allow http:// to another machine"),
};

/** `idempotencyKey` is `--idempotency-key`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * How many words in front of the command are common options and their values. One more than there are words means that
 * the last option needs a value.
 */
export function countOptionsInFront(given: readonly string[]): number {
  let at = 0;
  for (; at < given.length; at++) {
    const word = given[at] ?? "";
    const option = Object.entries(COMMON_OPTIONS).find(([key]) => word.split("=")[0] === optionName(key))?.[1];
    if (option === undefined) break;
    if (option.placeholder !== null && !word.includes("=")) at++;
  }
  return at;
}

/**
 * The words with the common options after the command, where Commander expects them, and `help COMMAND` as
 * `COMMAND --help`.
 */
export function wordsOf(given: readonly string[]): readonly string[] {
  const count = countOptionsInFront(given);
  const first = count > given.length ? [...given, ""] : given.slice(0, count);
  const [word, ...others] = given.slice(count);
  if (word === "help") return [...others, "--help"];
  if (others[0] === "help" && others.length === 1) return [word ?? "", "--help"];
  return [...(word === undefined ? [] : [word]), ...others, ...first];
}

export function addEntry(program: Commander, { name, section, about }: Entry): Commander {
  return program.command(name).summary(about).description(sentence(about)).helpGroup(`${section}:`);
}

/** Give a Commander command our options, operands and examples. */
export function addCommand(target: Commander, command: Command, onParsed: (parsed: Commander) => void): void {
  const { about, details, examples, operands, options } = command;
  target.summary(about).description([sentence(about), ...(details === null ? [] : [details])].join("\n\n"));
  for (const { placeholder, about, required, repeats, choices } of Object.values(operands)) {
    const name = `${placeholder}${repeats ? "..." : ""}`;
    const argument = new Argument(required ? `<${name}>` : `[${name}]`, withChoices(about, choices));
    target.addArgument(argument);
  }
  for (const [key, option] of Object.entries(options)) target.addOption(commanderOption(key, option));
  for (const [key, option] of Object.entries(COMMON_OPTIONS))
    target.addOption(commanderOption(key, option).helpGroup(EVERY_COMMAND));
  target.addHelpOption(new CommanderOption("-h, --help", "print this help").helpGroup(EVERY_COMMAND));
  const lines = examples.map(([line, about]) => `  $ ${line}\n    ${about}`);
  if (lines.length > 0) target.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  target.action(() => onParsed(target));
}

function commanderOption(key: string, { placeholder, about, required, repeats, choices }: Option<unknown>) {
  const flags = `${optionName(key)}${placeholder === null ? "" : ` <${placeholder}>`}`;
  const notes = [...(required ? ["required"] : []), ...(repeats ? ["may be repeated"] : [])];
  const full = `${withChoices(about, placeholder === choices?.join("|") ? null : choices)}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  const option = new CommanderOption(flags, full);
  if (placeholder === null) return option;
  // Commander would take the last of several, and the next option as the value of one without a value.
  return option.argParser((text: string, previous: readonly string[] | undefined) => {
    if (previous !== undefined && !repeats) throw usage(`${optionName(key)} is given twice`);
    if (/^--./.test(text)) throw usage(`${optionName(key)} needs a value: ${optionName(key)} ${placeholder}`);
    return [...(previous ?? []), text];
  });
}

function withChoices(about: string, choices: readonly string[] | null): string {
  const shown = choices?.join(", ");
  return shown === undefined || about.includes(shown) ? about : `${about} (${shown})`;
}

function sentence(about: string): string {
  return `${about.charAt(0).toUpperCase()}${about.slice(1)}.`;
}

/**
 * The values of a command's options and operands.
 *
 * @throws Failure that names every mistake
 */
export function readGiven(command: Command, parsed: Commander): Readonly<Record<string, unknown>> {
  const mistakes: string[] = [];
  const given: Record<string, unknown> = {};
  for (const [at, [key, operand]] of Object.entries(command.operands).entries()) {
    const words = [parsed.processedArgs[at] ?? []].flat() as string[];
    given[key] = readValue(operand, { name: operand.placeholder ?? key, words, mistakes });
  }
  for (const [key, option] of Object.entries(command.options)) {
    const name = optionName(key);
    const words = textsOf(parsed, key);
    if (words === null && option.required) {
      mistakes.push(`${name} ${option.placeholder} is missing`);
    } else {
      given[key] = words === null ? option.absent : readValue(option, { name, words, mistakes });
    }
  }
  if (mistakes.length > 0) throw usage(mistakes.join("; "));
  return given;
}

export function readFlags(parsed: Commander): Flags {
  const read = <T>(key: keyof typeof COMMON_OPTIONS, option: Option<T>): T => {
    const words = textsOf(parsed, key);
    return words === null ? option.absent : option.read(words, optionName(key));
  };
  const [json, quiet] = [read("json", COMMON_OPTIONS.json), read("quiet", COMMON_OPTIONS.quiet)];
  if (json && quiet) throw usage("--json and --quiet exclude each other");
  return {
    mode: json ? "json" : quiet ? "quiet" : "people",
    profile: read("profile", COMMON_OPTIONS.profile),
    url: read("url", COMMON_OPTIONS.url),
    tenant: read("tenant", COMMON_OPTIONS.tenant),
    insecureHttp: read("insecureHttp", COMMON_OPTIONS.insecureHttp),
  };
}

function textsOf(parsed: Commander, key: string): readonly string[] | null {
  const value: unknown = parsed.getOptionValue(key);
  if (value === undefined || value === false) return null;
  return value === true ? [""] : (value as readonly string[]);
}

function readValue(
  { absent, read }: Option<unknown>,
  found: { readonly name: string; readonly words: readonly string[]; readonly mistakes: string[] },
): unknown {
  if (found.words.length === 0) return absent;
  try {
    return read(found.words, found.name);
  } catch (error) {
    found.mistakes.push((error as Failure).message);
    return absent;
  }
}

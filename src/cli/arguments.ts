/** Parse a command line into a command that can run, a request for help, or the first mistake. Pure. */
import { parseArgs } from "node:util";
import { nearest } from "../domain/text/nearest.ts";
import type { Command, Option, Run } from "./command.ts";
import { ParsedArguments } from "./parsed-arguments.ts";

export type Parsed =
  /** The commands to print help for. */
  | { readonly kind: "help"; readonly commands: readonly Command[] }
  | { readonly kind: "mistake"; readonly message: string }
  | { readonly kind: "run"; readonly run: Run; readonly asJson: boolean };

export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { value: null, about: "print JSON" },
  help: { value: null, about: "print this help" },
};

/** The first word of all commands that work on the data without a key. */
const ADMIN = "admin";
/** The first word of the server. It is the only command without `admin`. */
export const SERVE_WORD = "serve";

/**
 * @param words `serve …` or `admin …`; `src/main.js` passes nothing else
 */
export function parse(words: readonly string[], commands: readonly Command[]): Parsed {
  const [first = "", ...rest] = words;
  const isServe = ({ group }: Command) => group === SERVE_WORD;
  if (first !== ADMIN) return parseWords(words, commands.filter(isServe));
  return parseWords(
    rest,
    commands.filter((command) => !isServe(command)),
  );
}

function parseWords(words: readonly string[], commands: readonly Command[]): Parsed {
  const [group = "", action = ""] = words;
  const asksForHelp = wordsOfOptions(words).some(isHelpOption);
  if (group === "help" || (group.startsWith("-") && asksForHelp)) return { kind: "help", commands };
  const groups = [...new Set(commands.map((command) => command.group))];
  if (group === "" || group.startsWith("-")) return mistake(`admin needs one of these words: ${groups.join(", ")}`);
  if (!groups.includes(group)) return unknownWord(group, groups, "admin ");
  const alone = commands.find((command) => command.group === group && command.action === null);
  if (alone !== undefined) return parseRest(alone, words.slice(1));
  const ofGroup = commands.filter((command) => command.group === group);
  if (action === "help" || (action.startsWith("-") && asksForHelp)) return { kind: "help", commands: ofGroup };
  const command = ofGroup.find((candidate) => candidate.action === action);
  const actions = ofGroup.map((candidate) => candidate.action ?? "");
  if (command !== undefined) return parseRest(command, words.slice(2));
  if (action === "" || action.startsWith("-")) return mistake(`admin ${group} needs an action: ${actions.join(", ")}`);
  return unknownWord(action, actions, `admin ${group} `);
}

function isHelpOption(word: string): boolean {
  return word === "--help" || word === "-h";
}

/** The words before `--`, after which a word that starts with a dash is an operand. */
function wordsOfOptions(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}

function mistake(message: string): Parsed {
  return { kind: "mistake", message };
}

function unknownWord(word: string, known: readonly string[], before: string): Parsed {
  const meant = nearest(word, known);
  const hint = meant === null ? `; the commands are ${known.join(", ")}` : `; did you mean ${before}${meant}?`;
  return mistake(`unknown command ${JSON.stringify(before + word)}${hint}`);
}

function parseRest(command: Command, words: readonly string[]): Parsed {
  // It wins over whatever else is wrong.
  if (wordsOfOptions(words).some(isHelpOption)) return { kind: "help", commands: [command] };
  const known = { ...command.options, ...COMMON_OPTIONS };
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value }]) => [
        name,
        { type: value === null ? "boolean" : "string" } as const,
      ]),
    ),
    allowPositionals: true,
    strict: false, // parseArgs' own errors suggest no similar option and take three lines
    tokens: true,
  });
  const options = new Map<string, string | true>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      operands.push(token.value);
      continue;
    }
    const fault = optionFault(token, known, options);
    if (fault !== null) return mistake(fault);
    options.set(token.name, token.value ?? true);
  }
  const [operand = null, ...tooMany] = operands;
  const [extra] = command.operand === null ? operands : tooMany;
  if (extra !== undefined)
    return mistake(`unexpected argument ${JSON.stringify(extra)}; see ${nameOf(command)} --help`);
  return prepare(command, new ParsedArguments(options, operand), options.has("json"));
}

function prepare(command: Command, args: ParsedArguments, asJson: boolean): Parsed {
  const run = command.prepare(args);
  return args.mistakes.length > 0 ? mistake(args.mistakes.join("; ")) : { kind: "run", run, asJson };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function optionFault(
  { name, rawName, value, inlineValue }: OptionToken,
  known: Readonly<Record<string, Option>>,
  before: ReadonlyMap<string, string | true>,
): string | null {
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) {
    const names = Object.keys(known);
    const meant = nearest(name, names);
    const list = names.map((each) => `--${each}`).join(", ");
    return `unknown option ${rawName}; ${meant === null ? `the options are ${list}` : `did you mean --${meant}?`}`;
  }
  if (before.has(name)) return `${rawName} is given twice`;
  if (option.value === null) return value === undefined ? null : `${rawName} takes no value`;
  // In `--name --role developer`, the name is missing. A value that starts with a dash is written `--name=--x`.
  const isForgotten = value === undefined || (inlineValue !== true && value.startsWith("-"));
  return isForgotten ? `${rawName} needs a value: ${rawName} ${option.value}` : null;
}

export function nameOf({ group, action }: Command): string {
  const program = group === SERVE_WORD ? ["signalbox"] : ["signalbox", ADMIN];
  return [...program, group, ...(action === null ? [] : [action])].join(" ");
}

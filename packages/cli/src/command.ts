/** What a command is: its words, options, help and action. CONTRIBUTING.md, "The command line", says how to add one. */
import type { Context } from "./context.ts";
import type { ExitCode } from "./failure.ts";
import type { Operand, Option } from "./options.ts";

type Options = Readonly<Record<string, Option<unknown>>>;
type Operands = Readonly<Record<string, Operand<unknown>>>;

/** What the command line gave, by the names of the options and operands. */
type Given<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends { absent: infer Value } ? Value : never };

type End = Promise<void> | Promise<ExitCode | undefined>;

interface Definition<Opts extends Options, Ops extends Operands> {
  /** The command's last word, such as `list` in `events list`. */
  readonly name: string;
  /** One line in the help, without a period at its end. */
  readonly about: string;
  /** More paragraphs of its own help. */
  readonly details?: string;
  /** In the order of the command line. */
  readonly operands?: Ops;
  /** `idempotencyKey` is `--idempotency-key`. */
  readonly options?: Opts;
  /** A command line, and what it does. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  /**
   * Do it. The exit code is 0 unless the action returns another one or throws. Expected failures are a `Failure` or a
   * `SignalboxError`.
   */
  readonly run: (context: Context, given: Given<Opts> & Given<Ops>) => End;
}

export interface Command {
  readonly kind: "command";
  readonly name: string;
  readonly about: string;
  readonly details: string | null;
  readonly operands: Operands;
  readonly options: Options;
  readonly examples: readonly (readonly [line: string, about: string])[];
  readonly run: (context: Context, given: Readonly<Record<string, unknown>>) => End;
}

/** Commands with the same first word. */
export interface Group {
  readonly kind: "group";
  readonly commands: readonly Command[];
}

export function command<Opts extends Options = Record<never, never>, Ops extends Operands = Record<never, never>>(
  definition: Definition<Opts, Ops>,
): Command {
  const { name, about, details = null, operands = {}, options = {}, examples } = definition;
  const run = definition.run as Command["run"];
  return { kind: "command", name, about, details, operands, options, examples, run };
}

export function group(...commands: readonly Command[]): Group {
  return { kind: "group", commands };
}

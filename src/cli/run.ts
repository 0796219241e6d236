/**
 * `signalbox admin …` and `signalbox serve`: run a command on the data, while the server is running or stopped.
 */
import { StartupError, StoreUnavailable } from "../domain/errors.ts";
import { Access } from "../engine/access/access.ts";
import type { AccessService } from "../engine/access/access-types.ts";
import { Users } from "../engine/access/users.ts";
import type { Clock } from "../ports/clock.ts";
import type { AccessStore } from "../ports/store.ts";
import { parse } from "./arguments.ts";
import { type Command, type CommandContext, type CommandOutcome, failed, type Run, type Stores } from "./command.ts";
import { type CommandFailure, EXIT, printFailure } from "./failure.ts";
import { helpOf } from "./help.ts";
import { KEY_COMMANDS } from "./keys.ts";
import { printJson, printText } from "./print.ts";
import { RECEIPT_KEY_COMMANDS } from "./receipt-keys.ts";
import { SERVE } from "./serve.ts";
import { STORE_COMMANDS } from "./stores.ts";
import { TENANT_COMMANDS } from "./tenants.ts";
import { USER_COMMANDS } from "./users.ts";

export interface CliEnvironment {
  readonly clock: Clock;
  /** Called only when a command needs it. */
  readonly openStore: () => AccessStore;
  readonly readInput: () => Promise<string>;
  readonly stores: Stores;
  readonly serve: () => Promise<void>;
  readonly print: (text: string) => void;
  /** Of the terminal; infinite when the output is not a terminal. */
  readonly columns: number;
  readonly printError: (text: string) => void;
}

const COMMANDS: readonly Command[] = [
  SERVE,
  ...TENANT_COMMANDS,
  ...USER_COMMANDS,
  ...KEY_COMMANDS,
  ...RECEIPT_KEY_COMMANDS,
  ...STORE_COMMANDS,
];

/**
 * Run one command.
 *
 * @param words the words after the program's name
 * @returns the exit code
 */
export async function runCommand(words: readonly string[], environment: CliEnvironment): Promise<number> {
  const parsed = parse(words, COMMANDS);
  const fail = (failure: CommandFailure): number => {
    environment.printError(printFailure(failure, words.includes("--json")));
    return EXIT[failure.kind];
  };
  switch (parsed.kind) {
    case "help":
      environment.print(helpOf(parsed.commands, environment.columns));
      return EXIT.done;
    case "mistake":
      return fail({ kind: "usage", message: parsed.message });
    case "run": {
      const outcome = await runWith(parsed.run, environment);
      if (outcome.kind === "serving") return EXIT.done;
      if (outcome.kind === "failed") return fail(outcome.failure);
      environment.print(parsed.asJson ? printJson(outcome) : printText(outcome));
      const wrong = outcome.kind === "list" ? outcome.failed : undefined;
      return wrong === undefined ? EXIT.done : fail({ kind: "failed", message: wrong });
    }
  }
}

/** A running server learns of changes from the store. */
const nothing = () => undefined;

async function runWith(run: Run, environment: CliEnvironment): Promise<CommandOutcome> {
  const context = new LazyContext(environment);
  try {
    return await run(context);
  } catch (error) {
    if (error instanceof StartupError) return failed(error.kind, error.message);
    if (error instanceof StoreUnavailable) return failed("unreachable", error.message);
    throw error;
  } finally {
    await context.close();
  }
}

/** Opens the store on first use. What works on whole stores never opens it, because that would migrate an older store. */
class LazyContext implements CommandContext {
  readonly readInput: CommandContext["readInput"];
  readonly stores: Stores;
  readonly serve: CommandContext["serve"];
  readonly #environment: CliEnvironment;
  #store: AccessStore | null = null;

  constructor(environment: CliEnvironment) {
    this.#environment = environment;
    this.readInput = environment.readInput;
    this.stores = environment.stores;
    this.serve = environment.serve;
  }

  get store(): AccessStore {
    this.#store ??= this.#environment.openStore();
    return this.#store;
  }

  get access(): AccessService {
    return new Access({
      store: this.store,
      clock: this.#environment.clock,
      onKeysChanged: nothing,
      onQuotasChanged: nothing,
    });
  }

  get users(): Users {
    return new Users(this.store, this.#environment.clock);
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}

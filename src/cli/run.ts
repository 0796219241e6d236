/** `signalbox users|keys|tenants …`: the command line, carried out through the store beside a running server. */
import { createAccess } from "../engine/access/access.ts";
import { createUsers, type Users } from "../engine/access/users.ts";
import type { AccessService } from "../engine/engine-types.ts";
import type { Clock } from "../ports/clock.ts";
import type { AccessStore } from "../ports/store.ts";
import { parse } from "./arguments.ts";
import { BACKUP } from "./backup.ts";
import type { BackedUp, Command, Deed, Desk, Outcome } from "./command.ts";
import { helpOf } from "./help.ts";
import { KEY_COMMANDS } from "./keys.ts";
import { printJson, printText } from "./print.ts";
import { TENANT_COMMANDS } from "./tenants.ts";
import { USER_COMMANDS } from "./users.ts";

export interface Surroundings {
  readonly clock: Clock;
  readonly version: string;
  /** Called only when a command needs it. */
  readonly openStore: () => AccessStore;
  readonly readInput: () => Promise<string>;
  /** @throws StartupError */
  readonly backUp: (file: string, overwrites: boolean) => BackedUp;
  readonly print: (text: string) => void;
  /** One line for whoever typed the command, without a line break. */
  readonly complain: (line: string) => void;
}

const COMMANDS: readonly Command[] = [...TENANT_COMMANDS, ...USER_COMMANDS, ...KEY_COMMANDS, BACKUP];
const EXIT = { done: 0, failed: 1, mistaken: 2 };

/**
 * Carry out one command.
 *
 * @param words what follows the program's name
 * @returns the exit code: 0, 1 for a failure, 2 when the words are no command
 * @throws StartupError, StoreUnavailable of the store
 */
export async function runCommand(words: readonly string[], around: Surroundings): Promise<number> {
  const parsed = parse(words, COMMANDS);
  switch (parsed.kind) {
    case "help":
      around.print(helpOf(parsed.commands));
      return EXIT.done;
    case "version":
      around.print(`signalbox ${around.version}\n`);
      return EXIT.done;
    case "mistake":
      around.complain(parsed.message);
      return EXIT.mistaken;
    case "deed": {
      const outcome = await carryOut(parsed.deed, around);
      if (outcome.kind === "failed") {
        around.complain(outcome.message);
        return EXIT.failed;
      }
      around.print(parsed.asJson ? printJson(outcome) : printText(outcome));
      return EXIT.done;
    }
  }
}

/** A running server is told by the store. */
const nothing = () => undefined;

async function carryOut(deed: Deed, around: Surroundings): Promise<Outcome> {
  const desk = new OpeningDesk(around);
  try {
    return await deed(desk);
  } finally {
    await desk.close();
  }
}

/** A backup needs no store, and must not bring an older one up to date. */
class OpeningDesk implements Desk {
  readonly readInput: Desk["readInput"];
  readonly backUp: Desk["backUp"];
  readonly #around: Surroundings;
  #store: AccessStore | null = null;

  constructor(around: Surroundings) {
    this.#around = around;
    this.readInput = around.readInput;
    this.backUp = around.backUp;
  }

  get store(): AccessStore {
    this.#store ??= this.#around.openStore();
    return this.#store;
  }

  get access(): AccessService {
    return createAccess(this.store, this.#around.clock, nothing, nothing);
  }

  get users(): Users {
    return createUsers(this.store, this.#around.clock);
  }

  async close(): Promise<void> {
    await this.#store?.close();
  }
}

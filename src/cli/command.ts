/** Commands and the services that they work with. */
import type { FailureKind } from "../domain/errors.ts";
import type { AccessService } from "../engine/access/access-types.ts";
import type { Users } from "../engine/access/users.ts";
import type { AccessStore } from "../ports/store.ts";
import type { CommandFailure } from "./failure.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";

export interface Option {
  /** The placeholder of the option's value in the help; null: the option takes no value. */
  readonly value: string | null;
  readonly about: string;
  readonly required?: true;
}

export interface Command {
  /** The words after `admin`, as in `users reset-password`. A command of one word has no action. */
  readonly group: string;
  readonly action: string | null;
  /** The placeholder of the command's operand in the help; null: the command takes no operand. */
  readonly operand: "EMAIL" | "FILE" | "KEY_ID" | "NAME" | null;
  readonly options: Readonly<Record<string, Option>>;
  readonly about: string;
  /** Read the arguments. The returned function runs only if none of them was a mistake. */
  readonly prepare: (args: ParsedArguments) => Run;
}

export type Run = (context: CommandContext) => Promise<CommandOutcome>;

/** What a running command has access to. The store opens when it, or a service on top of it, is first used. */
export interface CommandContext {
  readonly store: AccessStore;
  readonly access: AccessService;
  readonly users: Users;
  /** Read all of standard input. */
  readonly readInput: () => Promise<string>;
  readonly stores: Stores;
  /** Start the server, which then runs until a signal ends the process. */
  readonly serve: () => Promise<void>;
}

/** What commands do with a whole store. Each throws a StartupError when it cannot. */
export interface Stores {
  backUp(file: string, overwrites: boolean): BackedUp;
  restore(file: string, overwrites: boolean): Copied;
  verify(): Promise<readonly Verified[]>;
  /** @param url the address of a PostgreSQL database, with its password */
  moveTo(url: string): Promise<Moved>;
}

/** A file that was copied, and the version of its schema. */
interface Copied {
  readonly file: string;
  readonly bytes: number;
  readonly schema: number;
}

interface BackedUp extends Copied {
  /** Where to find the key that a restore of the backup needs: a file or a setting. */
  readonly masterKey: string;
}

/** One rule, how many rows break it, and the sequence of the first. */
interface Verified {
  readonly rule: string;
  readonly rows: number;
  readonly wrong: number;
  readonly first: number | null;
}

interface Moved {
  /** Whether all comparisons are the same. If not, nothing has changed. */
  readonly isMoved: boolean;
  readonly comparisons: readonly {
    readonly check: string;
    readonly source: number;
    readonly target: number;
    readonly same: boolean;
  }[];
  /** Starts a server on the moved data, without the database's password. */
  readonly startCommand: string;
}

/** A record, which `--json` prints as an object and which is otherwise printed as a table. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export type CommandOutcome =
  /** `note` follows the table, for people. With `failed`, the command has failed for this reason. */
  | { readonly kind: "list"; readonly rows: readonly Fields[]; readonly note?: string; readonly failed?: string }
  /** `secret` names the field that is shown only once. */
  | { readonly kind: "one"; readonly fields: Fields; readonly secret?: string }
  /** The process goes on, and prints what it has to say itself. */
  | { readonly kind: "serving" }
  | { readonly kind: "failed"; readonly failure: CommandFailure };

export function failed(kind: FailureKind, message: string): CommandOutcome {
  return { kind: "failed", failure: { kind, message } };
}

/** Commands and the services that they work with. */

import type { AccessService } from "../engine/access/access-types.ts";
import type { Users } from "../engine/access/users.ts";
import type { AccessStore } from "../ports/store.ts";
import type { ParsedArguments } from "./parsed-arguments.ts";

export interface Option {
  /** The placeholder of the option's value in the help; null: the option takes no value. */
  readonly value: string | null;
  readonly about: string;
  readonly required?: true;
}

export interface Command {
  /** The first and second word, as in `users reset-password`. A command of one word has no action. */
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
  readonly backUp: (file: string, overwrites: boolean) => BackedUp;
}

export interface BackedUp {
  readonly file: string;
  readonly bytes: number;
  readonly schema: number;
  /** Where to find the key that a restore of the backup needs: a file or a setting. */
  readonly masterKey: string;
}

/** A record, which `--json` prints as an object and which is otherwise printed as a table. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export type CommandOutcome =
  | { readonly kind: "list"; readonly rows: readonly Fields[] }
  /** `secret` names the field that is shown only once. */
  | { readonly kind: "one"; readonly fields: Fields; readonly secret?: string }
  | { readonly kind: "failed"; readonly message: string };

export function failed(message: string): CommandOutcome {
  return { kind: "failed", message };
}

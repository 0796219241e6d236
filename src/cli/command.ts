/** What a command is, and what it works with. */

import type { Users } from "../engine/access/users.ts";
import type { AccessService } from "../engine/engine-types.ts";
import type { AccessStore } from "../ports/store.ts";
import type { Given } from "./given.ts";

export interface Option {
  /** What stands for its value in the help; null: it takes none. */
  readonly value: string | null;
  readonly about: string;
  readonly required?: true;
}

export interface Command {
  /** As in `users reset-password`; a command of one word has no action. */
  readonly group: string;
  readonly action: string | null;
  /** What stands for its one operand in the help; null: it takes none. */
  readonly operand: "EMAIL" | "FILE" | "KEY_ID" | "NAME" | null;
  readonly options: Readonly<Record<string, Option>>;
  readonly about: string;
  /** Read what was given; the deed is done only if nothing of it was a mistake. */
  readonly prepare: (given: Given) => Deed;
}

export type Deed = (desk: Desk) => Promise<Outcome>;

/** The store is opened when it is first asked for, with what was made of it. */
export interface Desk {
  readonly store: AccessStore;
  readonly access: AccessService;
  readonly users: Users;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  readonly backUp: (file: string, overwrites: boolean) => BackedUp;
}

export interface BackedUp {
  readonly file: string;
  readonly bytes: number;
  readonly schema: number;
  /** Where the key is without which the backup cannot be opened: a file, or a setting. */
  readonly masterKey: string;
}

/** As `--json` prints it; the tables for people are made of the same. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export type Outcome =
  | { readonly kind: "list"; readonly rows: readonly Fields[] }
  /** `secret`: the field that is shown only now. */
  | { readonly kind: "one"; readonly fields: Fields; readonly secret?: string }
  | { readonly kind: "failed"; readonly message: string };

export function failed(message: string): Outcome {
  return { kind: "failed", message };
}

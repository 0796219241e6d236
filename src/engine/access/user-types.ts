/** The types of the engine's user service, as the API sees them. */
import type { UserRole } from "../../domain/access/access.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type {
  ChangeUserRefusal,
  CreateUserResult,
  Cursor,
  PatchUserResult,
  UserPage,
  UserRow,
} from "../../ports/store.ts";
import type { Caller } from "./caller.ts";

export interface CreateUserInput {
  readonly email: string;
  readonly role: UserRole;
}

/** Only the fields that are present change. */
export interface PatchUserInput {
  readonly role?: UserRole;
  readonly disabled?: boolean;
}

/** A link with which a user sets a password, once. */
export interface NewLink {
  /** Shown once. */
  readonly token: string;
  readonly until: EpochMs;
}

export type CreateUserOutput =
  | { readonly kind: "created"; readonly user: UserRow; readonly link: NewLink }
  | Exclude<CreateUserResult, { kind: "created" }>;

export type LinkOutput = { readonly kind: "linked"; readonly link: NewLink } | ChangeUserRefusal;

export interface UserService {
  /** In creation order, disabled users included. */
  list(caller: Caller, cursor: Cursor | null, limit: number): Promise<UserPage>;
  /** Create a user without a password, and a link with which the user sets one. */
  create(caller: Caller, input: CreateUserInput): Promise<CreateUserOutput>;
  /** Disabling ends the user's sessions. */
  patch(caller: Caller, id: Uuid, input: PatchUserInput): Promise<PatchUserResult>;
  /** A new link for a user. It replaces the earlier one; the present password works until the link is used. */
  link(caller: Caller, id: Uuid): Promise<LinkOutput>;
}

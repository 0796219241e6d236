/** What the surfaces may ask of the engine about people who sign in. */
import type { Actor, Role } from "../../domain/access/access.ts";

/** Whoever makes a request with a session. */
export interface SignedIn {
  readonly actor: Actor;
  readonly email: string;
  /** SHA-256 of the session's token. */
  readonly hash: string;
}

export interface LoginInput {
  readonly email: string;
  readonly password: string;
  /** The address that it comes from. */
  readonly address: string;
  /** The token that the request came with: that session ends. */
  readonly replaces: string | null;
}

/** Too many bad passwords, of this account or from this address; or too many passwords are being checked. */
export interface TooManyTries {
  readonly kind: "tooMany";
  readonly retryAfterSeconds: number;
}

export type LoginAnswer =
  | { readonly kind: "in"; readonly token: string; readonly email: string; readonly role: Role }
  /** No such account, disabled, or not its password; which of them is not told. */
  | { readonly kind: "wrong" }
  | TooManyTries;

export interface ChangePasswordInput {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly address: string;
}

export type ChangePasswordAnswer = { readonly kind: "changed" } | { readonly kind: "wrong" } | TooManyTries;

export interface SessionService {
  login(input: LoginInput): Promise<LoginAnswer>;
  /** Null when the token is nobody's, was ended, or is too old. Counts as use of the session. */
  authenticate(token: string): Promise<SignedIn | null>;
  /** Whether a session still holds. Does not count as use: for what goes on without its user. */
  holds(session: SignedIn): Promise<boolean>;
  logout(session: SignedIn): Promise<void>;
  /** The user's other sessions end. */
  changePassword(session: SignedIn, input: ChangePasswordInput): Promise<ChangePasswordAnswer>;
}

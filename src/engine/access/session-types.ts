/** The types of the engine's session service, as the API sees them. */
import type { Actor, Role } from "../../domain/access/access.ts";
import type { EpochMs } from "../../domain/ids.ts";

/** The session that a request was made with. */
export interface Session {
  readonly actor: Actor;
  readonly email: string;
  /** SHA-256 of the session's token. */
  readonly hash: string;
}

export interface SignInInput {
  readonly email: string;
  readonly password: string;
  /** The client's network address. */
  readonly address: string;
  readonly userAgent: string | null;
  /** The token that the request was made with. Its session ends. */
  readonly replaces: string | null;
}

/** Too many bad passwords for this account or from this address, or too many passwords waiting to be checked. */
export interface TooManyTries {
  readonly kind: "tooMany";
  readonly retryAfterSeconds: number;
}

export type SignInOutput =
  | { readonly kind: "signedIn"; readonly token: string; readonly email: string; readonly role: Role }
  /** An unknown account, a disabled account, or a bad password. The caller does not learn which. */
  | { readonly kind: "wrong" }
  | TooManyTries;

export interface ChangePasswordInput {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly address: string;
}

export type ChangePasswordOutput = { readonly kind: "changed" } | { readonly kind: "wrong" } | TooManyTries;

/** A live session of a user. */
export interface ListedSession {
  /** Distinguishes the sessions of one user. It is no secret. */
  readonly id: string;
  readonly createdAt: EpochMs;
  /** To the minute. */
  readonly seenAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Whether it is the session of this request. */
  readonly isCurrent: boolean;
}

export interface SetPasswordInput {
  readonly token: string;
  readonly newPassword: string;
}

export type SetPasswordOutput =
  | { readonly kind: "changed" }
  /** Used, replaced by a newer link, expired, or the user is disabled. */
  | { readonly kind: "invalidLink" }
  | TooManyTries;

/** A password that the user of a session typed, and from where. Null: none was typed. */
export interface PasswordInput {
  readonly password: string | null;
  readonly address: string;
}

export type ConfirmOutput =
  /** The user typed the password now, or in this session within `PASSWORD_FRESH_MS`. */
  | { readonly kind: "confirmed" }
  | { readonly kind: "passwordRequired" }
  | { readonly kind: "wrongPassword" }
  | TooManyTries;

export interface SessionService {
  signIn(input: SignInInput): Promise<SignInOutput>;
  /** The session of a token; null when the token is unknown, ended or expired. Counts as use of the session. */
  authenticate(token: string): Promise<Session | null>;
  /** Whether a session is still valid. Does not count as use: streams and exports call it without their user. */
  isValid(session: Session): Promise<boolean>;
  logout(session: Session): Promise<void>;
  /** Confirm that the user of the session is present. A password that is given is always checked. */
  confirm(session: Session, input: PasswordInput): Promise<ConfirmOutput>;
  /** Ends the user's other sessions. */
  changePassword(session: Session, input: ChangePasswordInput): Promise<ChangePasswordOutput>;
  /** With the token of a password link. Ends the user's sessions. */
  setPassword(input: SetPasswordInput): Promise<SetPasswordOutput>;
  /** The live sessions of the session's user, oldest first. */
  list(session: Session): Promise<readonly ListedSession[]>;
  /** End one session of the user, or with null all others. Returns how many ended. */
  end(session: Session, id: string | null): Promise<number>;
}

/** The verbs on users that sign in, and on their sessions. */
import type { Actor, Role } from "../../domain/access/access.ts";
import type { SessionTimes } from "../../domain/access/session.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";

/** A user as signing in needs it. */
export interface UserLogin {
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  /** As it was registered. */
  readonly email: string;
  readonly role: Role;
  /** A PHC string, argon2id. */
  readonly passwordHash: string;
}

/** A new session; its token never reaches the store. */
export interface NewSession {
  /** Hexadecimal SHA-256 of the token. */
  readonly hash: string;
  readonly userId: Uuid;
  readonly expiresAt: EpochMs;
}

export interface SessionRow extends SessionTimes {
  readonly actor: Actor;
  readonly email: string;
}

export interface SessionVerbs {
  /** In whatever case it is spelled (of ASCII letters); null when there is no such user, or it was disabled. */
  findUserByEmail(email: string): Promise<UserLogin | null>;
  /**
   * Sign a user in, and end the session that the request came with. Of more than `SESSIONS_PER_USER_COUNT_MAX` live
   * ones the oldest ends.
   *
   * False, and nothing happens, when `passwordHash`, which the password was checked against, is no more the user's, or
   * the user was disabled meanwhile.
   */
  createSession(request: {
    session: NewSession;
    passwordHash: string;
    /** The hash of the token that it replaces. */
    replaces: string | null;
    now: EpochMs;
  }): Promise<boolean>;
  /** Null when there is none, it was ended, or its user was disabled. Whether it is too old is the caller's to say. */
  findSession(hash: string): Promise<SessionRow | null>;
  /** It was used at that time; never sets it back, never revives one that was ended. */
  touchSession(hash: string, now: EpochMs): Promise<void>;
  endSession(hash: string, now: EpochMs): Promise<void>;
  /** Also ends all the user's sessions but the one to keep. False when `from` is no more the user's hash. */
  changePassword(request: {
    userId: Uuid;
    from: string;
    to: string;
    /** The hash of a session's token. */
    keep: string;
    now: EpochMs;
  }): Promise<boolean>;
}

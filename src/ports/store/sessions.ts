/** The verbs on signing in and on sessions. */
import type { Actor, Role } from "../../domain/access/access.ts";
import type { SessionTimes } from "../../domain/access/session.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";

/** What signing in needs of a user. */
export interface UserCredentials {
  readonly id: Uuid;
  readonly tenantSeq: Seq;
  /** As it was registered, in its own letter case. */
  readonly email: string;
  readonly role: Role;
  /** A PHC string, argon2id. */
  readonly passwordHash: string;
}

/** A new session. The store gets the hash of its token and never the token itself. */
export interface NewSession {
  /** Hexadecimal SHA-256 of the token. */
  readonly hash: string;
  readonly userId: Uuid;
  readonly expiresAt: EpochMs;
  /** The client's network address. */
  readonly address: string;
  readonly userAgent: string | null;
}

/** A live session as its user sees it. */
export interface SessionView extends SessionTimes {
  /** Hexadecimal SHA-256 of the token. */
  readonly hash: string;
  readonly createdAt: EpochMs;
  /** Null for a session from before the server stored addresses. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface SessionRow extends SessionTimes {
  readonly actor: Actor;
  readonly email: string;
}

export interface SessionVerbs {
  /** Ignores the case of ASCII letters. Null when there is no such user, or the user is disabled. */
  findUserByEmail(email: string): Promise<UserCredentials | null>;
  /**
   * Sign a user in, and end the session that the request came with. If the user then has more than
   * `SESSIONS_PER_USER_COUNT_MAX` live sessions, the oldest ends.
   *
   * False, and nothing happens, when the user's password hash is no longer `passwordHash`, which the password was checked
   * against, or when the user was disabled meanwhile.
   */
  createSession(request: {
    session: NewSession;
    passwordHash: string;
    /** The hash of the token of the session to end; null when there is none. */
    replaces: string | null;
    now: EpochMs;
  }): Promise<boolean>;
  /** Null when there is none, it was ended, or its user is disabled. The caller checks whether the session has expired. */
  findSession(hash: string): Promise<SessionRow | null>;
  /** The user's sessions that were not ended, oldest first. The caller checks which of them have expired. */
  listSessions(userId: Uuid): Promise<readonly SessionView[]>;
  /** Record that the session was used at `now`. Never sets the time back, and never revives a session that was ended. */
  recordSessionUse(hash: string, now: EpochMs): Promise<void>;
  endSession(hash: string, now: EpochMs): Promise<void>;
  /** Also ends the user's other sessions. False, and nothing happens, when the user's hash is no longer `from`. */
  changePassword(request: {
    userId: Uuid;
    from: string;
    to: string;
    /** The hash of the token of the session that goes on. */
    keep: string;
    now: EpochMs;
  }): Promise<boolean>;
}
